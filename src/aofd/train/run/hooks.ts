/** What the trainer calls now and then: sample pictures and quick validation; initial weights. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NnError } from '../../../nn/index.js';
import { atomicWriteFile, readSafetensorsFile } from '../../../nn/io/files/index.js';
import { toFloat32 } from '../../../nn/io/index.js';
import type { Config } from '../../config/index.js';
import { decodeImage } from '../../data/files/decode.js';
import type { DecodedImage, Sample } from '../../data/sample.js';
import { evenlySpread } from '../../eval/partial.js';
import { evaluateViews, type GroupedImage } from '../../eval/statistics/ap.js';
import { Detector } from '../../detect/detector.js';
import { drawFaces } from '../../detect/drawing/draw-faces.js';
import type { PictureFile } from '../../detect/files/list-pictures.js';
import { OutputNames } from '../../detect/files/output-names.js';
import { encodePng } from '../../detect/files/png.js';
import type { HostParam } from '../../model/index.js';
import { formatVggReport, loadVgg16Async } from '../../weights/vgg16/files/load.js';
import { loadSource } from './sources.js';
import type { HookContext, TrainHooks } from './run.js';

/** Pictures drawn each time. */
const sampleCount = 6;
/** Lowest score that is drawn. */
const sampleScore = 0.4;
/** Lowest score that takes part in average precision. */
const validationScore = 0.02;

/** The hooks of a training run; the pictures are those of `train.validation`. */
export function trainHooks(config: Config): TrainHooks {
  const { validation } = config.train;
  if (!validation) return {};
  let known: Sample[] | null = null;
  const samples = (): Sample[] => (known ??= loadSource(config, validation.source));
  return {
    samplesAsync: (context) => drawSamplesAsync(context, evenlySpread(samples(), sampleCount)),
    validateAsync: (context) =>
      validateAsync(context, evenlySpread(samples(), validation.limit || Infinity)),
  };
}

async function drawSamplesAsync(context: HookContext, samples: readonly Sample[]): Promise<void> {
  const detector = Detector.fromModel(context, { score: sampleScore });
  const folder = join(context.outDir, 'samples', `step-${String(context.step).padStart(8, '0')}`);
  mkdirSync(folder, { recursive: true });
  const fileOf = ({ file }: Sample): PictureFile => ({ file, name: basename(file) });
  const names = new OutputNames(folder, samples.map(fileOf));
  for (const sample of samples) {
    const image = await decodeImage(sample.file);
    const { faces } = await detector.detectAsync(image);
    const picture: DecodedImage = { ...image, data: image.data.slice() };
    drawFaces(
      picture,
      faces.map((face) => ({
        box: face.box,
        score: face.score,
        ...(face.occlusion
          ? { coveredRatio: face.occlusion.ratio, mask: face.occlusion.mask }
          : {}),
      })),
    );
    atomicWriteFile(names.next(fileOf(sample)), encodePng(picture));
  }
}

/** AP at the configured IoU over all faces, and over covered and bare ones where they are marked. */
async function validateAsync(
  context: HookContext,
  samples: readonly Sample[],
): Promise<Record<string, number>> {
  const { config } = context;
  const detector = Detector.fromModel(context, { score: validationScore, occlusion: false });
  const images: GroupedImage[] = [];
  for (const sample of samples) {
    const { faces } = await detector.detectAsync(await decodeImage(sample.file));
    images.push({
      boxes: Float64Array.from(faces.flatMap((face) => [...face.box])),
      scores: Float64Array.from(faces, (face) => face.score),
      // Inclusive corners become continuous ones: x2 + 1.
      gt: Float64Array.from(
        sample.faces.flatMap(({ box: [x1, y1, x2, y2] }) => [x1, y1, x2 + 1, y2 + 1]),
      ),
      ignore: Uint8Array.from(sample.faces, (face) => (face.ignore || face.invalid ? 1 : 0)),
      groups: sample.faces.map((face) => face.attributes?.cover ?? 'unknown'),
    });
  }
  const options = { iou: config.eval.iou, ap: config.eval.ap };
  const views: Record<string, readonly string[] | null> = { all: null };
  const groups = new Set(images.flatMap((image) => image.groups));
  if (groups.has('masked')) views['covered'] = ['masked', 'incorrect'];
  if (groups.has('unmasked')) views['bare'] = ['unmasked'];
  const results = evaluateViews(images, views, options);
  const values: Record<string, number> = {};
  for (const [view, { ap, recall, positives }] of Object.entries(results)) {
    values[`ap.${view}`] = ap;
    values[`recall.${view}`] = recall;
    values[`faces.${view}`] = positives;
  }
  return values;
}

/**
 * Values to start training from: our own weights or checkpoint file, or VGG16 weights (torchvision
 * or Keras style; a partial file is accepted and said so).
 */
export async function loadInitialWeightsAsync(
  file: string,
  config: Config,
  say: (line: string) => void,
): Promise<Map<string, HostParam>> {
  const own = ownWeights(file);
  if (own) return own;
  if (config.model.backbone !== 'vgg16') {
    throw new NnError('weights-foreign', `${file}: is not a weights file of this project.`, {
      fix: 'VGG16 weights need a config with the paper preset.',
    });
  }
  const loaded = await loadVgg16Async(file);
  say(formatVggReport(loaded));
  const values = new Map<string, HostParam>();
  for (const [name, tensor] of Object.entries(loaded.tensors)) {
    values.set(`${name.startsWith('fc') ? 'head' : 'backbone'}.${name}`, tensor);
  }
  return values;
}

function ownWeights(file: string): Map<string, HostParam> | null {
  if (!file.endsWith('.safetensors')) return null;
  const { tensors } = readSafetensorsFile(file);
  const names = Object.keys(tensors);
  if (!names.some((name) => /^(backbone|rpn|head|generator|segmentation)\./.test(name)))
    return null;
  const values = new Map<string, HostParam>();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (/^(optim|extra)\//.test(name)) continue;
    values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  }
  return values;
}
