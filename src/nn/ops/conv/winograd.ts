import { grid1d } from '../../kernel/dispatch.js';
import { mapWindows } from '../../kernel/windows.js';
import { quads } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { copyTexels, texelTarget } from '../texel-target.js';
import { arrayView, mapTexture } from '../texture.js';
import { runLaneGemm } from '../lane-gemm.js';
import type {
  ForwardPass,
  InputGradientPass,
  TextureKernels,
  WeightGradientPass,
} from './passes.js';
import type { ConvShape } from './shape.js';

/** Bytes that the transformed maps of one strip of tiles may take: large enough to amortise launches, small enough for caches. */
const stripBytes = 8 * 1024 * 1024;

interface Tiling {
  m: 2 | 4;
  /** Frequencies per axis, m + 2. */
  a: number;
  tilesY: number;
  tilesX: number;
  total: number;
  /** Tiles of one strip, a multiple of the panel of 4L tiles. */
  strip: number;
}

function tiling(
  device: TensorDevice,
  m: 2 | 4,
  n: number,
  h: number,
  w: number,
  channels: number,
): Tiling {
  const panel = 4 * device.subgroupSize;
  const a = m + 2;
  const tilesY = Math.ceil(h / m);
  const tilesX = Math.ceil(w / m);
  const total = n * tilesY * tilesX;
  const perTile = a * a * channels * 4;
  const side = Math.min(device.context.limits.maxTextureDimension2D, 8192);
  const limit = Math.min(stripBytes, device.context.bindingLimit);
  const most = Math.max(panel, Math.min(side, Math.floor(limit / perTile / panel) * panel));
  const strips = Math.ceil(total / most);
  return { m, a, tilesY, tilesX, total, strip: Math.ceil(total / strips / panel) * panel };
}

/** Winograd-transformed weights U, cached on the weight tensor. */
function transformedWeight(
  weight: Tensor,
  s: ConvShape,
  m: 2 | 4,
  form: 'forward' | 'input-gradient',
): GPUTexture {
  return weight.cachedTexture(`winograd${m}-${form}`, () => {
    const { device } = weight;
    const lanes = device.subgroupSize;
    const [rows, cols] = form === 'forward' ? [s.o, s.c] : [s.c, s.o];
    const panels = Math.ceil(rows / (4 * lanes));
    const colsPadded = quads(cols) * 4;
    const a = m + 2;
    const texture = device.context.acquireTexture(colsPadded * lanes, panels, a * a);
    const target = texelTarget(device, texture);
    device.dispatch({
      kernel: 'wino/wino_weight',
      defines: { LANES: lanes, M: m, A: a, FLIP: form === 'input-gradient', ...target.defines },
      bindings: { w: weight, texels: target.texels },
      params: {
        rows,
        cols,
        row_stride: form === 'forward' ? s.c * 9 : 9,
        col_stride: form === 'forward' ? 9 : s.c * 9,
        panels,
        cols_padded: colsPadded,
        ...target.params,
      },
      workgroups: grid1d(panels * colsPadded * lanes),
    });
    target.finish();
    return texture;
  });
}

interface Source {
  texture: GPUTexture;
  n: number;
  h: number;
  w: number;
  quads: number;
  pad: number;
  adjoint: boolean;
}

/** The input of a convolution, as tiles of the forward transform. */
function inputSource(x: Tensor, s: ConvShape): Source {
  const { n, h, w, pad } = s;
  return { texture: mapTexture(x), n, h, w, quads: quads(s.c), pad, adjoint: false };
}

/** Transforms one strip of tiles of a map; returns the texture that GEMMs read. */
function transformStrip(
  device: TensorDevice,
  source: Source,
  t: Tiling,
  from: number,
  tiles: number,
): GPUTexture {
  const panel = 4 * device.subgroupSize;
  const rowTexels = source.quads * panel;
  const panels = tiles / panel;
  const texture = device.context.acquireTexture(rowTexels, panels, t.a * t.a);
  const target = texelTarget(device, texture);
  device.dispatch({
    kernel: 'wino/wino_in',
    defines: {
      LANES: device.subgroupSize,
      M: t.m,
      A: t.a,
      ADJOINT: source.adjoint,
      ...target.defines,
    },
    bindings: { x_map: arrayView(source.texture), texels: target.texels },
    params: {
      batch: source.n,
      height: source.h,
      width: source.w,
      quads: source.quads,
      tiles_y: t.tilesY,
      tiles_x: t.tilesX,
      pad: source.pad,
      tile_from: from,
      tiles,
      ...target.params,
    },
    workgroups: grid1d(tiles * source.quads),
  });
  target.finish();
  return texture;
}

/** A convolution of stride 1 over a texture, as products of transformed tiles. */
interface Product {
  source: Source;
  weight: GPUTexture;
  channelsOut: number;
  bias: Tensor | null;
  relu: boolean;
  /** Height and width of the convolution's result. */
  height: number;
  width: number;
  output: Tensor;
  /** `output` is the 2x2 max pool of the result. */
  pool: boolean;
  m: 2 | 4;
}

/** Transform, multiply, transform back, strip by strip. */
function runProduct(device: TensorDevice, p: Product): void {
  const panel = 4 * device.subgroupSize;
  const rows = Math.ceil(p.channelsOut / panel) * panel;
  const n = p.output.shape[0] ?? 0;
  const t = tiling(device, p.m, n, p.height, p.width, Math.max(p.source.quads * 4, rows));
  const context = device.context;
  for (let from = 0; from < t.total; from += t.strip) {
    const tiles = Math.min(t.strip, Math.ceil((t.total - from) / panel) * panel);
    const v = transformStrip(device, p.source, t, from, tiles);
    const frequencies = t.a * t.a;
    const bytes = frequencies * rows * tiles * 4;
    const product = context.acquireBuffer(bytes);
    runLaneGemm(device, {
      label: 'winograd gemm',
      defines: { A_FORM: 0, B_FORM: 0, A_ADDRESS: 0, B_ADDRESS: 1 },
      a: p.weight,
      b: v,
      c: { buffer: product, offset: 0, size: bytes },
      rows,
      cols: tiles,
      k4: p.source.quads,
      layers: frequencies,
      layerStride: (rows / 4) * tiles,
      rowStride: tiles,
      colStride: 1,
    });
    context.releaseTexture(v);
    const m = context.acquireTexture(tiles, rows / 4, frequencies);
    copyTexels(context, product, m);
    context.releaseBuffer(product);
    transformBack(device, p, t, m, from, tiles);
    context.releaseTexture(m);
  }
}

/** Transforms the products of one strip of tiles back into the output. */
function transformBack(
  device: TensorDevice,
  p: Product,
  t: Tiling,
  m: GPUTexture,
  from: number,
  tiles: number,
): void {
  const [, , outH = 0, outW = 0] = p.output.shape;
  const rules = { limit: device.context.bindingLimit, panel: device.subgroupSize };
  for (const window of mapWindows(p.output, rules)) {
    device.dispatch({
      kernel: 'wino/wino_out',
      defines: {
        LANES: device.subgroupSize,
        M: p.m,
        A: t.a,
        BIAS: p.bias !== null,
        POOL: p.pool,
      },
      bindings: { m_map: arrayView(m), y: window, ...(p.bias ? { bias: p.bias } : {}) },
      params: {
        batch: window.imageCount,
        image_from: window.imageFrom,
        height: p.height,
        width: p.width,
        out_h: outH,
        out_w: outW,
        channels: p.channelsOut,
        quads: quads(p.channelsOut),
        quad_from: window.quadFrom,
        quad_to: window.quadFrom + window.quadCount,
        y_base: window.base / 4,
        tiles_y: t.tilesY,
        tiles_x: t.tilesX,
        tile_from: from,
        tiles,
        relu: p.relu ? 1 : 0,
      },
      workgroups: grid1d(tiles * window.quadCount),
    });
  }
}

/**
 * y = conv3x3(x, w) + bias through F(m x m, 3 x 3), optionally clamped at 0; with `pool`, y is the 2x2
 * max pool of that and the map of full size never exists.
 */
export function winogradForward(
  { x, weight, bias, y, s, relu }: ForwardPass,
  m: 2 | 4,
  pool = false,
): void {
  runProduct(x.device, {
    source: inputSource(x, s),
    weight: transformedWeight(weight, s, m, 'forward'),
    channelsOut: s.o,
    bias,
    relu,
    height: s.oh,
    width: s.ow,
    output: y,
    pool,
    m,
  });
}

/** dX: the forward pass over dY with channels swapped, taps rotated and padding 2 - pad. */
function inputGradient({ gradient, weight, dX, s }: InputGradientPass<GPUTexture>, m: 2 | 4): void {
  runProduct(dX.device, {
    source: {
      texture: gradient,
      n: s.n,
      h: s.oh,
      w: s.ow,
      quads: quads(s.o),
      pad: 2 - s.pad,
      adjoint: false,
    },
    weight: transformedWeight(weight, s, m, 'input-gradient'),
    channelsOut: s.c,
    bias: null,
    relu: false,
    height: s.h,
    width: s.w,
    output: dX,
    pool: false,
    m,
  });
}

/**
 * dW through the adjoint of the forward algorithm: dU[f] = sum over tiles of dM[f] V[f]^t with
 * dM = A dY At, then dW = Gt dU G. Strips of tiles accumulate into dU in order.
 */
function weightGradient({ gradient, x, dW, s }: WeightGradientPass<GPUTexture>, m: 2 | 4): void {
  const { device } = x;
  const context = device.context;
  const panel = 4 * device.subgroupSize;
  const t = tiling(device, m, s.n, s.oh, s.ow, Math.max(quads(s.c), quads(s.o)) * 4);
  const rows = Math.ceil(s.o / panel) * panel;
  const cols = Math.ceil(s.c / panel) * panel;
  const rowStride = cols / 4;
  // 8 spare vec4: a power-of-two stride between frequencies collides in the cache.
  const layerStride = rows * rowStride + 8;
  const bytes = t.a * t.a * layerStride * 16;
  const dU = context.acquireBuffer(bytes);
  const input = inputSource(x, s);
  const output: Source = {
    texture: gradient,
    n: s.n,
    h: s.oh,
    w: s.ow,
    quads: quads(s.o),
    pad: 0,
    adjoint: true,
  };
  for (let from = 0; from < t.total; from += t.strip) {
    const tiles = Math.min(t.strip, Math.ceil((t.total - from) / panel) * panel);
    const v = transformStrip(device, input, t, from, tiles);
    const dM = transformStrip(device, output, t, from, tiles);
    runLaneGemm(device, {
      label: 'winograd dW gemm',
      defines: { A_FORM: 0, B_FORM: 1, A_ADDRESS: 3, B_ADDRESS: 3, ACCUMULATE: from > 0 },
      a: dM,
      b: v,
      c: { buffer: dU, offset: 0, size: bytes },
      rows,
      cols,
      k4: tiles / 4,
      layers: t.a * t.a,
      layerStride,
      rowStride,
      colStride: 1,
    });
    context.releaseTexture(v);
    context.releaseTexture(dM);
  }
  device.dispatch({
    kernel: 'wino/wino_dw',
    defines: { M: m, A: t.a },
    bindings: { du: { buffer: dU, offset: 0, size: bytes }, dw: dW },
    params: {
      channels_out: s.o,
      channels_in: s.c,
      row_stride: rowStride * 4,
      stride: layerStride * 4,
    },
    workgroups: grid1d(s.o * s.c),
  });
  context.releaseBuffer(dU);
}

/** Winograd F(m x m, 3 x 3) from textures: 3x3 taps, stride 1. */
export function winogradConv(m: 2 | 4): TextureKernels {
  return {
    reads: 'texture',
    forward: (p) => winogradForward(p, m),
    inputGradient: (p) => inputGradient(p, m),
    weightGradient: (p) => weightGradient(p, m),
  };
}
