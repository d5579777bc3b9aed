import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  giveBackAsync,
  isOutOfMemory,
  nonFiniteProbeAsync,
  retryOutOfMemoryAsync,
  type Device,
  type NnError,
} from '../../../nn/index.js';
import { parametersOf, toFloat32 } from '../../../nn/io/index.js';
import {
  CheckpointStore,
  writeSafetensorsFileAsync,
  type LoadedCheckpoint,
} from '../../../nn/io/files/index.js';
import {
  differences,
  learningRate,
  totalSteps,
  type Config,
  type StageConfig,
} from '../../config/index.js';
import { BatchLoader } from '../../data/batches/pipeline.js';
import { AofdModel, ParamStore, type HostParam } from '../../model/index.js';
import { DumpTrace, parameterRules } from './dump-step.js';
import { TrainError } from '../../errors.js';
import { nonFiniteError } from '../errors.js';
import type { EventWriter, TrainEvent } from './events.js';
import { ImageLoader, type StepLoader } from './image-loader.js';
import { Meter } from './meter.js';
import { trainingOutOfMemory } from '../step/out-of-memory.js';
import { prepareStepAsync } from '../step/prepare-step.js';
import { RepeatingLoader } from './repeating-loader.js';
import { stepSettings } from '../step/settings.js';
import { canvasBatchOptions, checkSources, stageSources } from './sources.js';
import { TrainStep } from '../step/step.js';
import type { NamedLosses, StepBatch, StepCounts, StepResult } from '../step/types.js';
import { TrainingState } from './training-state.js';

/** What the periodic hooks of a run are given. Parameters are the averaged ones meanwhile. */
export interface HookContext {
  device: Device;
  config: Config;
  model: AofdModel;
  params: ParamStore;
  stage: string;
  step: number;
  outDir: string;
}

/** Periodic work that the trainer itself does not know how to do. */
export interface TrainHooks {
  /** Draws detections on pictures. */
  samplesAsync?(context: HookContext): Promise<void>;
  /** Measures the detector; values are logged. */
  validateAsync?(context: HookContext): Promise<Record<string, number>>;
}

export interface TrainerOptions {
  config: Config;
  device: Device;
  /** Folder of the run: checkpoints/, weights.safetensors, metrics.jsonl, samples/. */
  outDir: string;
  /** Go on from the newest checkpoint in `outDir`. */
  resume?: boolean;
  /** Values to start from; parameters that are missing keep their initial ones. */
  initialWeights?: ReadonlyMap<string, HostParam>;
  writers?: readonly EventWriter[];
  hooks?: TrainHooks;
  /** Finishes the step under way, saves, and ends the run. */
  signal?: AbortSignal;
  /** Train on the first batch only. */
  overfitOneBatch?: boolean;
  /** Replaces the loaders (tests). */
  makeLoader?: (stage: StageConfig, startStep: number) => StepLoader;
}

/** How a run ended. */
export interface TrainResult {
  /** Updates done, over all stages. */
  step: number;
  reason: 'finished' | 'interrupted';
  lastCheckpoint: string | null;
}

/** Where a run stands. */
interface Position {
  stage: number;
  /** Updates done in that stage. */
  stageStep: number;
  /** Updates done in all. */
  step: number;
}

/** The gradient of one update, on the parameters, and what was read of its making. */
interface Gradient {
  exists: boolean;
  ids: readonly string[];
  counts: StepCounts;
  losses: Promise<NamedLosses>;
  /** Before clipping. */
  gradNorm: Promise<number>;
}

interface Pending extends Gradient {
  step: number;
}

/** The norm of the gradients, which the next update clips. Whoever does not await it need not catch. */
function normAsync(state: TrainingState): Promise<number> {
  const clip = state.clipGradients();
  if (!clip) return Promise.resolve(0);
  const reading = clip.readAsync('gradient norm').then((values) => values[0] as number);
  reading.catch(() => undefined);
  return reading;
}

/**
 * Runs the stages of a configuration (docs/spec.md 3.7, 5). A resumed run equals an uninterrupted one
 * bit for bit on the same adapter: every random draw depends on (seed, step) and the data position
 * is the step.
 */
export class Trainer {
  readonly config: Config;
  readonly device: Device;
  readonly model: AofdModel;
  readonly params: ParamStore;
  readonly #options: TrainerOptions;
  readonly #store: CheckpointStore;
  #position: Position = { stage: 0, stageStep: 0, step: 0 };
  #restored: LoadedCheckpoint | null = null;
  #lastCheckpoint: string | null = null;
  /** The update after which parameters were last saved or loaded. */
  #savedStep = 0;
  /** Whether parameters and optimiser are those after update `step`, all of them. */
  #isWhole = false;

  constructor(options: TrainerOptions) {
    const { config, device } = options;
    this.config = config;
    this.device = device;
    this.#options = options;
    this.model = new AofdModel(config.model, {
      lrMult: config.optim.biasLrMult,
      decayMult: config.optim.biasDecayMult,
    });
    this.params = ParamStore.create(device, this.model.specs(), config.train.seed);
    this.#store = new CheckpointStore(join(options.outDir, 'checkpoints'), {
      keep: config.train.keepLast,
    });
  }

  /** Loads initial weights or the newest checkpoint. Call once, before `runAsync`. */
  async prepareAsync(): Promise<void> {
    const { initialWeights, resume } = this.#options;
    if (resume) {
      const loaded = await this.#store.loadLatestAsync();
      this.#restore(loaded);
    } else {
      if (!this.#store.isEmpty && existsSync(this.#store.folder)) {
        throw new TrainError(
          'run-exists',
          `${this.#options.outDir} already holds the checkpoints of a run.`,
          { fix: 'add --resume to go on with it, or choose another --out.' },
        );
      }
      if (initialWeights) {
        const { loaded, missing } = this.params.load(initialWeights, 'initial weights');
        this.#notice(
          `initial weights: ${loaded.length} parameters loaded, ${missing.length} start at random`,
        );
      }
    }
  }

  /** Updates done. */
  get step(): number {
    return this.#position.step;
  }

  /**
   * Trains to the end, or until the signal. Throws DataError at once where the data of any stage are
   * missing, TrainError on a loss that is not finite.
   */
  async runAsync(): Promise<TrainResult> {
    if (!this.#options.makeLoader) checkSources(this.config);
    const { stages } = this.config;
    let reason: TrainResult['reason'] = 'finished';
    while (this.#position.stage < stages.length) {
      const stage = stages[this.#position.stage] as StageConfig;
      if (stage.steps > this.#position.stageStep || this.#restored) {
        reason = await this.#stageAsync(stage);
        if (reason === 'interrupted') break;
      }
      this.#position = { stage: this.#position.stage + 1, stageStep: 0, step: this.#position.step };
    }
    this.#emit({ kind: 'end', step: this.step, reason });
    return { step: this.step, reason, lastCheckpoint: this.#lastCheckpoint };
  }

  /** Runs one update of the current stage (the next with steps) and writes everything about it (docs/dump-step.md). */
  async dumpStepAsync(file: string): Promise<void> {
    const left = this.config.stages.slice(this.#position.stage);
    const stage = left.find(({ steps }) => steps > 0);
    if (!stage)
      throw new TrainError('run-finished', 'the run is finished.', {
        fix: 'dump a step of a new run.',
      });
    using state = this.#openStage(stage);
    const loader = this.#loader(stage, this.#position.stageStep);
    try {
      const batch = await loader.nextAsync();
      const lr = learningRate(this.config, stage, this.#position.stageStep);
      const trace = new DumpTrace();
      await trace.paramsAsync('before', this.params);
      const runner = new TrainStep(
        this.device,
        this.model,
        this.params,
        stepSettings(this.config, stage),
      );
      const result = await runner.runAsync(batch, { step: this.step, trace });
      trace.gradients(state.trained);
      trace.state(state.optimizer);
      const gradNorm = result.hasGradient ? await normAsync(state) : 0;
      if (result.hasGradient) state.update(lr);
      state.zeroGrad();
      await trace.paramsAsync('after', this.params);
      await trace.writeAsync(file, {
        batch,
        losses: await result.losses,
        counts: result.counts,
        info: {
          ...{ step: this.step, stage: stage.name, kind: stage.kind, lr, gradNorm },
          optimizerStep: state.optimizer.steps,
          parameters: parameterRules(this.params, state.trained),
          config: this.config,
        },
      });
    } finally {
      await loader.closeAsync();
    }
  }

  dispose(): void {
    this.params.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #stageAsync(stage: StageConfig): Promise<TrainResult['reason']> {
    const { config, device } = this;
    const { train, optim } = config;
    const { signal } = this.#options;
    using state = this.#openStage(stage);
    this.#emit({
      kind: 'start',
      stage: stage.name,
      step: this.step,
      totalSteps: totalSteps(config),
      parameters: state.trainedCount,
    });
    const runner = new TrainStep(device, this.model, this.params, stepSettings(config, stage));
    const first = this.#position.stageStep * optim.accumulate;
    const loader = this.#loader(stage, first);
    const meter = new Meter();
    let waitedMs = loader.waitedMs;
    let pending: Pending | null = null;
    let preparing: Promise<void> | null = null;
    let savedAt = performance.now();
    const settle = async (): Promise<void> => {
      if (pending) await this.#settleAsync(pending, meter, state);
      pending = null;
    };
    try {
      await device.context.reportedAsync(); // parameters and the optimiser's buffers exist
      this.#isWhole = true;
      while (this.#position.stageStep < stage.steps) {
        const lr = learningRate(config, stage, this.#position.stageStep);
        const batches: StepBatch[] = [];
        const batchAsync = async (i: number): Promise<StepBatch> => {
          const batch = (batches[i] ??= await this.#waitForData(loader.nextAsync()));
          // What cannot be recorded ahead is compiled when it is used.
          preparing ??= prepareStepAsync(this.params, this.model, config, stage, batch);
          await preparing.catch(() => device.context.check());
          return batch;
        };
        const gradient = await retryOutOfMemoryAsync(
          device,
          () => this.#gradientAsync(runner, state, batchAsync),
          (error) =>
            this.#notice(`update ${this.step + 1}: ${error.reason} It is tried once more.`),
        );
        await settle();
        await this.#updateAsync(state, gradient.exists ? lr : null);
        pending = { step: this.step, ...gradient };
        const { stageStep, step } = this.#position;
        const isLast = stageStep === stage.steps;
        const isStopping = signal?.aborted === true;
        if (meter.steps + 1 >= train.logEverySteps || isLast || isStopping) {
          await settle();
          const share = (loader.waitedMs - waitedMs) / Math.max(1, meter.steps);
          waitedMs = loader.waitedMs;
          this.#progress(stage, meter, lr, share);
        }
        const isDue =
          (train.checkpointEverySteps > 0 && step % train.checkpointEverySteps === 0) ||
          (train.checkpointEveryMinutes > 0 &&
            performance.now() - savedAt > train.checkpointEveryMinutes * 60_000);
        if (isDue && !isLast && !isStopping) {
          await settle();
          const began = performance.now();
          await this.#saveAsync(stage, state);
          savedAt = performance.now();
          meter.skipTime(savedAt - began);
        }
        await this.#hooksAsync(stage, state, meter, settle);
        if (isStopping) break;
      }
      await settle();
      // A run stopped at a stage's last update ends that stage: resuming starts at the next one.
      const isComplete = this.#position.stageStep >= stage.steps;
      if (isComplete) state.adoptAverages();
      await this.#saveAsync(stage, state);
      return signal?.aborted === true ? 'interrupted' : 'finished';
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      throw await this.#outOfMemoryAsync(stage, state, error, settle);
    } finally {
      await loader.closeAsync();
    }
  }

  /** Trainable parameters, optimiser and averages of a stage, restored where there is a checkpoint. */
  #openStage(stage: StageConfig): TrainingState {
    const state = new TrainingState(this.device, this.params, this.config, stage);
    if (this.#restored && this.#position.stageStep > 0) {
      const { tensors, meta } = this.#restored;
      const counters = meta['counters'] as { optimizerSteps: number; emaUpdates: number };
      state.load(tensors, counters);
    }
    this.#restored = null;
    return state;
  }

  /** Awaits a batch; the wait shows in profiles. */
  async #waitForData<T>(batch: Promise<T>): Promise<T> {
    const start = performance.now();
    const made = await batch;
    this.device.context.observer?.span('wait', 'training data', start, performance.now());
    return made;
  }

  /**
   * Forward and backward of an update's batches; leaves the gradient on the parameters. May
   * be called again after it failed.
   */
  async #gradientAsync(
    runner: TrainStep,
    state: TrainingState,
    batchAsync: (i: number) => Promise<StepBatch>,
  ): Promise<Gradient> {
    const { accumulate } = this.config.optim;
    state.zeroGrad(); // what a failed attempt left
    const results: StepResult[] = [];
    const ids: string[] = [];
    for (let i = 0; i < accumulate; i++) {
      const batch = await batchAsync(i);
      const step = this.step * accumulate + i;
      results.push(await runner.runAsync(batch, { step, lossScale: 1 / accumulate }));
      ids.push(...batch.ids);
    }
    const { counts, losses } = results.at(-1) as StepResult;
    const exists = results.some(({ hasGradient }) => hasGradient);
    const { context } = this.device;
    const clip = (): Promise<number> => normAsync(state);
    const gradNorm = exists ? context.label('gradient clip', clip) : Promise.resolve(0);
    return { exists, counts, losses, ids, gradNorm };
  }

  /** Steps with this learning rate, or not (null), and counts the update. */
  async #updateAsync(state: TrainingState, lr: number | null): Promise<void> {
    const { context } = this.device;
    this.#isWhole = lr === null;
    if (lr !== null) {
      context.label('optimizer', () => {
        state.update(lr);
      });
    }
    state.zeroGrad();
    context.flush();
    await context.reportedAsync();
    this.#isWhole = true;
    this.#position.stageStep++;
    this.#position.step++;
  }

  /** Waits for a step's losses; stops the run where they are not finite. */
  async #settleAsync(pending: Pending, meter: Meter, state: TrainingState): Promise<void> {
    let read: [NamedLosses, number];
    try {
      read = await Promise.all([pending.losses, pending.gradNorm]);
    } catch (error) {
      // Their own memory exists since the attempt; this is about a later step, which will see to it.
      if (!isOutOfMemory(error)) throw error;
      this.#notice(`the losses of update ${pending.step} are not known: out of memory meanwhile`);
      return;
    }
    const [losses, gradNorm] = read;
    if (![...Object.values(losses), gradNorm].every(Number.isFinite)) {
      throw nonFiniteError({
        step: pending.step,
        losses,
        gradNorm,
        ids: pending.ids,
        parameters: await nonFiniteProbeAsync(state.trained),
        lastCheckpoint: this.#lastCheckpoint,
      });
    }
    meter.add(losses, pending.counts, gradNorm);
  }

  /** Saves the last good state and says what to lower. */
  async #outOfMemoryAsync(
    stage: StageConfig,
    state: TrainingState,
    error: NnError,
    settle: () => Promise<void>,
  ): Promise<TrainError> {
    const facts = { step: this.step + 1, error, config: this.config, stage };
    const processMegabytes = process.memoryUsage().rss / 2 ** 20;
    let unsaved = this.#isWhole ? undefined : 'it failed in the middle of changing parameters';
    state.zeroGrad();
    await giveBackAsync(this.device);
    await settle();
    if (this.#isWhole && this.step > this.#savedStep) {
      await this.#saveAsync(stage, state).catch((reason: unknown) => {
        unsaved = `update ${this.step} could not be saved: ${(reason as Error).message}`;
      });
    }
    return trainingOutOfMemory({
      ...{ ...facts, processMegabytes, checkpoint: this.#lastCheckpoint },
      ...(unsaved === undefined ? {} : { unsaved }),
    });
  }

  #progress(stage: StageConfig, meter: Meter, lr: number, waitPerStep: number): void {
    if (meter.steps === 0) return;
    const { losses, counts, gradNorm, msPerStep } = meter.take();
    const stats = this.device.stats();
    const total = totalSteps(this.config);
    this.#emit({
      kind: 'progress',
      stage: stage.name,
      step: this.step,
      stageStep: this.#position.stageStep,
      totalSteps: total,
      losses,
      lr,
      gradNorm,
      msPerStep,
      dataShare: Math.min(1, waitPerStep / Math.max(1, msPerStep)),
      counts,
      liveMegabytes: stats.liveBytes / 2 ** 20,
      peakMegabytes: stats.peakBytes / 2 ** 20,
      rssMegabytes: process.memoryUsage().rss / 2 ** 20,
      etaSeconds: ((total - this.step) * msPerStep) / 1000,
    });
  }

  async #hooksAsync(
    stage: StageConfig,
    state: TrainingState,
    meter: Meter,
    settle: () => Promise<void>,
  ): Promise<void> {
    const { train } = this.config;
    const { hooks } = this.#options;
    const isTime = (every: number): boolean => every > 0 && this.step % every === 0;
    const draws = hooks?.samplesAsync && isTime(train.samplesEverySteps);
    const measures = hooks?.validateAsync && isTime(train.validateEverySteps);
    if (!draws && !measures) return;
    await settle();
    const began = performance.now();
    const context: HookContext = {
      device: this.device,
      config: this.config,
      model: this.model,
      params: this.params,
      stage: stage.name,
      step: this.step,
      outDir: this.#options.outDir,
    };
    this.#isWhole = false;
    state.ema?.swap();
    await this.device.context.reportedAsync();
    try {
      if (draws) await hooks.samplesAsync?.(context);
      if (measures) {
        const values = (await hooks.validateAsync?.(context)) ?? {};
        this.#emit({ kind: 'validation', stage: stage.name, step: this.step, values });
      }
    } catch (error) {
      // A picture that cannot be drawn or a validation file that went away must not end a run.
      if (this.device.context.faults.lost) throw error;
      if (isOutOfMemory(error)) await giveBackAsync(this.device);
      this.#notice(`samples or validation failed, training goes on: ${(error as Error).message}`);
    } finally {
      state.ema?.swap();
      await this.device.context.reportedAsync();
      this.#isWhole = true;
      meter.skipTime(performance.now() - began);
    }
  }

  #loader(stage: StageConfig, startStep: number): StepLoader {
    const { makeLoader, overfitOneBatch } = this.#options;
    if (makeLoader) return makeLoader(stage, startStep);
    const { input, train } = this.config;
    const sources = stageSources(this.config, stage);
    const start = overfitOneBatch ? 0 : startStep;
    const loader: StepLoader = input.canvas
      ? new BatchLoader(canvasBatchOptions(this.config, stage, sources, input.canvas), {
          startStep: start,
          threaded: train.workers > 0,
        })
      : new ImageLoader(this.config, stage, sources, start);
    return overfitOneBatch ? new RepeatingLoader(loader) : loader;
  }

  async #saveAsync(stage: StageConfig, state: TrainingState): Promise<void> {
    const { outDir } = this.#options;
    const record = await this.#store.saveAsync({
      tensors: state.tensors(),
      meta: {
        step: this.step,
        stage: stage.name,
        stageIndex: this.#position.stage,
        stageStep: this.#position.stageStep,
        counters: state.counters(),
        seed: this.config.train.seed,
        config: this.config,
      },
    });
    await writeSafetensorsFileAsync(join(outDir, 'weights.safetensors'), state.weights(), {
      format: 'aofd-weights',
      config: JSON.stringify(this.config),
      step: String(this.step),
      stage: stage.name,
    });
    this.#lastCheckpoint = join(this.#store.folder, record.file);
    this.#savedStep = this.step;
    this.#emit({
      kind: 'checkpoint',
      stage: stage.name,
      step: this.step,
      file: this.#lastCheckpoint,
    });
  }

  #restore(loaded: LoadedCheckpoint): void {
    const { meta, tensors, file } = loaded;
    const values = new Map<string, HostParam>();
    for (const [name, tensor] of Object.entries(parametersOf(tensors))) {
      values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
    }
    const { missing } = this.params.load(values, file);
    if (missing.length > 0) {
      throw new TrainError(
        'checkpoint-mismatch',
        `${file}: lacks ${missing.length} parameters of this network (${missing.slice(0, 3).join(', ')}).`,
        { fix: 'resume with the config of that run.' },
      );
    }
    const index = this.config.stages.findIndex((stage) => stage.name === meta['stage']);
    if (index < 0) {
      throw new TrainError(
        'checkpoint-mismatch',
        `${file}: was saved in stage "${String(meta['stage'])}", which this config does not have.`,
        { fix: 'resume with the config of that run.' },
      );
    }
    const differing = differences(meta['config'], this.config);
    if (differing.length > 0) {
      const shown = differing.slice(0, 6).join(', ') + (differing.length > 6 ? ', ...' : '');
      this.#notice(
        `note: the config differs from the one of the checkpoint (${shown}); the new one is used`,
      );
    }
    this.#position = {
      stage: index,
      stageStep: meta['stageStep'] as number,
      step: meta['step'] as number,
    };
    this.#restored = loaded;
    this.#lastCheckpoint = file;
    this.#savedStep = this.step;
    const stage = this.config.stages[index] as StageConfig;
    if (this.#position.stageStep >= stage.steps) {
      this.#position = { stage: index + 1, stageStep: 0, step: this.#position.step };
      this.#restored = null;
    }
    this.#notice(`resuming after update ${this.step} from ${file}`);
  }

  #notice(text: string): void {
    this.#emit({ kind: 'notice', step: this.step, text });
  }

  #emit(event: TrainEvent): void {
    for (const writer of this.#options.writers ?? []) writer.write(event);
  }
}
