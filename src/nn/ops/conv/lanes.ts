import { grid1d } from '../../kernel/dispatch.js';
import { mapWindows } from '../../kernel/windows.js';
import { quads } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { texelTarget } from '../texel-target.js';
import { arrayView, mapTexture } from '../texture.js';
import { subgroupGrid } from '../lane-gemm.js';
import type {
  ForwardPass,
  InputGradientPass,
  TextureKernels,
  WeightGradientPass,
} from './passes.js';
import type { ConvShape } from './shape.js';

/** One tap of a table: offset in the source map and index kh*KW + kw in the weight. */
interface Tap {
  dy: number;
  dx: number;
  index: number;
}

/** Weight panels of lane_conv for one tap table, cached on the weight tensor. */
function weightPanels(
  weight: Tensor,
  s: ConvShape,
  taps: readonly Tap[],
  form: 'forward' | 'input-gradient',
  name: string,
): { texture: GPUTexture; kx: number; ky: number; panels: number } {
  const { device } = weight;
  const lanes = device.subgroupSize;
  const [rows, cols] = form === 'forward' ? [s.o, s.c] : [s.c, s.o];
  const area = s.kh * s.kw;
  const kTotal = quads(cols) * taps.length * 4;
  const kx = Math.min(kTotal, 256);
  const ky = Math.ceil(kTotal / kx);
  const panels = Math.ceil(rows / (4 * lanes));
  const texture = weight.cachedTexture(`lanes-${form}-${name}`, () => {
    const made = device.context.acquireTexture(kx * lanes, panels * ky, 1);
    const target = texelTarget(device, made);
    device.dispatch({
      kernel: 'conv/lane_pack',
      defines: { LANES: lanes, ...target.defines },
      bindings: { w: weight, texels: target.texels },
      params: {
        rows,
        cols,
        row_stride: form === 'forward' ? s.c * area : area,
        col_stride: form === 'forward' ? area : s.c * area,
        taps: taps.length,
        kx,
        ky,
        panels,
        k_total: kTotal,
        tap: taps.flatMap((t) => [t.index, 0, 0, 0]),
        ...target.params,
      },
      workgroups: grid1d(panels * kTotal * lanes),
    });
    target.finish();
    return made;
  });
  return { texture, kx, ky, panels };
}

interface LaneConv {
  source: GPUTexture;
  sourceSize: { n: number; c: number; h: number; w: number };
  weight: ReturnType<typeof weightPanels>;
  bias: Tensor | null;
  relu: boolean;
  output: Tensor;
  grid: { h: number; w: number; stride: number; step: number; originY: number; originX: number };
  taps: readonly Tap[];
  label: string;
}

function runLaneConv(device: TensorDevice, r: LaneConv): void {
  const lanes = device.subgroupSize;
  const [, channelsOut = 0, outH = 0, outW = 0] = r.output.shape;
  // Whole panels of 4L channels where possible: a panel in two windows would be computed twice.
  const limit = device.context.bindingLimit;
  for (const window of mapWindows(r.output, { limit, panel: lanes })) {
    const quadTo = window.quadFrom + window.quadCount;
    const panelFrom = Math.floor(window.quadFrom / lanes);
    const panels = Math.ceil(quadTo / lanes) - panelFrom;
    const tiles = Math.ceil((window.imageCount * r.grid.h * r.grid.w) / (4 * lanes));
    device.dispatch({
      kernel: 'conv/lane_conv',
      label: r.label,
      defines: { LANES: lanes, BIAS: r.bias !== null },
      bindings: {
        x_map: arrayView(r.source),
        w_map: arrayView(r.weight.texture),
        y: window,
        ...(r.bias ? { bias: r.bias } : {}),
      },
      params: {
        batch: window.imageCount,
        image_from: window.imageFrom,
        height: r.sourceSize.h,
        width: r.sourceSize.w,
        quads_in: quads(r.sourceSize.c),
        channels_out: channelsOut,
        quads_out: quads(channelsOut),
        quad_from: window.quadFrom,
        quad_to: quadTo,
        y_base: window.base / 4,
        grid_h: r.grid.h,
        grid_w: r.grid.w,
        out_h: outH,
        out_w: outW,
        stride: r.grid.stride,
        step: r.grid.step,
        origin_y: r.grid.originY,
        origin_x: r.grid.originX,
        taps: r.taps.length,
        kx: r.weight.kx,
        ky: r.weight.ky,
        panel_from: panelFrom,
        panels,
        tiles,
        relu: r.relu ? 1 : 0,
        tap: r.taps.flatMap((t) => [t.dy, t.dx, 0, 0]),
      },
      workgroups: subgroupGrid(panels * tiles, lanes),
    });
  }
}

function forwardTaps(s: ConvShape): Tap[] {
  const taps: Tap[] = [];
  for (let ky = 0; ky < s.kh; ky++) {
    for (let kx = 0; kx < s.kw; kx++) {
      taps.push({
        dy: ky * s.dilation - s.pad,
        dx: kx * s.dilation - s.pad,
        index: ky * s.kw + kx,
      });
    }
  }
  return taps;
}

/** y = conv(x, w) + bias, optionally clamped at 0. */
function forward({ x, weight, bias, y, s, relu }: ForwardPass): void {
  const taps = forwardTaps(s);
  runLaneConv(x.device, {
    source: mapTexture(x),
    sourceSize: { n: s.n, c: s.c, h: s.h, w: s.w },
    weight: weightPanels(weight, s, taps, 'forward', 'all'),
    bias,
    relu,
    output: y,
    grid: { h: s.oh, w: s.ow, stride: s.stride, step: 1, originY: 0, originX: 0 },
    taps,
    label: 'conv lanes forward',
  });
}

/**
 * dX from dY: for each residue (ry, rx) of the stride, the input pixels at that residue are a
 * stride 1 convolution of dY with the taps that reach them.
 */
function inputGradient({ gradient, weight, dX, s }: InputGradientPass<GPUTexture>): void {
  const { device } = dX;
  for (let ry = 0; ry < s.stride; ry++) {
    for (let rx = 0; rx < s.stride; rx++) {
      const gridH = Math.ceil((s.h - ry) / s.stride);
      const gridW = Math.ceil((s.w - rx) / s.stride);
      if (gridH <= 0 || gridW <= 0) continue;
      const taps: Tap[] = [];
      for (let ky = 0; ky < s.kh; ky++) {
        for (let kx = 0; kx < s.kw; kx++) {
          const ty = ry + s.pad - ky * s.dilation;
          const tx = rx + s.pad - kx * s.dilation;
          if (ty % s.stride !== 0 || tx % s.stride !== 0) continue;
          taps.push({ dy: ty / s.stride, dx: tx / s.stride, index: ky * s.kw + kx });
        }
      }
      // With no tap the loop of the kernel is empty and zeros are written, as they must be.
      const used = taps.length > 0 ? taps : [{ dy: -s.h - s.oh, dx: 0, index: 0 }];
      runLaneConv(device, {
        source: gradient,
        sourceSize: { n: s.n, c: s.o, h: s.oh, w: s.ow },
        weight: weightPanels(
          weight,
          s,
          used,
          'input-gradient',
          `${ry}-${rx}-${s.pad}-${s.stride}-${s.dilation}`,
        ),
        bias: null,
        relu: false,
        output: dX,
        grid: { h: gridH, w: gridW, stride: 1, step: s.stride, originY: ry, originX: rx },
        taps: used,
        label: 'conv lanes dX',
      });
    }
  }
}

/** Ranges of output rows that are summed apart, so that there are enough subgroups. */
function splitsOf(device: TensorDevice, s: ConvShape, panels: number, partBytes: number): number {
  const rows = s.n * s.oh;
  let splits = 1;
  while (
    panels * splits < 64 &&
    splits * 2 <= rows &&
    2 * splits * partBytes <= device.context.bindingLimit
  )
    splits *= 2;
  return splits;
}

/** dW from dY and x: partial sums over row ranges, then an ordered sum of the parts. */
function weightGradient({ gradient, x, dW, s }: WeightGradientPass<GPUTexture>): void {
  const { device } = x;
  const lanes = device.subgroupSize;
  const tile = 4 * lanes;
  const coPanels = Math.ceil(s.o / tile);
  const taps = forwardTaps(s);
  const colPanels = Math.ceil((quads(s.c) * taps.length) / lanes);
  const base = coPanels * colPanels;
  const rowStride = colPanels * tile;
  const splits = splitsOf(device, s, base, coPanels * tile * rowStride * 4);
  const part = device.empty([splits, coPanels * tile, rowStride]);
  device.dispatch({
    kernel: 'conv/lane_conv_dw',
    label: 'conv lanes dW',
    defines: { LANES: lanes },
    bindings: { dy_map: arrayView(gradient), x_map: arrayView(mapTexture(x)), part },
    params: {
      batch: s.n,
      height: s.h,
      width: s.w,
      out_h: s.oh,
      out_w: s.ow,
      stride: s.stride,
      co_panels: coPanels,
      col_panels: colPanels,
      taps: taps.length,
      splits,
      rows_per_split: Math.ceil((s.n * s.oh) / splits),
      tap: taps.flatMap((t) => [t.dy, t.dx, 0, 0]),
    },
    workgroups: subgroupGrid(base * splits, lanes),
  });
  device.dispatch({
    kernel: 'conv/lane_conv_dw_sum',
    bindings: { part, dw: dW },
    params: {
      channels_out: s.o,
      channels_in: s.c,
      taps: taps.length,
      row_stride: rowStride,
      split_stride: coPanels * tile * rowStride,
      splits,
    },
    workgroups: grid1d(s.o * s.c * taps.length),
  });
  part.dispose();
}

/** Lane kernels with a table of taps, from textures: any shape of at most 64 taps. */
export const lanesConv: TextureKernels = {
  reads: 'texture',
  forward,
  inputGradient,
  weightGradient,
};
