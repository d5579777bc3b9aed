/**
 * Which VGG16 parameter a name in somebody else's file means, and how that kind of file stores it.
 *
 * | style | names | kernel | conv1_1 input | pixels it was trained on |
 * | --- | --- | --- | --- | --- |
 * | own | conv1_1.weight | OIHW | B, G, R | 0..255 less mean |
 * | torchvision | features.0.weight, classifier.0.weight | OIHW | R, G, B | 0..1, (x - mean) / std |
 * | keras | block1_conv1/.../kernel:0, fc1/... | HWIO | B, G, R | 0..255 less mean |
 * | npz | conv1_1_W, fc6_W (converted from Caffe, then turned to RGB) | HWIO | R, G, B | 0..255 less mean |
 * | dict | conv1_1/0, conv1_1/weights (converted from Caffe) | HWIO | B, G, R | 0..255 less mean |
 */
import { VGG16_CONVS } from './names.js';

export type VggStyle = 'own' | 'torchvision' | 'keras' | 'npz' | 'dict';

export interface VggStyleFacts {
  /** `OIHW`, with [out, in] matrices, or `HWIO`, with [in, out] matrices. */
  readonly kernelOrder: 'OIHW' | 'HWIO';
  readonly channelOrder: 'rgb' | 'bgr';
  readonly preprocessing: 'caffe' | 'torchvision';
  /** How the pooled features are flattened for fc6. */
  readonly fc6Order: 'CHW' | 'HWC';
}

export const VGG_STYLES: Readonly<Record<VggStyle, VggStyleFacts>> = {
  own: { kernelOrder: 'OIHW', channelOrder: 'bgr', preprocessing: 'caffe', fc6Order: 'CHW' },
  torchvision: {
    kernelOrder: 'OIHW',
    channelOrder: 'rgb',
    preprocessing: 'torchvision',
    fc6Order: 'CHW',
  },
  keras: { kernelOrder: 'HWIO', channelOrder: 'bgr', preprocessing: 'caffe', fc6Order: 'HWC' },
  npz: { kernelOrder: 'HWIO', channelOrder: 'rgb', preprocessing: 'caffe', fc6Order: 'HWC' },
  dict: { kernelOrder: 'HWIO', channelOrder: 'bgr', preprocessing: 'caffe', fc6Order: 'HWC' },
};

/** Index of each convolution in torchvision's `vgg16().features`. */
const TORCH_FEATURES = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];

const LAYER = '(conv[1-5]_[1-3]|fc[67])';

/** Our name and the style of a parameter in a foreign file; undefined for anything else. */
export function recognizeVggName(raw: string): { name: string; style: VggStyle } | undefined {
  return own(raw) ?? torchvision(raw) ?? keras(raw) ?? npz(raw) ?? dict(raw);
}

type Recognized = ReturnType<typeof recognizeVggName>;

function own(raw: string): Recognized {
  const m = new RegExp(`^(?:\\w+\\.)*${LAYER}\\.(weight|bias)$`).exec(raw);
  return m ? { name: `${m[1]}.${m[2]}`, style: 'own' } : undefined;
}

function torchvision(raw: string): Recognized {
  const m = /^(?:.*\.)?(features|classifier)\.(\d+)\.(weight|bias)$/.exec(raw);
  if (!m) return undefined;
  const index = Number(m[2]);
  const layer =
    m[1] === 'features'
      ? VGG16_CONVS[TORCH_FEATURES.indexOf(index)]?.name
      : { 0: 'fc6', 3: 'fc7' }[index];
  return layer === undefined ? undefined : { name: `${layer}.${m[3]}`, style: 'torchvision' };
}

/**
 * `block1_conv1/block1_conv1_W_1:0`, `block1_conv1/block1_conv1/kernel:0` (2.x),
 * `layers/block1_conv1/vars/0` and, in Keras 3 files, `layers/conv2d_3/vars/1`.
 */
function keras(raw: string): Recognized {
  const last = raw.split('/').at(-1)!;
  const isVars = /(^|\/)vars\/[01]$/.test(raw);
  const part = isVars
    ? last === '0'
      ? 'weight'
      : 'bias'
    : /(^|_)(kernel|W)(_\d+)?(:0)?$/.test(last)
      ? 'weight'
      : /(^|_)(bias|b)(_\d+)?(:0)?$/.test(last)
        ? 'bias'
        : undefined;
  if (part === undefined) return undefined;
  const block = /(?:^|\/)block([1-5])_conv([1-3])(?:\/|_)/.exec(raw);
  if (block) return { name: `conv${block[1]}_${block[2]}.${part}`, style: 'keras' };
  const fc = /(?:^|\/)fc([12])(?:\/|_)/.exec(raw);
  if (fc) return { name: `fc${Number(fc[1]) + 5}.${part}`, style: 'keras' };
  const numbered = isVars && /(?:^|\/)conv2d(?:_(\d+))?\/vars\//.exec(raw);
  if (numbered) {
    const conv = VGG16_CONVS[Number(numbered[1] ?? 0)];
    return conv && { name: `${conv.name}.${part}`, style: 'keras' };
  }
  return undefined;
}

function npz(raw: string): Recognized {
  const m = new RegExp(`^(?:.*/)?${LAYER}_(W|b)$`).exec(raw);
  return m ? { name: `${m[1]}.${m[2] === 'W' ? 'weight' : 'bias'}`, style: 'npz' } : undefined;
}

function dict(raw: string): Recognized {
  const m = new RegExp(`^(?:.*/)?${LAYER}/(0|1|weights|biases)$`).exec(raw);
  if (!m) return undefined;
  const isWeight = m[2] === '0' || m[2] === 'weights';
  return { name: `${m[1]}.${isWeight ? 'weight' : 'bias'}`, style: 'dict' };
}

/** True for the names of a batch-normalised VGG (vgg16_bn), whose weights mean something else. */
export function looksBatchNormalized(names: readonly string[]): boolean {
  return names.some((name) => /running_(mean|var)$|moving_(mean|variance)/.test(name));
}
