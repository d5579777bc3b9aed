import { streamOf } from '../../../nn/index.js';
import type { Config, DataSourceConfig, StageConfig } from '../../config/index.js';
import type { BatchOptions, BatchSource } from '../../data/batches/batch.js';
import { DataError } from '../../errors.js';
import { isPortrait, type Sample } from '../../data/sample.js';
import {
  describeReport,
  loadDataSource,
  placeOf,
  placesOf,
  type LoadedSource,
} from '../../data/sets/load-source.js';

/** Repairs that are told of each source. */
const NOTES_SHOWN = 5;

/** Annotated photographs of one `data.sources` entry. Throws DataError naming file and line. */
export function loadSource(config: Config, name: string): Sample[] {
  return loadDataSource(config.data, name).samples;
}

/**
 * Looks at the paths of everything that a run will read, so that a mistake in a late stage shows at
 * once. Throws DataError for a path that is not there, or an evaluation set to train on.
 */
export function checkSources(config: Config): void {
  const names = new Set<string>();
  const order = config.input.canvas ? 'weighted' : 'shuffle';
  for (const { name, steps, data, ...stage } of config.stages) {
    if (steps === 0) continue;
    if (stage.order !== order) {
      throw new DataError(
        'option-invalid',
        config.input.canvas
          ? 'canvas input draws sources by weight.'
          : 'without input.canvas every pass takes all pictures once.',
        {
          where: `stage "${name}": order "${stage.order}"`,
          fix: `set stages.${name}.order to "${order}"`,
        },
      );
    }
    for (const source of Object.keys(data)) {
      names.add(source);
      if (config.data.sources[source]?.kind !== 'fddb') continue;
      throw new DataError('option-invalid', `FDDB ("${source}") is an evaluation set.`, {
        where: `stage "${name}"`,
        fix: 'train on other data sets',
      });
    }
  }
  const { validateEverySteps, samplesEverySteps, validation } = config.train;
  if (validation && validateEverySteps + samplesEverySteps > 0) names.add(validation.source);
  for (const name of names) {
    placesOf(config.data, name, config.data.sources[name] as DataSourceConfig);
  }
}

/** The sources of a run, each read once. */
export class RunSources {
  readonly #config: Config;
  readonly #known = new Map<string, LoadedSource>();

  constructor(config: Config) {
    this.#config = config;
  }

  /**
   * Reads what these stages train on, so that what is wrong with a late one shows before the first update.
   * Pictures without labels of their own may show nobody at all: background is learned from them. Any other
   * source needs a face or a decoy, and so does each stage.
   * @param say told what each source holds, and what was repaired or left out
   * @throws DataError, also for a source in which there is nothing to learn from
   */
  readAll(stages: readonly StageConfig[], say: (text: string) => void): void {
    const names = new Set(
      stages.flatMap(({ steps, data }) => (steps > 0 ? Object.keys(data) : [])),
    );
    for (const name of names) {
      const source = this.#load(name);
      const { report } = source;
      say(describeReport(name, source));
      for (const text of report.notes.slice(0, NOTES_SHOWN)) say(`  ${text}`);
      if (report.notes.length > NOTES_SHOWN) say('  ...');
      if (hasExamples(source)) continue;
      if (this.#config.data.sources[name]?.kind === 'pictures' && report.images > 0) continue;
      throw new DataError(
        'list-malformed',
        `no face is left to learn from: ${describeReport(name, source)}.`,
        {
          where: `data source "${name}"`,
          fix: 'check its boxes, classes and data.minFacePx, or take it out of the stages',
        },
      );
    }
    for (const { name, steps, data } of stages) {
      const used = steps > 0 ? Object.keys(data) : [];
      if (used.length === 0 || used.some((source) => hasExamples(this.#load(source)))) continue;
      throw new DataError('list-malformed', `no face is there to learn from: ${used.join(', ')}.`, {
        where: `stage "${name}"`,
        fix: 'add a data source with faces to it',
      });
    }
  }

  /** The photographs of a stage, each source with its weight. */
  ofStage(stage: StageConfig): BatchSource[] {
    return Object.entries(stage.data).map(([name, weight]) => ({
      name,
      weight,
      ...this.#load(name),
    }));
  }

  #load(name: string): LoadedSource {
    let source = this.#known.get(name);
    if (!source) this.#known.set(name, (source = loadDataSource(this.#config.data, name)));
    return source;
  }
}

/** Whether there is more in it than background. */
const hasExamples = ({ report }: LoadedSource): boolean => report.faces + report.decoys > 0;

/** The photographs of one stage, each source with its weight. */
export const stageSources = (config: Config, stage: StageConfig): BatchSource[] =>
  new RunSources(config).ofStage(stage);

/** Options of the canvas batches of a stage. `size` is [height, width]. */
export function canvasBatchOptions(
  config: Config,
  stage: StageConfig,
  sources: readonly BatchSource[],
  size: readonly [number, number],
): BatchOptions {
  const { data, train, model } = config;
  const portraits = sources.flatMap((s) => s.samples.filter(isPortrait));
  return {
    batchSize: stage.batch ?? train.batch,
    width: size[1],
    height: size[0],
    // Each stage draws its own pictures and crops.
    seed: (train.seed + streamOf(stage.name)) >>> 0,
    sources,
    augment: data.augment,
    ...(stage.paintProbability > 0 ? { painter: data.painter } : {}),
    paintProbability: stage.paintProbability,
    weakMaskLabels: data.weakMaskLabels,
    segmentationForm: model.segmentation.output,
    portraitPaintProbability: data.portraitPaintProbability,
    cutoutSamples: portraits,
    objectFolders: (data.occluders ?? []).map(({ folder, ...rest }) => ({
      ...rest,
      folder: placeOf(data, folder, 'data.occluders'),
    })),
    segFraction: portraits.length > 0 ? stage.segFraction : 0,
    portraitRatios: data.portraitRatios,
    portraitFocus: data.portraitFocus,
    skipBroken: data.skipBroken ?? false,
    cacheBytes: data.cacheMegabytes * 2 ** 20,
  };
}
