import { dropout as dropoutTwin } from '../../../../src/nn/twins/dropout.js';
import type { Layout, Tensor } from '../../../../src/nn/index.js';
import { dropout } from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { spread } from '../fill.js';

/** Place of logical element i in the storage order of a layout. */
function placeIn(shape: number[], layout: Layout): (i: number) => number {
  if (layout === 'row') return (i) => i;
  const [, c = 1, h = 1, w = 1] = shape;
  const hw = h * w;
  return (i) => {
    const p = i % hw;
    const channel = Math.floor(i / hw) % c;
    const b = Math.floor(i / hw / c);
    return ((b * Math.ceil(c / 4) + Math.floor(channel / 4)) * hw + p) * 4 + (channel % 4);
  };
}

function drop(shape: number[], layout: Layout, p: number, lowLimit?: number): OpCase {
  const options = { p, seed: 1234567, stream: 0x80000001 };
  const twin = (x: TwinArray): TwinArray =>
    dropoutTwin(x, p, options.seed, options.stream, placeIn(shape, layout));
  return {
    name: `dropout ${shape.join('x')} ${layout} p ${p}${lowLimit === undefined ? '' : ' in windows'}`,
    inputs: { x: { shape, layout, fill: spread() } },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    run: ({ x }) => dropout(x as Tensor, options),
    twin: ({ x }) => twin(x as TwinArray),
    twinGrad: (_, dY) => ({ x: twin(dY) }),
  };
}

export const cases: OpCase[] = [
  drop([1], 'row', 0.5),
  drop([0, 7], 'row', 0.5),
  drop([9, 37], 'row', 0.5),
  drop([9, 37], 'row', 0),
  drop([2, 5, 3, 7], 'c4', 0.3),
  drop([5, 333], 'row', 0.5, 1024),
];
