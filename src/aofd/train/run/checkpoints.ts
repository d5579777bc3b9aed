import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { parametersOf, toFloat32, type StoredTensor } from '../../../nn/io/index.js';
import {
  CheckpointStore,
  removeStaleTemps,
  SafetensorsFile,
  writeSafetensorsFileAsync,
  type LoadedCheckpoint,
} from '../../../nn/io/files/index.js';
import { differences, type Config, type StageConfig } from '../../config/index.js';
import { TrainError } from '../../errors.js';
import type { HostParam, ParamStore } from '../../model/index.js';
import { Position } from './position.js';
import { weightsOfCheckpoint, type StateCounters, type TrainingState } from './training-state.js';

/** Where a restored run goes on. */
export interface Restored {
  position: Position;
  /** The state of a stage that was left in its middle; null where the next stage starts afresh. */
  state: { tensors: Readonly<Record<string, StoredTensor>>; counters: StateCounters } | null;
  /** What a user should know. */
  notices: string[];
}

/** The checkpoints of a run and the weights file beside them. */
export class Checkpoints {
  readonly #config: Config;
  readonly #outDir: string;
  readonly #store: CheckpointStore;
  #last: string | null = null;
  #savedStep = 0;

  constructor(config: Config, outDir: string) {
    this.#config = config;
    this.#outDir = outDir;
    this.#store = new CheckpointStore(join(outDir, 'checkpoints'), { keep: config.train.keepLast });
  }

  /** The newest file; null = there is none. */
  get last(): string | null {
    return this.#last;
  }

  /** The update after which parameters were last saved or loaded. */
  get savedStep(): number {
    return this.#savedStep;
  }

  /** Throws TrainError where the folder already holds a run. */
  refuseExisting(): void {
    if (this.#store.isEmpty || !existsSync(this.#store.folder)) return;
    throw new TrainError('run-exists', `${this.#outDir} already holds the checkpoints of a run.`, {
      fix: 'add --resume to go on with it, or choose another --out.',
    });
  }

  /** Removes half-written files that killed processes left in the folder of the run and its samples. */
  removeLeftovers(): void {
    removeStaleTemps(this.#outDir);
    const samples = join(this.#outDir, 'samples');
    if (!existsSync(samples)) return;
    for (const entry of readdirSync(samples, { withFileTypes: true })) {
      if (entry.isDirectory()) removeStaleTemps(join(samples, entry.name));
    }
  }

  /** Saves everything that a resumed run needs, and the weights as they are to be used. */
  async saveAsync(state: TrainingState, stage: StageConfig, position: Position): Promise<string> {
    const record = await this.#store.saveAsync({
      tensors: state.tensors(),
      meta: {
        step: position.step,
        stage: stage.name,
        stageIndex: position.stage,
        stageStep: position.stageStep,
        counters: state.counters(),
        seed: this.#config.train.seed,
        config: this.#config,
      },
    });
    const { step } = position;
    await this.#writeWeightsAsync(state.weights(), {
      config: this.#config,
      step,
      stage: stage.name,
    });
    this.#last = join(this.#store.folder, record.file);
    this.#savedStep = position.step;
    return this.#last;
  }

  /**
   * Loads the parameters of the newest checkpoint. Throws TrainError where it does not belong to this
   * configuration.
   * @param options.tidies remove what killed processes left in the folder, and write the weights file again
   *   where it is not that of the checkpoint
   */
  async restoreAsync(
    params: ParamStore,
    { tidies = true }: { tidies?: boolean } = {},
  ): Promise<Restored> {
    const loaded = await this.#store.loadLatestAsync();
    const { tensors, file } = loaded;
    const meta = checkedMeta(loaded);
    loadParameters(loaded, params);
    const { stages } = this.#config;
    const index = stages.findIndex((stage) => stage.name === meta.stage);
    if (index < 0) {
      throw new TrainError(
        'checkpoint-mismatch',
        `${file}: was saved in stage "${meta.stage}", which this config does not have.`,
        { fix: 'resume with the config of that run.' },
      );
    }
    const notices = tidies ? await this.#tidyAsync(loaded, meta) : [];
    const differing = differences(meta.config, this.#config);
    if (differing.length > 0) {
      const shown = differing.slice(0, 6).join(', ') + (differing.length > 6 ? ', ...' : '');
      notices.push(
        `note: the config differs from the one of the checkpoint (${shown}); the new one is used`,
      );
    }
    const { stageStep, step, counters } = meta;
    this.#last = file;
    this.#savedStep = step;
    notices.push(`resuming after update ${step} from ${file}`);
    const position = new Position(index, stageStep, step);
    if (stageStep < (stages[index] as StageConfig).steps) {
      return { position, state: stageStep > 0 ? { tensors, counters } : null, notices };
    }
    position.enterNextStage();
    return { position, state: null, notices };
  }

  async #writeWeightsAsync(
    weights: Parameters<typeof writeSafetensorsFileAsync>[1],
    { config, step, stage }: WeightsOrigin,
  ): Promise<void> {
    await writeSafetensorsFileAsync(this.#weightsFile, weights, {
      format: 'aofd-weights',
      config: JSON.stringify(config),
      step: String(step),
      stage,
    });
  }

  get #weightsFile(): string {
    return join(this.#outDir, 'weights.safetensors');
  }

  /** Makes true what a process that was killed while it saved left behind. */
  async #tidyAsync(
    { tensors, file }: LoadedCheckpoint,
    { config, step, stage }: CheckpointMeta,
  ): Promise<string[]> {
    this.removeLeftovers();
    this.#store.removeUnlisted();
    const found = this.#weightsMetadata();
    if (found?.['step'] === String(step) && found['stage'] === stage) return [];
    const weights = weightsOfCheckpoint(tensors);
    await this.#writeWeightsAsync(weights, { config, step, stage });
    return [`${this.#weightsFile} was of another update: written again from ${file}`];
  }

  /** Null where there is no weights file, or a damaged one. */
  #weightsMetadata(): Record<string, string> | null {
    try {
      using file = SafetensorsFile.open(this.#weightsFile);
      return file.metadata;
    } catch {
      return null;
    }
  }
}

/** What the metadata of a weights file says of its making. */
interface WeightsOrigin {
  config: unknown;
  step: number;
  stage: string;
}

const steps = z.int().min(0);

/** What a checkpoint of a run says of itself. */
const metaSchema = z.object({
  stage: z.string(),
  stageStep: steps,
  step: steps,
  counters: z.object({ optimizerSteps: steps, emaUpdates: steps }),
  config: z.unknown(),
});

type CheckpointMeta = z.infer<typeof metaSchema>;

function checkedMeta({ meta, file }: LoadedCheckpoint): CheckpointMeta {
  const { data, error } = metaSchema.safeParse(meta);
  if (data) return data;
  const [issue] = error.issues;
  throw new TrainError('checkpoint-mismatch', `${issue?.message ?? 'is malformed'}.`, {
    where: `${file}: meta.${issue?.path.join('.') ?? ''}`,
    fix: 'resume from a checkpoint that "aofd train" wrote.',
  });
}

function loadParameters({ tensors, file }: LoadedCheckpoint, params: ParamStore): void {
  const values = new Map<string, HostParam>();
  for (const [name, tensor] of Object.entries(parametersOf(tensors))) {
    values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  }
  const { missing } = params.load(values, file);
  if (missing.length === 0) return;
  throw new TrainError(
    'checkpoint-mismatch',
    `${file}: lacks ${missing.length} parameters of this network (${missing.slice(0, 3).join(', ')}).`,
    { fix: 'resume with the config of that run.' },
  );
}
