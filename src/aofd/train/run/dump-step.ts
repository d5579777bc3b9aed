import { writeSafetensorsFileAsync } from '../../../nn/io/files/index.js';
import type { StoredTensor } from '../../../nn/io/index.js';
import { handled, type Optimizer, type Tensor, type TensorData } from '../../../nn/index.js';
import { learningRate, type StageConfig } from '../../config/index.js';
import type { ParamStore } from '../../model/index.js';
import type { NamedLosses } from '../losses/index.js';
import { TrainStep } from '../step/train-step.js';
import type { StepBatch, StepCounts } from '../step/types.js';
import type { Run } from './run.js';
import { StageBatches } from './stage-batches.js';
import { traceStep, type StepTrace } from './trace.js';
import type { TrainingState } from './training-state.js';

type Numbers = Float32Array | Int32Array | Uint32Array;

/**
 * Runs the batch with which training would begin its next update, updates the parameters by it alone,
 * and writes everything about it. Names are documented in docs/dump-step.md.
 */
export async function dumpStepAsync(
  run: Run,
  stage: StageConfig,
  state: TrainingState,
  file: string,
): Promise<void> {
  const { model, params, config, position } = run;
  const batches = new StageBatches(run, stage);
  try {
    const { batch, step } = await batches.nextAsync();
    const lr = learningRate(config, stage, position.stageStep);
    const trace = new DumpTrace();
    await trace.paramsAsync('before', params);
    const { hasGradient, losses, counts } = await new TrainStep(
      model,
      params,
      config,
      stage,
    ).runAsync(batch, { step, inspect: (record) => traceStep(trace, record, run) });
    trace.gradients(state.trained);
    trace.state(state.optimizer);
    const gradNorm = hasGradient ? await state.clipAndReadNormAsync() : 0;
    if (hasGradient) state.update(lr);
    state.zeroGrad();
    await trace.paramsAsync('after', params);
    const info = {
      step: position.step,
      stage: stage.name,
      kind: stage.kind,
      lr,
      gradNorm,
      optimizerStep: state.optimizer.steps,
      parameters: parameterRules(params, state.trained),
      config,
    };
    await trace.writeAsync(file, { batch, losses: await losses, counts, info });
  } finally {
    await batches.closeAsync();
  }
}

/** Collects everything of one step. */
class DumpTrace implements StepTrace {
  readonly #entries = new Map<string, { shape: readonly number[]; data: Promise<TensorData> }>();

  /** Copies a tensor's present values (the copy is recorded before this returns). */
  tensor(name: string, tensor: Tensor): void {
    this.#entries.set(name, { shape: [...tensor.shape], data: handled(tensor.readAsync('dump')) });
  }

  values(name: string, data: Numbers, shape: readonly number[]): void {
    this.#entries.set(name, { shape, data: Promise.resolve(data.slice()) });
  }

  /** `before/<parameter>` or `after/<parameter>` for every parameter. */
  async paramsAsync(prefix: 'before' | 'after', params: ParamStore): Promise<void> {
    for (const spec of params.specs) {
      const data = await params.get(spec.name).readAsync('dump');
      this.values(`${prefix}/${spec.name}`, data, spec.shape);
    }
  }

  /** `state_before/<parameter>.<slot>` of an optimiser that has done steps (else all are zero). */
  state(optimizer: Optimizer): void {
    if (optimizer.steps === 0) return;
    for (const [name, buffer] of optimizer.state()) this.tensor(`state_before/${name}`, buffer);
  }

  /** `grad/<parameter>` of every parameter that has a gradient. */
  gradients(trained: readonly Tensor[]): void {
    for (const tensor of trained) {
      if (tensor.grad) this.tensor(`grad/${tensor.name}`, tensor.grad);
    }
  }

  /** Writes the file, atomically. */
  async writeAsync(
    file: string,
    step: {
      batch: StepBatch;
      losses: NamedLosses;
      counts: StepCounts;
      info: Record<string, unknown>;
    },
  ): Promise<void> {
    const { batch, losses, counts, info } = step;
    const tensors: Record<string, StoredTensor> = {};
    const images = batch.boxes.length;
    tensors['input/pixels'] = {
      shape: [images, batch.height, batch.width, 3],
      dtype: 'U8',
      data: batch.images,
    };
    const scales = Float32Array.from(batch.boxes, (_, n) => batch.scales?.[n] ?? 1);
    tensors['input/scales'] = { shape: [images], dtype: 'F32', data: scales };
    batch.boxes.forEach((boxes, n) => {
      tensors[`input/boxes.${n}`] = { shape: [boxes.length / 4, 4], dtype: 'F32', data: boxes };
      const ignore = batch.ignore[n] as Uint8Array;
      tensors[`input/ignore.${n}`] = { shape: [ignore.length], dtype: 'U8', data: ignore };
      const labels = batch.segLabels[n];
      if (labels) {
        tensors[`input/segmentation_labels.${n}`] = {
          shape: [batch.height, batch.width],
          dtype: 'U8',
          data: labels,
        };
      }
    });
    for (const [name, { shape, data }] of this.#entries) {
      const values = await data;
      const dtype =
        values instanceof Int32Array ? 'I32' : values instanceof Uint32Array ? 'U32' : 'F32';
      tensors[name] = { shape, dtype, data: values };
    }
    await writeSafetensorsFileAsync(file, tensors, {
      format: 'aofd-step',
      ids: JSON.stringify(batch.ids),
      losses: JSON.stringify(losses),
      counts: JSON.stringify(counts),
      info: JSON.stringify(info),
    });
  }
}

/** Multipliers of learning rate and weight decay of the trained parameters, by name. */
function parameterRules(
  params: ParamStore,
  trained: readonly Tensor[],
): Record<string, { lrMult: number; decayMult: number }> {
  const rules = trained.map(({ name }) => {
    const { lrMult, decayMult } = params.spec(name);
    return [name, { lrMult, decayMult }] as const;
  });
  return Object.fromEntries(rules);
}
