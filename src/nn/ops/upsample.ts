import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { bind, type Window } from '../kernel/windows.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapCapabilitiesOf } from './capabilities.js';
import { mapDims, runMapKernel } from './map-kernel.js';
import { planUpsample, type MapSource } from './map-plan.js';
import { arrayView, mapTexture } from './texture.js';

export interface UpsampleOptions {
  /** 2, 4, 8 or 16. */
  scale: number;
  /** Output size in pixels, at most scale times the input; the rest is cropped. Default: all. */
  outH?: number;
  outW?: number;
  /** Where the input is read from; chosen by adapter when absent. */
  source?: MapSource;
}

function checkCrop(op: string, size: readonly number[], full: readonly number[]): void {
  const fits = size.every((s, i) => Number.isInteger(s) && s >= 1 && s <= (full[i] as number));
  if (fits) return;
  throw new NnError(
    'shape',
    `${op}: the output must be 1x1 to ${full.join('x')} (the upsampled map), got ${size.join('x')}.`,
    { fix: 'ask for a size that the upsampled map covers.' },
  );
}

function bilinearFromTexture(
  x: Tensor,
  y: Tensor,
  inverse: number,
  windows: readonly Window[],
): void {
  const [, c, h, w] = dims4(x.shape);
  const [, , oh, ow] = dims4(y.shape);
  for (const window of windows) {
    const out = bind(y.buffer, oh * ow * 16, window);
    x.device.dispatch({
      kernel: 'resize/bilinear_texture',
      bindings: { x_map: arrayView(mapTexture(x)), y: out },
      params: {
        h,
        w,
        oh,
        ow,
        first_plane: window.start,
        quads: quads(c),
        y_base: out.base,
        inverse,
      },
      workgroups: [Math.ceil(ow / 32), Math.ceil(oh / 8), window.count],
    });
  }
}

/**
 * Bilinear upsampling with half-pixel centres and edge clamp, cropped top-left: x c4
 * [N, C, H, W] to c4 [N, C, outH, outW] (docs/spec.md 4.3: x16 for the segmentation scores).
 */
export function upsampleBilinear(x: Tensor, options: UpsampleOptions): Tensor {
  const [n, c, h, w] = mapDims('upsampleBilinear', x);
  const { scale, outH: oh = h * scale, outW: ow = w * scale } = options;
  if (![2, 4, 8, 16].includes(scale)) {
    throw new NnError('argument', `upsampleBilinear: scale must be 2, 4, 8 or 16, got ${scale}.`);
  }
  checkCrop('upsampleBilinear', [oh, ow], [h * scale, w * scale]);
  const inverse = 1 / scale;
  const y = x.device.empty([n, c, oh, ow], { layout: 'c4' });
  const plan = planUpsample({ n, c, h, w, oh, ow }, mapCapabilitiesOf(x.device), options.source);
  if (plan.source === 'texture') bilinearFromTexture(x, y, inverse, plan.windows);
  else {
    runMapKernel({
      kernel: 'resize/bilinear',
      x: { x },
      y: { y },
      params: { h, w, oh, ow, inverse },
      grid: { height: oh, width: ow },
      windows: plan.windows,
    });
  }
  record({
    op: 'upsampleBilinear',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const rows = x.device.empty([n, c, h, ow], { layout: 'c4' });
      runMapKernel({
        kernel: 'resize/bilinear_backward',
        defines: { AXIS: 0 },
        x: { dX: rows },
        y: { dY },
        params: { h, w: ow, outputs: oh, scale, last: h - 1, inverse },
        // One invocation per pixel, where the grid counts 4 per column.
        grid: { height: h, width: Math.ceil(ow / 4) },
      });
      const dX = x.device.empty(x.shape, { layout: 'c4' });
      runMapKernel({
        kernel: 'resize/bilinear_backward',
        defines: { AXIS: 1 },
        x: { dX },
        y: { dY: rows },
        params: { h, w, outputs: ow, scale, last: w - 1, inverse },
        grid: { height: h, width: Math.ceil(w / 4) },
      });
      rows.dispose();
      return [dX];
    },
  });
  return y;
}

/** Nearest upsampling by 2, cropped top-left: x c4 [N, C, H, W] to c4 [N, C, outH, outW]. */
export function upsampleNearest2x(x: Tensor, outH?: number, outW?: number): Tensor {
  const [n, c, h, w] = mapDims('upsampleNearest2x', x);
  const [oh, ow] = [outH ?? 2 * h, outW ?? 2 * w];
  checkCrop('upsampleNearest2x', [oh, ow], [2 * h, 2 * w]);
  const y = x.device.empty([n, c, oh, ow], { layout: 'c4' });
  const params = { h, w, oh, ow };
  runMapKernel({
    kernel: 'resize/nearest',
    x: { x },
    y: { y },
    params,
    // One invocation per input pixel, where the grid counts 4 per column.
    grid: { height: h, width: Math.ceil(w / 4) },
  });
  record({
    op: 'upsampleNearest2x',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = x.device.empty(x.shape, { layout: 'c4' });
      runMapKernel({
        kernel: 'resize/nearest_backward',
        x: { dX },
        y: { dY },
        params,
        grid: { height: h, width: w },
      });
      return [dX];
    },
  });
  return y;
}
