import type { Defines } from './preprocess.js';

type Params = Readonly<Record<string, number | readonly number[]>>;
type Count = (p: (name: string) => number, defines: Defines) => number;

const taps2d: Count = (p) => p('kernel_h') * p('kernel_w');

/**
 * Floating point operations (a multiply and an add are two) of the kernels whose arithmetic matters,
 * from their parameters. Convolutions and products count those of the plain algorithm over real
 * elements, not what padding to tiles adds; a Winograd product counts what it does itself, which is
 * less than the convolution that it stands for.
 */
const counts: Readonly<Record<string, Count>> = {
  'gemm/naive_gemm': (p) => 2 * p('rows') * p('cols') * p('k'),
  'gemm/lane_gemm': (p) => 2 * p('rows') * p('cols') * p('k4') * 4 * p('layers'),
  'conv/naive_conv': (p, d) =>
    2 * p('batch') * p('out_h') * p('out_w') * span(p, 'out') * span(p, 'in') * taps2d(p, d),
  'conv/naive_conv_dx': (p, d) =>
    2 * p('batch') * p('out_h') * p('out_w') * span(p, 'out') * span(p, 'in') * taps2d(p, d),
  'conv/naive_conv_dw': (p, d) =>
    2 * p('batch') * p('out_h') * p('out_w') * span(p, 'out') * span(p, 'in') * taps2d(p, d),
  'conv/lane_conv': (p) => {
    const channels =
      Math.min(p('channels_out'), 4 * p('quad_to')) -
      Math.min(p('channels_out'), 4 * p('quad_from'));
    return 2 * p('batch') * p('grid_h') * p('grid_w') * channels * 4 * p('quads_in') * p('taps');
  },
  'conv/lane_conv_dw': (p, d) => {
    const tile = 4 * Number(d['LANES'] ?? 0);
    const area = p('batch') * p('out_h') * p('out_w');
    return 2 * area * p('co_panels') * tile * p('col_panels') * tile;
  },
};

/** Channels of one of naive_conv's windows. */
function span(p: (name: string) => number, side: 'in' | 'out'): number {
  return p(`${side}_to`) - p(`${side}_from`);
}

/** Operations of a launch; 0 for kernels that are not counted, which are bound by memory. Pure. */
export function flopsOf(kernel: string, defines: Defines, params: Params): number {
  const count = counts[kernel];
  if (!count) return 0;
  const total = count((name) => {
    const value = params[name];
    return typeof value === 'number' ? value : NaN;
  }, defines);
  return Number.isFinite(total) ? total : 0;
}
