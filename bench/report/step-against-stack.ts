/**
 * A training step of `paper` against what another library needs for the convolution stack alone: their
 * run of the whole stack, held against the sum of its layers, or that sum where they could not run it.
 */
import { firstTrained, vggLayers } from '../cases/vgg-layers.js';
import { paperStep } from '../cases/stack.js';
import { pairedRatio, spreadOf } from '../measure/stats.js';
import { entryOf } from './summary.js';
import { figuresOf, type Figure } from '../measure/figure.js';
import type { Maker, Pass } from '../measure/case.js';
import type { Report } from './report.js';
import type { Spread } from '../measure/stats.js';

/**
 * Wall time of `maker`'s convolutions, one by one, that a forward and backward pass over the stack at
 * `side` needs: every layer forward, weight gradients from conv3_1 on, input gradients from conv3_2 on.
 * ReLU's and the pools' gradients are not in it.
 * @returns milliseconds; null where one of the layers was not measured
 */
export function layerSumMs(report: Report, maker: Maker, side: number): number | null {
  let sum = 0;
  for (const [i, { inChannels: c, outChannels: o, stride }] of vggLayers().entries()) {
    const passes: Pass[] = ['forward'];
    if (i >= firstTrained) passes.push('weightGradient');
    if (i > firstTrained) passes.push('inputGradient');
    for (const pass of passes) {
      const found = report.cases.find(
        ({ work: w }) =>
          w.kind === 'conv' && w.pass === pass && w.c === c && w.o === o && w.h === side / stride,
      );
      const timing = found && entryOf(found, maker)?.timing;
      if (!timing) return null;
      sum += timing.wallMs.median;
    }
  }
  return sum;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The comparison as a figure; none where either side was not measured. */
export function stepFigures(report: Report, maker: Maker = 'tfjs-webgpu'): Figure[] {
  const stack = report.cases.find((c) => c.work.kind === 'stack' && c.work.pass === 'training');
  if (stack?.work.kind !== 'stack') return [];
  const { side } = stack.work;
  const step = entryOf(stack, 'aofd', paperStep)?.timing;
  if (!step) return [];
  const whole = entryOf(stack, maker)?.timing;
  const sumMs = layerSumMs(report, maker, side);
  let spread: Spread;
  let note: string;
  if (whole) {
    spread = pairedRatio(step, whole);
    const share =
      sumMs === null
        ? ''
        : `, of which its convolutions one by one are ${Math.round((100 * sumMs) / whole.wallMs.median)} %`;
    note = `our whole step ${seconds(step.wallMs.median)}, their stack alone ${seconds(whole.wallMs.median)} measured as a whole${share}`;
  } else if (sumMs !== null) {
    spread = spreadOf(step.rounds.map(({ wallMs }) => sumMs / wallMs));
    note = `our whole step ${seconds(step.wallMs.median)}, their convolutions ${seconds(sumMs)} as a sum over the layers, ReLU and pools left out`;
  } else return [];
  const name = `training step of paper at ${side}x${side} against ${maker} for its convolution stack alone, forward + backward`;
  return [figuresOf('peers')(name, spread, 'x', note)];
}
