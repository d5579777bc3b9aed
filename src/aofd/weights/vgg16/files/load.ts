/**
 * Loads VGG16 initial weights from the files that people have: torchvision-style safetensors, Keras
 * .h5, .npz, .npy, or our own names. Layout, channel order and preprocessing are converted to ours
 * (`names.ts`), a file with only some layers is accepted and said so, and every convolution is
 * compared with the published weights.
 */
import { IoError, nameList, shapeText } from '../../../../nn/io/errors.js';
import { elementCount, type FloatTensor } from '../../../../nn/io/stored-tensor.js';
import { FC_WIDTH, FC6_INPUT, PIXEL_MEANS_BGR, vgg16Shapes } from '../names.js';
import {
  fc6FromHwc,
  foldTorchvisionConv1,
  hwioToOihw,
  reverseInputChannels,
  transpose,
} from '../convert.js';
import { checkVggParameter, type VggVerdict } from './hashes.js';
import {
  looksBatchNormalized,
  recognizeVggName,
  VGG_STYLES,
  type VggStyle,
  type VggStyleFacts,
} from '../foreign-names.js';
import { openWeightSourceAsync, type WeightFormat, type WeightSource } from './source.js';

export interface VggLoadOptions {
  /** Also load fc6 and fc7 (480 MB). Default true. */
  readonly withFc?: boolean;
  /** Input channels of conv1_1 in the file. `auto`: by the style of its names, then by hash. */
  readonly channelOrder?: 'auto' | 'rgb' | 'bgr';
  /** Pixels the file's network was trained on. `auto`: by the style of its names, then by hash. */
  readonly preprocessing?: 'auto' | 'caffe' | 'torchvision';
  /** Our pixel means, B, G, R in grey levels, for the fold of torchvision weights. */
  readonly pixelMeans?: readonly [number, number, number];
}

export interface VggLoadResult {
  readonly file: string;
  readonly format: WeightFormat;
  readonly style: VggStyle;
  /** Under our names, in our layout. */
  readonly tensors: Record<string, FloatTensor>;
  readonly loaded: string[];
  /** Parameters of VGG16 that the file does not have: they keep their initial values. */
  readonly missing: string[];
  /** Arrays of the file that are no VGG16 parameter (the classifier's last layer, for example). */
  readonly ignored: string[];
  /** Per loaded parameter: is it what was published? */
  readonly verdicts: Record<string, VggVerdict>;
  /** What was converted or assumed, one sentence each. */
  readonly notes: string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Loads what `path` has of VGG16.
 * @throws IoError when the file is unreadable, holds no VGG16 parameter, or one of another shape
 */
export async function loadVgg16Async(
  path: string,
  options: VggLoadOptions = {},
): Promise<VggLoadResult> {
  const source = await openWeightSourceAsync(path);
  try {
    return convert(path, source, options);
  } finally {
    source.close();
  }
}

interface Found {
  /** Our name -> the file's name. */
  readonly rawNames: Map<string, string>;
  readonly style: VggStyle;
  readonly ignored: string[];
}

function recognizeAll(path: string, source: WeightSource, withFc: boolean): Found {
  const { names } = source;
  if (looksBatchNormalized(names)) {
    throw new IoError(
      'io/mismatch',
      'a batch-normalised VGG (it has running means), expected plain VGG16.',
      { where: path, fix: 'use vgg16, not vgg16_bn.' },
    );
  }
  const rawNames = new Map<string, string>();
  const styles = new Map<VggStyle, string>();
  const ignored: string[] = [];
  for (const raw of names) {
    const hit = recognizeVggName(raw);
    if (!hit) {
      ignored.push(raw);
      continue;
    }
    const other = rawNames.get(hit.name);
    if (other !== undefined) {
      throw new IoError('io/mismatch', `"${other}" and "${raw}" are both ${hit.name}`, {
        where: path,
      });
    }
    styles.set(hit.style, raw);
    if (withFc || hit.name.startsWith('conv')) rawNames.set(hit.name, raw);
  }
  if (styles.size > 1) {
    const examples = [...styles].map(([style, raw]) => `${raw} (${style})`);
    throw new IoError('io/mismatch', `mixes naming styles: ${examples.join(', ')}.`, {
      where: path,
      fix: 'give a file that was saved by one program.',
    });
  }
  const style = [...styles.keys()][0];
  if (style === undefined || rawNames.size === 0) {
    throw new IoError(
      'io/mismatch',
      `no VGG16 parameter found; its arrays are ${nameList(names) || '(none)'}.`,
      {
        where: path,
        fix: 'known names are features.0.weight, block1_conv1/.../kernel:0, conv1_1_W, conv1_1.weight.',
      },
    );
  }
  return { rawNames, style, ignored };
}

function convert(path: string, source: WeightSource, options: VggLoadOptions): VggLoadResult {
  const withFc = options.withFc ?? true;
  const { rawNames, style, ignored } = recognizeAll(path, source, withFc);
  const facts = VGG_STYLES[style];
  const tensors: Record<string, FloatTensor> = {};
  const missing: string[] = [];
  for (const [name, shape] of Object.entries(vgg16Shapes({ withFc }))) {
    const raw = rawNames.get(name);
    if (raw === undefined) missing.push(name);
    else tensors[name] = readAsOurs(path, source, raw, name, shape, facts);
  }
  const notes: string[] = [];
  const dropped = convertFirstLayer(tensors, facts, options, notes);
  if (dropped !== undefined) missing.push(dropped);
  if (facts.kernelOrder === 'HWIO') notes.push('Kernels turned from H, W, I, O to O, I, H, W.');
  if (tensors['fc6.weight'] && facts.fc6Order === 'HWC') {
    notes.push('Columns of fc6 permuted from H, W, C to C, H, W.');
  }
  const loaded = Object.keys(tensors);
  if (missing.length > 0) {
    const all = loaded.length + missing.length;
    notes.push(
      `A partial file: ${loaded.length} of ${all} parameters; the others keep their initial values.`,
    );
  }
  const verdicts: Record<string, VggVerdict> = {};
  for (const name of loaded) {
    const { shape, data } = tensors[name]!;
    verdicts[name] = checkVggParameter(name, shape, data);
  }
  const { format, metadata } = source;
  return {
    file: path,
    format,
    style,
    tensors,
    loaded,
    missing,
    ignored,
    verdicts,
    notes,
    metadata,
  };
}

/** One parameter in our layout; channel order and pixel scale of conv1_1 are still the file's. */
function readAsOurs(
  path: string,
  source: WeightSource,
  raw: string,
  name: string,
  shape: readonly number[],
  facts: VggStyleFacts,
): FloatTensor {
  const { shape: got, data } = source.read(raw);
  const isTransposed = facts.kernelOrder === 'HWIO';
  const [o, i, h, w] = shape as [number, number, number, number];
  const expected = !isTransposed
    ? shape
    : shape.length === 4
      ? [h, w, i, o]
      : shape.length === 2
        ? [i, o]
        : shape;
  // Caffe-born files keep biases as 1x1x1xN: only the extents above 1 count for a vector.
  const isSame =
    shape.length === 1
      ? elementCount(got) === o && got.every((n) => n === 1 || n === o)
      : got.length === expected.length && got.every((n, d) => n === expected[d]);
  if (!isSame) {
    throw new IoError(
      'io/mismatch',
      `"${raw}" (${name}) has shape ${shapeText(got)}, expected ${shapeText(expected)}.`,
      { where: path, fix: 'check that the file is VGG16 (configuration D) for 3-channel images.' },
    );
  }
  if (!isTransposed || shape.length === 1) return { shape, data };
  if (shape.length === 4) return { shape, data: hwioToOihw(data, h, w, i, o) };
  if (name === 'fc6.weight') return { shape, data: fc6FromHwc(data, FC_WIDTH, FC6_INPUT) };
  return { shape, data: transpose(data, i, o) };
}

/**
 * Turns conv1_1 to B, G, R and our pixel scale, in place of the file's. A hash that fits one reading
 * settles it; otherwise the options, then the habit of the naming style decide.
 * @returns the name of a parameter that had to be dropped because its partner is missing
 */
function convertFirstLayer(
  tensors: Record<string, FloatTensor>,
  facts: VggStyleFacts,
  options: VggLoadOptions,
  notes: string[],
): string | undefined {
  const weight = tensors['conv1_1.weight'];
  const bias = tensors['conv1_1.bias'];
  const order = options.channelOrder ?? 'auto';
  const preprocessing = options.preprocessing ?? 'auto';
  let isBgr = (order === 'auto' ? facts.channelOrder : order) === 'bgr';
  let isFolded = (preprocessing === 'auto' ? facts.preprocessing : preprocessing) === 'torchvision';
  const { shape } = weight ?? { shape: [64, 3, 3, 3] };
  const outputs = shape[0]!;
  const reversed = weight && reverseInputChannels(weight.data, outputs, 3, 9);
  if (weight && reversed && order === 'auto' && preprocessing === 'auto') {
    const published = [weight.data, reversed].findIndex(
      (data) => checkVggParameter('conv1_1.weight', shape, data) === 'verified',
    );
    if (published >= 0) {
      const settled = published === 0;
      if (settled !== isBgr || isFolded) {
        notes.push(
          `conv1_1 is the published Caffe kernel in ${settled ? 'B, G, R' : 'R, G, B'} order (settled by its hash).`,
        );
      }
      isBgr = settled;
      isFolded = false;
    }
  }
  if (isFolded) {
    if (!weight || !bias) return dropHalf(tensors, notes);
    const means = options.pixelMeans ?? PIXEL_MEANS_BGR;
    // The fold reads R, G, B and writes B, G, R.
    const rgb = isBgr ? reversed! : weight.data;
    const folded = foldTorchvisionConv1(rgb, bias.data, 9, means);
    tensors['conv1_1.weight'] = { shape, data: folded.weight };
    tensors['conv1_1.bias'] = { shape: bias.shape, data: folded.bias };
    notes.push(
      'conv1_1 turned from R, G, B, (x / 255 - mean) / std to B, G, R, 0..255 less mean; ' +
        'exact but for the outermost row and column, where zero padding means another grey.',
    );
  } else if (reversed && !isBgr) {
    tensors['conv1_1.weight'] = { shape, data: reversed };
    notes.push('Input channels of conv1_1 turned from R, G, B to B, G, R.');
  }
  return undefined;
}

/** Folding needs the kernel and the bias together. */
function dropHalf(tensors: Record<string, FloatTensor>, notes: string[]): string | undefined {
  for (const half of ['conv1_1.weight', 'conv1_1.bias']) {
    if (!tensors[half]) continue;
    delete tensors[half];
    notes.push(`${half} left out: converting its preprocessing needs the kernel and the bias.`);
    return half;
  }
  return undefined;
}

const VERDICT_TEXT: Readonly<Record<VggVerdict, string>> = {
  verified: 'verified',
  differs: 'not the published weights',
  'no-hash': 'loaded (no published hash)',
};

/** The result for people: one line per layer, then what is missing and what was converted. */
export function formatVggReport(result: VggLoadResult): string {
  const layers = [...new Set(result.loaded.map((name) => name.split('.')[0]!))];
  const lines = layers.map((layer) => {
    const parts = ['weight', 'bias'].map((part) => {
      const verdict = result.verdicts[`${layer}.${part}`];
      return `${part} ${verdict ? VERDICT_TEXT[verdict] : 'missing'}`;
    });
    return `  ${layer.padEnd(8)} ${parts.join(', ')}`;
  });
  const { file, format, style, missing, notes } = result;
  const absent = [...new Set(missing.map((name) => name.split('.')[0]!))].filter(
    (layer) => !layers.includes(layer),
  );
  if (absent.length > 0) lines.push(`  missing  ${absent.join(', ')}`);
  return [`${file}: VGG16 weights (${format}, ${style} names)`, ...lines, ...notes].join('\n');
}
