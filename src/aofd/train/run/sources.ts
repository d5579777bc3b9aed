import { streamOf } from '../../../nn/index.js';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Config, DataSourceConfig, StageConfig } from '../../config/index.js';
import type { BatchOptions, BatchSource } from '../../data/batches/batch.js';
import { loadCoco } from '../../data/sets/coco.js';
import { DataError } from '../../errors.js';
import { loadFddb } from '../../data/sets/fddb.js';
import { loadOcclusionSeg } from '../../data/sets/occlusion-seg.js';
import { boxHeight, boxShortSide, boxWidth, type Box, type Sample } from '../../data/sample.js';
import { loadVoc } from '../../data/sets/voc.js';
import { loadWider } from '../../data/sets/wider.js';

/** Annotated photographs of one `data.sources` entry. Throws DataError naming file and line. */
export function loadSource(config: Config, name: string): Sample[] {
  const source = config.data.sources[name];
  if (!source) {
    throw new DataError('option-invalid', 'is not in data.sources.', {
      where: `data source "${name}"`,
      fix: `choose one of ${Object.keys(config.data.sources).join(', ')}`,
    });
  }
  const samples = read(config, name, source).map((sample) =>
    filterFaces(config, trimBoxes(sample, source.trim)),
  );
  return source.limit === undefined ? samples : samples.slice(0, source.limit);
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
  for (const name of names) placesOf(config, name, config.data.sources[name] as DataSourceConfig);
}

/** Where a source's annotations and pictures are. Throws DataError for a path that is not there. */
function placesOf(
  config: Config,
  name: string,
  source: DataSourceConfig,
): { list: string; images: string } {
  const place = (path: string): string => {
    const full = isAbsolute(path) ? path : join(config.data.root, path);
    if (existsSync(full)) return full;
    throw new DataError('file-missing', `not found (data source "${name}").`, {
      where: full,
      fix: 'set data.root to the folder of your data sets, for example --set data.root=../data',
    });
  };
  return { list: place(source.list), images: place(source.images ?? '.') };
}

function read(config: Config, name: string, source: DataSourceConfig): Sample[] {
  const { list, images } = placesOf(config, name, source);
  switch (source.kind) {
    case 'wider':
      return loadWider(list, { imageRoot: images, source: name });
    case 'coco':
      return loadCoco(list, { imageRoot: images, source: name });
    case 'fddb':
      return loadFddb({ foldDir: list, imageRoot: images });
    case 'voc':
      return loadVoc({ annotationDir: list, imageRoot: images, source: name });
    case 'occlusion-seg':
      return loadOcclusionSeg(list, {
        split: source.split ?? 'train',
        synthetic: source.synthetic ?? true,
        source: name,
      });
  }
}

/** Boxes without the shares [left, top, right, bottom] of their width and height. */
function trimBoxes(sample: Sample, trim: readonly number[] | undefined): Sample {
  if (!trim) return sample;
  const [left = 0, top = 0, right = 0, bottom = 0] = trim;
  const faces = sample.faces.map((face) => {
    const [x1, y1, x2, y2] = face.box;
    const w = boxWidth(face.box);
    const h = boxHeight(face.box);
    return { ...face, box: [x1 + left * w, y1 + top * h, x2 - right * w, y2 - bottom * h] as Box };
  });
  return { ...sample, faces };
}

/** J4: what becomes of small and invalid faces. */
function filterFaces(config: Config, sample: Sample): Sample {
  const { minFacePx, dropInvalid, smallFaces } = config.data;
  const faces = sample.faces.flatMap((face) => {
    if (face.invalid && dropInvalid) return [];
    if (boxShortSide(face.box) >= minFacePx || face.ignore) return [face];
    return smallFaces === 'drop' ? [] : [{ ...face, ignore: true }];
  });
  return { ...sample, faces };
}

/** The photographs of a stage, each source with its weight. */
export function stageSources(config: Config, stage: StageConfig): BatchSource[] {
  return Object.entries(stage.data).map(([name, weight]) => ({
    name,
    weight,
    samples: loadSource(config, name),
  }));
}

/** Options of the canvas batches of a stage. `size` is [height, width]. */
export function canvasBatchOptions(
  config: Config,
  stage: StageConfig,
  sources: readonly BatchSource[],
  size: readonly [number, number],
): BatchOptions {
  const { data, train } = config;
  const portraits = sources.flatMap((s) => s.samples.filter((sample) => sample.segmentation));
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
    cutoutSamples: portraits,
    segFraction: portraits.length > 0 ? stage.segFraction : 0,
    portraitRatios: data.portraitRatios,
    cacheBytes: data.cacheMegabytes * 2 ** 20,
  };
}
