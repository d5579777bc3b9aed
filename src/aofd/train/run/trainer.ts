import type { Device } from '../../../nn/index.js';
import { totalSteps, type Config, type StageConfig } from '../../config/index.js';
import { TrainError } from '../../errors.js';
import { FolderLock } from '../../../nn/io/files/index.js';
import { AofdModel, ParamStore, type HostParam } from '../../model/index.js';
import { Checkpoints, type Restored } from './checkpoints.js';
import { dumpStepAsync } from './dump-step.js';
import type { EventWriter } from './events.js';
import { RepeatingLoader, stageLoader, type StepLoader } from './loaders.js';
import { Position } from './position.js';
import { notice, type Run, type TrainHooks } from './run.js';
import { checkSources, RunSources } from './sources.js';
import { StageRun, type StageEnd } from './stage-run.js';
import { TrainingState } from './training-state.js';

export interface TrainerOptions {
  config: Config;
  device: Device;
  /** Folder of the run: checkpoints/, weights.safetensors, metrics.jsonl, samples/. */
  outDir: string;
  /** Go on from the newest checkpoint in `outDir`. */
  resume?: boolean;
  /** Values to start from; parameters that are missing keep their initial ones. */
  initialWeights?: ReadonlyMap<string, HostParam>;
  /**
   * Name of the stage to begin with, as if `initialWeights` were those at the end of the stage before it.
   * Updates are counted on, so that the run equals one that went through all stages. Not with `resume`,
   * which knows where it stands.
   */
  startStage?: string;
  writers?: readonly EventWriter[];
  hooks?: TrainHooks;
  /** Finishes the step under way, saves, and ends the run. */
  signal?: AbortSignal;
  /** Train on the first batch only. */
  overfitOneBatch?: boolean;
  /** Only reads the folder of the run: no lock, nothing tidied (`dumpStepAsync`). Default false. */
  isReader?: boolean;
  /** Replaces the loaders (tests). */
  makeLoader?: (stage: StageConfig, startBatch: number) => StepLoader;
}

/** How a run ended. */
export interface TrainResult {
  /** Updates done, over all stages. */
  step: number;
  reason: StageEnd;
  lastCheckpoint: string | null;
}

/**
 * Runs the stages of a configuration (docs/spec.md 3.7, 5). A resumed run equals an uninterrupted one
 * bit for bit on the same adapter: every random draw depends on (seed, step) and the data position
 * is the step.
 */
export class Trainer {
  readonly model: AofdModel;
  readonly params: ParamStore;
  readonly #options: TrainerOptions;
  readonly #checkpoints: Checkpoints;
  readonly #sources: RunSources;
  #position = new Position();
  /** Held from `prepareAsync` on. */
  #lock: FolderLock | null = null;
  /** State of the stage that a resumed run goes on with, until it is opened. */
  #restored: Restored['state'] = null;

  constructor(options: TrainerOptions) {
    const { config, device, outDir } = options;
    this.#options = options;
    this.model = new AofdModel(config.model, {
      lrMult: config.optim.biasLrMult,
      decayMult: config.optim.biasDecayMult,
    });
    this.params = ParamStore.create(device, this.model.specs(), config.train.seed);
    this.#checkpoints = new Checkpoints(config, outDir);
    this.#sources = new RunSources(config);
  }

  get config(): Config {
    return this.#options.config;
  }

  get device(): Device {
    return this.#options.device;
  }

  /** Updates done. */
  get step(): number {
    return this.#position.step;
  }

  /**
   * Loads initial weights or the newest checkpoint. Call once, before `runAsync`. Throws IoError where
   * another process trains in this folder.
   */
  async prepareAsync(): Promise<void> {
    const { initialWeights, resume, isReader = false, outDir, writers = [] } = this.#options;
    if (!isReader) this.#lock = FolderLock.acquire(outDir);
    if (resume) {
      const options = { tidies: !isReader };
      const { position, state, notices } = await this.#checkpoints.restoreAsync(
        this.params,
        options,
      );
      this.#position = position;
      this.#restored = state;
      for (const writer of writers) writer.rewind?.(position.step);
      for (const text of notices) notice(this.#run(), text);
      return;
    }
    this.#checkpoints.refuseExisting();
    if (!isReader) {
      // A run that was killed before its first checkpoint counts as none: the same folder starts anew.
      this.#checkpoints.removeLeftovers();
      for (const writer of writers) writer.rewind?.(-1);
    }
    this.#position = this.#startPosition();
    if (!initialWeights) return;
    const { loaded, missing, unknown } = this.params.load(initialWeights, 'initial weights');
    const left = unknown.length > 0 ? `, ${unknown.length} are of another network: left out` : '';
    notice(
      this.#run(),
      `initial weights: ${loaded.length} parameters loaded, ${missing.length} start at random${left}`,
    );
  }

  /** The first update of the stage that the options name; the very first one by default. */
  #startPosition(): Position {
    const { startStage, config } = this.#options;
    if (startStage === undefined) return new Position();
    const index = config.stages.findIndex(({ name }) => name === startStage);
    if (index < 0) {
      throw new TrainError('option-invalid', `there is no stage "${startStage}" to start with.`, {
        fix: `use one of ${config.stages.map(({ name }) => name).join(', ')}.`,
      });
    }
    const before = config.stages.slice(0, index).reduce((sum, { steps }) => sum + steps, 0);
    return new Position(index, 0, before);
  }

  /**
   * Trains to the end, or until the signal. Throws DataError at once where the data of any stage are
   * missing, TrainError on a loss that is not finite.
   */
  async runAsync(): Promise<TrainResult> {
    const { stages } = this.config;
    const run = this.#run();
    const { position } = run;
    if (!this.#options.makeLoader) {
      checkSources(this.config);
      this.#sources.readAll(stages.slice(position.stage), (text) => notice(run, text));
    }
    let reason: StageEnd = 'finished';
    while (position.stage < stages.length) {
      const stage = stages[position.stage] as StageConfig;
      if (stage.steps > position.stageStep) {
        reason = await this.#stageAsync(run, stage);
        if (reason === 'interrupted') break;
      }
      position.enterNextStage();
    }
    run.emit({ kind: 'end', step: this.step, reason });
    return { step: this.step, reason, lastCheckpoint: this.#checkpoints.last };
  }

  /**
   * Runs one batch of the next update of the current stage (the next with steps) and writes everything
   * about it (docs/dump-step.md).
   */
  async dumpStepAsync(file: string): Promise<void> {
    const left = this.config.stages.slice(this.#position.stage);
    const stage = left.find(({ steps }) => steps > 0);
    if (!stage) {
      throw new TrainError('run-finished', 'the run is finished.', {
        fix: 'dump a step of a new run.',
      });
    }
    using state = this.#openStage(stage);
    await dumpStepAsync(this.#run(), stage, state, file);
  }

  dispose(): void {
    this.#lock?.release();
    this.#lock = null;
    this.params.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #stageAsync(run: Run, stage: StageConfig): Promise<StageEnd> {
    using state = this.#openStage(stage);
    run.emit({
      kind: 'start',
      stage: stage.name,
      step: this.step,
      totalSteps: totalSteps(this.config),
      parameters: state.trainedCount,
    });
    return await new StageRun(run, stage, state).runAsync();
  }

  /** Trainable parameters, optimiser and averages of a stage, restored where there is a checkpoint. */
  #openStage(stage: StageConfig): TrainingState {
    const state = new TrainingState(this.device, this.params, this.config, stage);
    if (this.#restored) state.load(this.#restored.tensors, this.#restored.counters);
    this.#restored = null;
    return state;
  }

  #run(): Run {
    const { config, device, outDir, hooks = {}, signal, writers = [] } = this.#options;
    return {
      device,
      config,
      model: this.model,
      params: this.params,
      outDir,
      checkpoints: this.#checkpoints,
      position: this.#position,
      hooks,
      signal,
      emit: (event) => {
        for (const writer of writers) writer.write(event);
      },
      openLoader: (stage, start) => this.#openLoader(stage, start),
    };
  }

  #openLoader(stage: StageConfig, start: number): StepLoader {
    const { config, makeLoader, overfitOneBatch } = this.#options;
    if (makeLoader) return makeLoader(stage, start);
    const sources = this.#sources.ofStage(stage);
    return overfitOneBatch
      ? new RepeatingLoader(stageLoader(config, stage, 0, sources))
      : stageLoader(config, stage, start, sources);
  }
}
