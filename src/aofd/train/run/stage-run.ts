import process from 'node:process';
import {
  giveBackAsync,
  handled,
  isOutOfMemory,
  nonFiniteProbeAsync,
  retryOutOfMemoryAsync,
  type NnError,
} from '../../../nn/index.js';
import { learningRate, totalSteps, type StageConfig } from '../../config/index.js';
import { DataError, TrainError } from '../../errors.js';
import { nonFiniteError } from '../errors.js';
import { meanLosses, type NamedLosses } from '../losses/index.js';
import { trainingOutOfMemory } from '../step/out-of-memory.js';
import { TrainStep } from '../step/train-step.js';
import type { StepCounts, StepResult } from '../step/types.js';
import { Meter } from './meter.js';
import { prepareStepAsync } from './prepare-step.js';
import { notice, type HookContext, type Run } from './run.js';
import { StageBatches, type NumberedBatch } from './stage-batches.js';
import type { TrainingState } from './training-state.js';

/** How a stage ended: at its last update, or by the run's signal. */
export type StageEnd = 'finished' | 'interrupted';

/** The gradient of one update, on the parameters, and what was read of its making. */
interface Gradient {
  /** False: no batch had anything to learn from. */
  exists: boolean;
  /** Pictures of all its batches. */
  ids: readonly string[];
  /** Of its last batch. */
  counts: StepCounts;
  losses: Promise<NamedLosses>;
  /** Before clipping. */
  gradNorm: Promise<number>;
}

/** An update whose losses have not been looked at yet. */
interface UnreadUpdate extends Gradient {
  step: number;
}

/** Runs one stage from the run's position to its end: the loop, and all that lives as long as it. */
export class StageRun {
  readonly #run: Run;
  readonly #stage: StageConfig;
  readonly #state: TrainingState;
  readonly #step: TrainStep;
  readonly #batches: StageBatches;
  readonly #meter = new Meter();
  /** The losses of an update are read while the next one computes. */
  #unread: UnreadUpdate | null = null;
  /** Kernels that are compiled ahead, once a batch is known. */
  #preparing: Promise<void> | null = null;
  /** Whether parameters and optimiser are those after the last update, all of them: fit to be saved. */
  #isWhole = false;
  #savedAt = performance.now();
  /** What the loader had waited when progress was last reported. */
  #waitedMs: number;

  constructor(run: Run, stage: StageConfig, state: TrainingState) {
    this.#run = run;
    this.#stage = stage;
    this.#state = state;
    this.#step = new TrainStep(run.model, run.params, run.config, stage);
    this.#batches = new StageBatches(run, stage);
    this.#waitedMs = this.#batches.waitedMs;
  }

  /** Throws TrainError on a loss that is not finite and where memory does not suffice. */
  async runAsync(): Promise<StageEnd> {
    const { device, position, signal } = this.#run;
    try {
      await device.context.reportedAsync(); // parameters and the optimiser's buffers exist
      this.#isWhole = true;
      while (position.stageStep < this.#stage.steps) {
        const lr = learningRate(this.#run.config, this.#stage, position.stageStep);
        await this.#updateAsync(lr);
        const isStopping = signal?.aborted === true;
        const isLast = position.stageStep === this.#stage.steps;
        await this.#logAsync(lr, isLast || isStopping);
        if (!isLast && !isStopping) await this.#checkpointAsync();
        await this.#hooksAsync();
        if (isStopping) break;
      }
      await this.#readLossesAsync();
      // A run stopped at a stage's last update ends that stage: resuming starts at the next one.
      if (position.stageStep >= this.#stage.steps) this.#state.adoptAverages();
      await this.#saveAsync();
      return signal?.aborted === true ? 'interrupted' : 'finished';
    } catch (error) {
      if (isOutOfMemory(error)) throw await this.#outOfMemoryAsync(error);
      throw await this.#saveBeforeAsync(error);
    } finally {
      await this.#batches.closeAsync();
    }
  }

  /** One update of the parameters; the gradient is made once more where memory was short. */
  async #updateAsync(lr: number): Promise<void> {
    const { device, position } = this.#run;
    const { context } = device;
    const batches: NumberedBatch[] = [];
    const gradient = await retryOutOfMemoryAsync(
      device,
      () => this.#gradientAsync(batches),
      (error) =>
        notice(this.#run, `update ${position.step + 1}: ${error.reason} It is tried once more.`),
    );
    await this.#readLossesAsync();
    const finishAsync = async (): Promise<void> => {
      this.#state.zeroGrad();
      context.flush();
      await context.reportedAsync();
    };
    if (gradient.exists) {
      await this.#changeAsync(async () => {
        context.label('optimizer', () => this.#state.update(lr));
        await finishAsync();
      });
    } else await finishAsync();
    position.advance();
    this.#unread = { step: position.step, ...gradient };
  }

  /** Work that changes parameters: unless it comes to its end, they are not fit to be saved. */
  async #changeAsync(work: () => Promise<void>): Promise<void> {
    this.#isWhole = false;
    await work();
    this.#isWhole = true;
  }

  /**
   * Forward and backward of an update's batches; leaves the gradient on the parameters. May
   * be called again after it failed.
   *
   * @param batches those that were read before; filled
   */
  async #gradientAsync(batches: NumberedBatch[]): Promise<Gradient> {
    const { accumulate } = this.#run.config.optim;
    this.#state.zeroGrad(); // what a failed attempt left
    const results: StepResult[] = [];
    for (let i = 0; i < accumulate; i++) {
      const { batch, step } = (batches[i] ??= await this.#nextBatchAsync());
      results.push(await this.#step.runAsync(batch, { step, lossScale: 1 / accumulate }));
    }
    const { counts } = results.at(-1) as StepResult;
    const losses = handled(Promise.all(results.map((one) => one.losses)).then(meanLosses));
    const exists = results.some(({ hasGradient }) => hasGradient);
    const { context } = this.#run.device;
    const gradNorm = exists
      ? context.label('gradient clip', () => this.#state.clipAndReadNormAsync())
      : Promise.resolve(0);
    return { exists, counts, losses, ids: batches.flatMap(({ batch }) => batch.ids), gradNorm };
  }

  /** The next batch; with the first one, all kernels of this stage's updates are compiled. */
  async #nextBatchAsync(): Promise<NumberedBatch> {
    const { device, params, model, config } = this.#run;
    const numbered = await this.#batches.nextAsync();
    this.#preparing ??= prepareStepAsync(params, model, config, this.#stage, numbered.batch);
    // What cannot be recorded ahead is compiled when it is used.
    await this.#preparing.catch(() => device.context.check());
    return numbered;
  }

  /** Waits for the losses of the last update; stops the run where they are not finite. */
  async #readLossesAsync(): Promise<void> {
    const update = this.#unread;
    if (!update) return;
    let read: [NamedLosses, number];
    try {
      read = await Promise.all([update.losses, update.gradNorm]);
    } catch (error) {
      // Their own memory exists since the attempt; this is about a later step, which will see to it.
      if (!isOutOfMemory(error)) throw error;
      notice(
        this.#run,
        `the losses of update ${update.step} are not known: out of memory meanwhile`,
      );
      this.#unread = null;
      return;
    }
    const [losses, gradNorm] = read;
    if (![...Object.values(losses), gradNorm].every(Number.isFinite)) {
      throw nonFiniteError({
        step: update.step,
        losses,
        gradNorm,
        ids: update.ids,
        parameters: await nonFiniteProbeAsync(this.#state.trained),
        lastCheckpoint: this.#run.checkpoints.last,
      });
    }
    this.#meter.add(losses, update.counts, gradNorm);
    this.#run.hooks.onUpdate?.(update.step, losses);
    this.#unread = null;
  }

  /** Reports progress where it is time, or in any case. */
  async #logAsync(lr: number, isForced: boolean): Promise<void> {
    const meter = this.#meter;
    const { config, device, position } = this.#run;
    if (!isForced && meter.steps + 1 < config.train.logEverySteps) return;
    await this.#readLossesAsync();
    const { waitedMs } = this.#batches;
    const waitPerStep = (waitedMs - this.#waitedMs) / Math.max(1, meter.steps);
    this.#waitedMs = waitedMs;
    if (meter.steps === 0) return;
    const { losses, counts, gradNorm, msPerStep } = meter.take();
    const stats = device.stats();
    const total = totalSteps(config);
    this.#run.emit({
      kind: 'progress',
      stage: this.#stage.name,
      step: position.step,
      stageStep: position.stageStep,
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
      etaSeconds: ((total - position.step) * msPerStep) / 1000,
    });
  }

  /** Saves where steps or minutes say that it is time. */
  async #checkpointAsync(): Promise<void> {
    const { config, position } = this.#run;
    const { checkpointEverySteps, checkpointEveryMinutes } = config.train;
    const isDue =
      (checkpointEverySteps > 0 && position.step % checkpointEverySteps === 0) ||
      (checkpointEveryMinutes > 0 &&
        performance.now() - this.#savedAt > checkpointEveryMinutes * 60_000);
    if (!isDue) return;
    await this.#readLossesAsync();
    const began = performance.now();
    await this.#saveAsync();
    this.#savedAt = performance.now();
    this.#meter.skipTime(this.#savedAt - began);
  }

  async #saveAsync(): Promise<void> {
    const { checkpoints, position } = this.#run;
    const file = await checkpoints.saveAsync(this.#state, this.#stage, position);
    this.#run.emit({ kind: 'checkpoint', stage: this.#stage.name, step: position.step, file });
  }

  /** Samples and validation where it is time, with the averaged parameters. */
  async #hooksAsync(): Promise<void> {
    const { device, config, model, params, outDir, hooks, position } = this.#run;
    const { step } = position;
    const isTime = (every: number): boolean => every > 0 && step % every === 0;
    const draws = hooks.samplesAsync && isTime(config.train.samplesEverySteps);
    const measures = hooks.validateAsync && isTime(config.train.validateEverySteps);
    if (!draws && !measures) return;
    await this.#readLossesAsync();
    const began = performance.now();
    const stage = this.#stage.name;
    const context: HookContext = { device, config, model, params, stage, step, outDir };
    const swapAsync = async (): Promise<void> => {
      this.#state.ema?.swap();
      await device.context.reportedAsync();
    };
    try {
      await this.#changeAsync(async () => {
        await swapAsync();
        try {
          if (draws) await hooks.samplesAsync?.(context);
          if (measures) {
            const values = (await hooks.validateAsync?.(context)) ?? {};
            this.#run.emit({ kind: 'validation', stage, step, values });
          }
        } catch (error) {
          // A picture that cannot be drawn or a validation file that went away must not end a run.
          if (device.context.faults.lost) throw error;
          if (isOutOfMemory(error)) await giveBackAsync(device);
          const why = (error as Error).message;
          notice(this.#run, `samples or validation failed, training goes on: ${why}`);
        } finally {
          await swapAsync();
        }
      });
    } finally {
      this.#meter.skipTime(performance.now() - began);
    }
  }

  /**
   * Saves the last good state before an error ends the run, where there is one: a picture that cannot be
   * read, or a log that cannot be written, must not cost the updates since the last checkpoint.
   *
   * @returns the error, with the way on where a picture is at fault
   */
  async #saveBeforeAsync(error: unknown): Promise<unknown> {
    const { device, position, checkpoints } = this.#run;
    const isSavable =
      this.#isWhole && !device.context.faults.lost && position.step > checkpoints.savedStep;
    if (isSavable && !(error instanceof TrainError)) {
      try {
        this.#state.zeroGrad();
        await this.#readLossesAsync(); // parameters behind losses that are not finite are not saved
        await this.#saveAsync();
      } catch {
        // The first error is the one to tell.
      }
    }
    if (!(error instanceof DataError)) return error;
    const { code, reason, where, fix, detail } = error;
    const onward =
      'or go on without pictures that cannot be used: add --set data.skipBroken=true' +
      (checkpoints.last === null ? '' : ' --resume');
    const text = fix === undefined ? onward : `${fix}, ${onward}`;
    return new DataError(code, reason, { where, fix: text, detail, cause: error });
  }

  /** Saves the last good state and says what to lower. */
  async #outOfMemoryAsync(error: NnError): Promise<TrainError> {
    const { device, config, position, checkpoints } = this.#run;
    const processMegabytes = process.memoryUsage().rss / 2 ** 20;
    const step = position.step + 1;
    let unsaved = this.#isWhole ? undefined : 'it failed in the middle of changing parameters';
    this.#state.zeroGrad();
    await giveBackAsync(device);
    await this.#readLossesAsync();
    if (this.#isWhole && position.step > checkpoints.savedStep) {
      await this.#saveAsync().catch((reason: unknown) => {
        unsaved = `update ${position.step} could not be saved: ${(reason as Error).message}`;
      });
    }
    return trainingOutOfMemory({
      step,
      error,
      config,
      stage: this.#stage,
      processMegabytes,
      checkpoint: checkpoints.last,
      ...(unsaved === undefined ? {} : { unsaved }),
    });
  }
}
