/** One stage of training in a folder: `weights.safetensors`, `curve.json`. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointStore, atomicWriteFile } from '../../../nn/io/files/index.js';
import { TrainError } from '../../errors.js';
import { Trainer, JsonlWriter, type TrainerOptions } from '../../train/run/index.js';
import { loadInitialWeightsAsync } from '../../train/run/hooks.js';
import { appendUpdate, readCurve, readTimeMs } from '../curve.js';
import { studyPath } from '../load.js';
import type { TrainNode } from '../plan.js';
import type { NodeContext } from './context.js';

/** Name of the weights in a node's folder. */
export const WEIGHTS = 'weights.safetensors';
/** Name of the training curve there. */
export const CURVE = 'curve.json';

/**
 * Trains a stage from the weights of the stage before it, or goes on where it was stopped. The run equals
 * that of `aofd train` with the same configuration through the same stages.
 * @returns time of its updates, ms; null when the signal ended it
 */
export async function trainNodeAsync(
  node: TrainNode,
  context: NodeContext,
): Promise<number | null> {
  const { folder, device, signal, onEvent } = context;
  const metrics = join(folder, 'metrics.jsonl');
  const updates = join(folder, 'updates.jsonl');
  const checkpoints = join(folder, 'checkpoints');
  const isBegun = existsSync(checkpoints) && !new CheckpointStore(checkpoints, { keep: 1 }).isEmpty;
  if (!isBegun) for (const file of [metrics, updates]) rmSync(file, { force: true });
  using trainer = new Trainer({
    config: quiet(node.config),
    device,
    outDir: folder,
    ...(isBegun ? { resume: true } : await startAsync(node, context)),
    writers: [
      new JsonlWriter(metrics),
      { write: (event) => onEvent?.({ kind: 'training', node, event }) },
    ],
    hooks: { onUpdate: (step, losses) => appendUpdate(updates, step, losses) },
    ...(signal ? { signal } : {}),
  });
  await trainer.prepareAsync();
  const { reason } = await trainer.runAsync();
  if (reason === 'interrupted') return null;
  atomicWriteFile(join(folder, CURVE), JSON.stringify(readCurve(updates)));
  const timeMs = readTimeMs(metrics);
  // What comes after needs the weights only; optimiser states would fill the disk.
  for (const path of [checkpoints, updates]) rmSync(path, { recursive: true, force: true });
  return timeMs;
}

/** One checkpoint, no samples, no validation: studies measure by protocols. */
const quiet = (config: TrainNode['config']): TrainNode['config'] => ({
  ...config,
  train: {
    ...config.train,
    keepLast: 1,
    samplesEverySteps: 0,
    validateEverySteps: 0,
    validation: null,
  },
});

async function startAsync(
  { parent, stage, config }: TrainNode,
  { store, loaded }: NodeContext,
): Promise<Pick<TrainerOptions, 'initialWeights' | 'startStage'>> {
  if (parent === null) {
    const { initialWeights } = loaded.study;
    if (initialWeights == null) return { startStage: stage.name };
    const file = studyPath(loaded.root, initialWeights);
    const weights = await loadInitialWeightsAsync(file, config, () => undefined);
    return { startStage: stage.name, initialWeights: weights };
  }
  const file = weightsOf(store, parent);
  const weights = await loadInitialWeightsAsync(file, config, () => undefined);
  return { startStage: stage.name, initialWeights: weights };
}

/**
 * The weights that a finished stage left.
 * @throws TrainError where a merged folder lacks them
 */
export function weightsOf(store: NodeContext['store'], node: TrainNode): string {
  const state = store.state(node);
  const file = state.state === 'done' ? join(state.folder, WEIGHTS) : '';
  if (existsSync(file)) return file;
  throw new TrainError('weights-missing', `the weights of stage "${node.stage.name}" are gone.`, {
    where: file || store.folder(node),
    fix: 'copy the whole folder of the study, weights included, or remove that folder to train it again.',
  });
}
