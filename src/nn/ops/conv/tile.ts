import { grid1d, type BufferSlice } from '../../kernel/dispatch.js';
import type { MapWindow } from '../../kernel/windows.js';
import { quads } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { tileLimitsOf } from '../capabilities.js';
import { expectTile, tileDefines, tileFlags, tileGrid } from '../tile-plan.js';
import type {
  BufferKernels,
  ForwardPass,
  InputGradientPass,
  WeightGradientPass,
} from './passes.js';
import type { ConvShape } from './shape.js';
import { inputGradientTaps, planConvTile, planConvTileDw, type TapGrid } from './tile-plan.js';
import { channelsOf, windowPairs } from './window-pairs.js';

type Form = 'forward' | 'input-gradient';

/** Weights in tile_conv's order for one grid of taps, cached on the weight tensor. */
function packedWeight(weight: Tensor, s: ConvShape, taps: TapGrid, form: Form): BufferSlice {
  const { device } = weight;
  const isForward = form === 'forward';
  const [rows, cols] = isForward ? [s.o, s.c] : [s.c, s.o];
  const area = s.kh * s.kw;
  const count = quads(cols) * 4 * taps.rows * taps.cols * quads(rows);
  const size = Math.max(16, count * 16);
  const name = [taps.firstY, taps.firstX, taps.rows, taps.cols, taps.indexY, taps.indexX].join('-');
  const buffer = weight.cachedBuffer(`tile-${form}-${name}`, () => {
    const made = device.context.acquireBuffer(size);
    device.dispatch({
      kernel: 'conv/tile_pack',
      bindings: { w: weight, packed: { buffer: made, offset: 0, size } },
      params: {
        rows,
        cols,
        row_stride: isForward ? s.c * area : area,
        col_stride: isForward ? area : s.c * area,
        taps: taps.rows * taps.cols,
        tap_cols: taps.cols,
        first_y: taps.firstY,
        first_x: taps.firstX,
        step_y: taps.indexY,
        step_x: taps.indexX,
        kernel_w: s.kw,
        row_quads: quads(rows),
        count,
      },
      workgroups: grid1d(count),
    });
    return made;
  });
  return { buffer, offset: 0, size };
}

interface TileConv {
  device: TensorDevice;
  source: { map: Tensor; channels: number; height: number; width: number };
  output: { map: Tensor; channels: number; height: number; width: number };
  weight: BufferSlice;
  bias: Tensor | null;
  relu: boolean;
  taps: TapGrid;
  /** The output pixels that are computed: (gy, gx) * step + origin, from source (gy, gx) * stride. */
  grid: { h: number; w: number; stride: number; step: number; originY: number; originX: number };
  label: string;
  /** The tile that a tuned table names. */
  tile: number | undefined;
}

/** Every window of the output, each over every window of the input, which add up in order. */
function runTileConv(c: TileConv): void {
  for (const { x, y } of windowPairs(c.source.map, c.output.map)) {
    for (const output of y) {
      x.forEach((input, i) => runWindow(c, input, output, i === 0, i === x.length - 1));
    }
  }
}

// eslint-disable-next-line max-lines-per-function -- one dispatch, its parameters by name, and the sum of its parts
function runWindow(
  c: TileConv,
  input: MapWindow,
  output: MapWindow,
  isFirst: boolean,
  isLast: boolean,
): void {
  const { device, grid, taps } = c;
  const tapCount = taps.rows * taps.cols;
  const { quadCount: quadsIn } = input;
  const { quadCount: quadsOut } = output;
  const ins = channelsOf(input, c.source.channels);
  const outs = channelsOf(output, c.output.channels);
  const outPlane = c.output.height * c.output.width;
  const resultBytes = output.imageCount * quadsOut * outPlane * 16;
  const pixels = input.imageCount * grid.h * grid.w;
  const plan = expectTile(
    planConvTile(
      { rows: quadsOut * 4, pixels, k: quadsIn * 4 * tapCount, step: grid.step, resultBytes },
      tileLimitsOf(device, c.tile),
    ),
  );
  const isSplit = plan.splits > 1;
  const withBias = c.bias !== null && isFirst;
  const defines = { BIAS: withBias, RELU: c.relu && isLast, ACCUMULATE: !isFirst };
  const part = isSplit ? device.empty([plan.splits, resultBytes / 4]) : null;
  const bias: Record<string, Tensor> = withBias ? { bias: c.bias as Tensor } : {};
  device.dispatch({
    kernel: 'conv/tile_conv',
    label: c.label,
    defines: tileDefines(plan.tile),
    bindings: {
      x: input,
      packed: c.weight,
      y: part ?? output,
      bias: (withBias && !isSplit ? c.bias : null) ?? c.weight,
    },
    params: {
      pixels,
      height: c.source.height,
      width: c.source.width,
      quads_in: quadsIn,
      x_base: input.base / 4,
      grid_h: grid.h,
      grid_w: grid.w,
      out_h: c.output.height,
      out_w: c.output.width,
      stride: grid.stride,
      step: grid.step,
      origin_y: grid.originY,
      origin_x: grid.originX,
      taps: Math.max(1, tapCount),
      tap_cols: Math.max(1, taps.cols),
      dy: taps.dy,
      dx: taps.dx,
      step_y: taps.stepY,
      step_x: taps.stepX,
      row_quads: quads(c.output.channels),
      k_from: ins.from * tapCount,
      channels: c.output.channels,
      quad_from: output.quadFrom,
      quad_to: output.quadFrom + quadsOut,
      y_base: isSplit ? 0 : output.base / 4,
      v_tiles: plan.vTiles,
      tiles: plan.vTiles * plan.sTiles,
      k_quads: quadsIn * tapCount,
      k_split: plan.kSplit / 4,
      y_split: resultBytes / 16,
      flags: isSplit ? 0 : tileFlags(defines),
    },
    workgroups: tileGrid(plan.vTiles * plan.sTiles, plan.splits),
    flops: 2 * pixels * outs.count * ins.count * tapCount,
  });
  if (!part) return;
  device.dispatch({
    kernel: 'gemm/tile_sum',
    label: `${c.label} sum`,
    defines: { MAP: true, ...defines },
    bindings: { part, y: output, ...bias },
    params: {
      count: resultBytes / 4,
      splits: plan.splits,
      split_stride: resultBytes / 4,
      y_base: output.base,
      cols: 1,
      c_pitch: 1,
      bias_base: 0,
      plane: outPlane,
      quads: quadsOut,
      channel_from: outs.from,
      channels: c.output.channels,
    },
    workgroups: grid1d(resultBytes / 4),
  });
  part.dispose();
}

/** y = conv(x, w) + bias, optionally clamped at 0. */
function forward({ x, weight, bias, y, s, relu, tile }: ForwardPass): void {
  const taps: TapGrid = {
    rows: s.kh,
    cols: s.kw,
    firstY: 0,
    firstX: 0,
    indexY: 1,
    indexX: 1,
    dy: -s.pad,
    dx: -s.pad,
    stepY: s.dilation,
    stepX: s.dilation,
  };
  runTileConv({
    device: x.device,
    source: { map: x, channels: s.c, height: s.h, width: s.w },
    output: { map: y, channels: s.o, height: s.oh, width: s.ow },
    weight: packedWeight(weight, s, taps, 'forward'),
    bias,
    relu,
    taps,
    grid: { h: s.oh, w: s.ow, stride: s.stride, step: 1, originY: 0, originX: 0 },
    label: 'conv tile forward',
    tile,
  });
}

/**
 * dX from dY: for each residue (ry, rx) of the stride, the input pixels at that residue are a
 * stride 1 convolution of dY with the taps that reach them.
 */
function inputGradient({ gradient, weight, dX, s, tile }: InputGradientPass<Tensor>): void {
  for (let ry = 0; ry < Math.min(s.stride, s.h); ry++) {
    for (let rx = 0; rx < Math.min(s.stride, s.w); rx++) {
      const taps = inputGradientTaps(s, ry, rx);
      runTileConv({
        device: dX.device,
        source: { map: gradient, channels: s.o, height: s.oh, width: s.ow },
        output: { map: dX, channels: s.c, height: s.h, width: s.w },
        weight: packedWeight(weight, s, taps, 'input-gradient'),
        bias: null,
        relu: false,
        taps,
        grid: {
          h: Math.ceil((s.h - ry) / s.stride),
          w: Math.ceil((s.w - rx) / s.stride),
          stride: 1,
          step: s.stride,
          originY: ry,
          originX: rx,
        },
        label: 'conv tile dX',
        tile,
      });
    }
  }
}

/** dW from dY and x; the images of maps that exceed a binding add up in order. */
function weightGradient({ gradient, x, dW, s, tile }: WeightGradientPass<Tensor>): void {
  windowPairs(x, gradient).forEach(({ x: inputs, y: outputs }, image) => {
    for (const output of outputs) {
      for (const input of inputs) weightWindow(dW, s, input, output, image > 0, tile);
    }
  });
}

// eslint-disable-next-line max-lines-per-function -- two dispatches and their parameters by name
function weightWindow(
  dW: Tensor,
  s: ConvShape,
  input: MapWindow,
  output: MapWindow,
  accumulate: boolean,
  tile: number | undefined,
): void {
  const { device } = dW;
  const taps = s.kh * s.kw;
  const { quadCount: quadsIn } = input;
  const ins = channelsOf(input, s.c);
  const { from: outFrom, count: outs } = channelsOf(output, s.o);
  const cols = quadsIn * taps;
  const pixels = input.imageCount * s.oh * s.ow;
  const plan = expectTile(
    planConvTileDw({ rows: outs, cols: cols * 4, pixels }, tileLimitsOf(device, tile)),
  );
  const part = device.empty([plan.splits, outs, cols * 4]);
  device.dispatch({
    kernel: 'conv/tile_conv_dw',
    label: 'conv tile dW',
    defines: tileDefines(plan.tile),
    bindings: { dy: output, x: input, part },
    params: {
      pixels,
      height: s.h,
      width: s.w,
      quads_in: quadsIn,
      x_base: input.base / 4,
      out_h: s.oh,
      out_w: s.ow,
      quads_out: output.quadCount,
      y_base: output.base / 4,
      stride: s.stride,
      dilation: s.dilation,
      pad: s.pad,
      taps,
      tap_cols: s.kw,
      cols,
      rows: outs,
      v_tiles: plan.vTiles,
      tiles: plan.vTiles * plan.sTiles,
      k_split: plan.kSplit,
    },
    workgroups: tileGrid(plan.vTiles * plan.sTiles, plan.splits),
    flops: 2 * pixels * outs * ins.count * taps,
  });
  const count = outs * ins.count * taps;
  device.dispatch({
    kernel: 'conv/tile_conv_dw_sum',
    label: 'conv tile dW sum',
    defines: { ACCUMULATE: accumulate },
    bindings: { part, dw: dW },
    params: {
      outs,
      ins: ins.count,
      taps,
      cols,
      splits: plan.splits,
      out_from: outFrom,
      in_from: ins.from,
      channels_in: s.c,
    },
    workgroups: grid1d(count),
  });
  part.dispose();
}

/** Tiles in workgroup memory, from buffers: what GPUs use. */
export const tileConv: BufferKernels = { reads: 'buffer', forward, inputGradient, weightGradient };
