import { streamOf } from '../../../nn/index.js';
import type { Config, DataSourceConfig, StageConfig } from '../../config/index.js';
import type { BatchOptions, BatchSource } from '../../data/batches/batch.js';
import { DataError } from '../../errors.js';
import { isPortrait, type Sample } from '../../data/sample.js';
import { loadDataSource, placeOf, placesOf } from '../../data/sets/load-source.js';

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

/** The photographs of a stage, each source with its weight. */
export function stageSources(config: Config, stage: StageConfig): BatchSource[] {
  return Object.entries(stage.data).map(([name, weight]) => ({
    name,
    weight,
    ...loadDataSource(config.data, name),
  }));
}

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
    cacheBytes: data.cacheMegabytes * 2 ** 20,
  };
}
