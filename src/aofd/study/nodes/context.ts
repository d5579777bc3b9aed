/** What the runners of nodes are given, and what they tell. */
import type { Device } from '../../../nn/index.js';
import type { TrainEvent } from '../../train/run/index.js';
import type { RunProgress } from '../../eval/detections/runner.js';
import type { LoadedSet } from '../facts.js';
import type { LoadedStudy } from '../load.js';
import type { StudyNode } from '../plan.js';
import type { StudyStore } from '../store.js';

export interface NodeContext {
  loaded: LoadedStudy;
  sets: ReadonlyMap<string, LoadedSet>;
  store: StudyStore;
  device: Device;
  /** The node's own, where it leaves its results. */
  folder: string;
  /** Of this package. */
  version: string;
  signal?: AbortSignal;
  onEvent?: (event: NodeEvent) => void;
}

export type NodeEvent =
  | { kind: 'begin'; node: StudyNode; index: number; count: number }
  | { kind: 'training'; node: StudyNode; event: TrainEvent }
  | { kind: 'detecting'; node: StudyNode; progress: RunProgress }
  | { kind: 'done'; node: StudyNode; timeMs: number }
  | { kind: 'failed'; node: StudyNode; reason: string };
