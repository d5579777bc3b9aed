/** What a calibration is asked for. */
import type { Config } from '../../config/index.js';
import type { RunSettings } from '../detections/runner.js';

/** Raw score from which boxes are looked at. */
export const SCORE_FLOOR = 0.01;

/** A data source with the number of its pictures to take, at even distances; 0 = all. */
export interface SourceShare {
  name: string;
  count: number;
}

export interface CalibrateOptions {
  /** Configuration that the weights carry; its `data` says how to read the sources. */
  config: Config;
  /** How the detector is run. */
  run: Pick<RunSettings, 'weights' | 'device' | 'version' | 'signal' | 'onProgress' | 'onNotice'>;
  /** Folder of the detections' cache. */
  cache: string;
  /** Detection sources, for scores. */
  faces: readonly SourceShare[];
  /** Portraits with pixel labels, for what covers faces; may be empty. */
  portraits: readonly SourceShare[];
  /** Share of uncovered faces that may be called covered. */
  falseAlarms: number;
}
