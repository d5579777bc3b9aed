/** What was found in one picture, and how it was asked for. */
import type { PageFace } from './engine.js';

export interface DetectChoices {
  /** Least score of a face, 0..1. */
  score: number;
  /** Longer side of what the network sees, in pixels. */
  maxSize: number;
}

export interface Analysis {
  /** File name or title of the picture. */
  name: string;
  width: number;
  height: number;
  faces: readonly PageFace[];
  timeMs: number;
  settings: DetectChoices;
}
