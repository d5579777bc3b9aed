import {
  toAnchorRows as anchorRowsTwin,
  toAnchorRowsBackward as anchorRowsTwinGrad,
  concat as concatTwin,
  copy as copyTwin,
  gatherRows as gatherTwin,
  gatherRowsBackward as gatherTwinGrad,
  slice as sliceTwin,
  sliceBackward as sliceTwinGrad,
} from '../../../../src/nn/twins/layout.js';
import type { Layout, Tensor } from '../../../../src/nn/index.js';
import {
  concatChannels,
  concatRows,
  gatherRows,
  reshape,
  sliceRows,
  toAnchorRows,
  toC4,
  toRow,
} from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { mapShapes, oneOf, spread, whole } from '../fill.js';

const fill = spread();

function conversion(shape: number[], from: Layout, lowLimit?: number): OpCase {
  const run = from === 'c4' ? toRow : toC4;
  return {
    name: `${from === 'c4' ? 'toRow' : 'toC4'} ${shape.join('x')}${lowLimit === undefined ? '' : ' in windows'}`,
    inputs: { x: { shape, layout: from, fill } },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    run: ({ x }) => run(x as Tensor),
    twin: ({ x }) => copyTwin(x as TwinArray),
    twinGrad: (_, dY) => ({ x: dY }),
  };
}

function anchorRows(
  shape: number[],
  anchors: number,
  order: 'planar' | 'interleaved',
  lowLimit?: number,
): OpCase {
  return {
    name: `toAnchorRows ${shape.join('x')} ${anchors} ${order}${lowLimit === undefined ? '' : ' in windows'}`,
    ...(lowLimit === undefined ? {} : { lowLimit }),
    inputs: { x: { shape, layout: 'c4', fill } },
    run: ({ x }) => toAnchorRows(x as Tensor, { anchors, order }),
    twin: ({ x }) => anchorRowsTwin(x as TwinArray, anchors, order),
    twinGrad: ({ x }, dY) => ({ x: anchorRowsTwinGrad(x as TwinArray, anchors, order, dY) }),
  };
}

function concat(
  op: 'rows' | 'channels',
  layout: Layout,
  sizes: number[],
  rest: number[],
  lowLimit?: number,
): OpCase {
  const axis = op === 'rows' ? 0 : 1;
  const names = sizes.map((_, i) => `x${i}`);
  const shapeOf = (size: number): number[] =>
    axis === 0 ? [size, ...rest] : [rest[0] as number, size, ...rest.slice(1)];
  const list = <T>(t: Record<string, T>): T[] => names.map((n) => t[n] as T);
  return {
    name: `concat ${op} ${sizes.join('+')} of ${rest.join('x')} ${layout}${lowLimit === undefined ? '' : ' in windows'}`,
    ...(lowLimit === undefined ? {} : { lowLimit }),
    inputs: Object.fromEntries(
      sizes.map((size, i) => [`x${i}`, { shape: shapeOf(size), layout, fill }]),
    ),
    run: (t) => (op === 'rows' ? concatRows(list(t)) : concatChannels(list(t))),
    twin: (a) => concatTwin(list(a), axis),
    twinGrad: (_, dY) => {
      let start = 0;
      return Object.fromEntries(
        sizes.map((size, i) => {
          const part = sliceTwin(dY, start, size, axis);
          start += size;
          return [`x${i}`, part];
        }),
      );
    },
  };
}

function slice(shape: number[], layout: Layout, start: number, count: number): OpCase {
  return {
    name: `sliceRows ${shape.join('x')} ${layout} ${start}+${count}`,
    inputs: { x: { shape, layout, fill } },
    run: ({ x }) => sliceRows(x as Tensor, start, count),
    twin: ({ x }) => sliceTwin(x as TwinArray, start, count),
    twinGrad: ({ x }, dY) => ({ x: sliceTwinGrad(x as TwinArray, start, dY) }),
  };
}

function gather(rows: number, k: number, picked: number, low: number, high: number): OpCase {
  return {
    name: `gatherRows ${rows}x${k} at ${picked} of ${low}..${high - 1}`,
    inputs: {
      x: { shape: [rows, k], fill },
      index: { shape: [picked], dtype: 'i32', fill: whole(low, high) },
    },
    run: ({ x, index }) => gatherRows(x as Tensor, index as Tensor),
    twin: ({ x, index }) => gatherTwin(x as TwinArray, index as TwinArray),
    twinGrad: ({ x, index }, dY) => ({
      x: gatherTwinGrad(x as TwinArray, index as TwinArray, dY),
    }),
  };
}

export const cases: OpCase[] = [
  ...[...mapShapes, [0, 3, 2, 2]].flatMap((s) => [conversion(s, 'c4'), conversion(s, 'row')]),
  conversion([2, 11, 5, 7], 'c4', 2048),
  conversion([2, 11, 5, 7], 'row', 2048),
  {
    name: 'reshape',
    inputs: { x: { shape: [3, 4, 5], fill } },
    run: ({ x }) => reshape(x as Tensor, [6, 10]),
    twin: ({ x }) => copyTwin(x as TwinArray, [6, 10]),
    twinGrad: ({ x }, dY) => ({ x: copyTwin(dY, (x as TwinArray).shape) }),
  },
  anchorRows([1, 24, 3, 5], 12, 'planar'),
  anchorRows([1, 48, 3, 5], 12, 'interleaved'),
  anchorRows([2, 6, 1, 1], 3, 'planar'),
  anchorRows([2, 9, 4, 3], 3, 'interleaved'),
  anchorRows([2, 1, 2, 3], 1, 'planar'),
  anchorRows([3, 24, 9, 7], 6, 'planar', 8192),
  anchorRows([3, 23, 9, 7], 1, 'interleaved', 8192),
  concat('rows', 'row', [3, 1, 4], [5]),
  concat('rows', 'row', [2, 0, 3], [3, 2]),
  concat('rows', 'c4', [1, 2], [5, 3, 3]),
  concat('channels', 'c4', [4, 8, 4], [1, 5, 3]),
  concat('channels', 'c4', [4, 12], [3, 5, 3]),
  concat('channels', 'c4', [4, 8], [9, 2, 2]),
  concat('channels', 'c4', [3, 1, 6, 5], [2, 4, 3]),
  concat('channels', 'c4', [3, 13, 6, 5], [2, 9, 7], 4096),
  concat('channels', 'c4', [4, 12], [9, 9, 7], 4096),
  concat('channels', 'c4', [4, 3], [1, 1, 1]),
  concat('channels', 'c4', [1], [2, 3, 3]),
  slice([7, 3], 'row', 2, 4),
  slice([7, 3], 'row', 0, 0),
  slice([3, 5, 2, 2], 'c4', 1, 2),
  gather(9, 4, 6, 0, 9),
  gather(5, 3, 40, -2, 8), // rows that repeat and numbers that are no rows
  gather(70, 130, 3, 0, 70),
  gather(4, 1, 1, 0, 4),
  gather(4, 2, 0, 0, 4),
  {
    name: 'gatherRows by u32',
    inputs: {
      x: { shape: [6, 2], fill },
      index: { shape: [4], dtype: 'u32', fill: oneOf(0, 3, 5) },
    },
    run: ({ x, index }) => gatherRows(x as Tensor, index as Tensor),
    twin: ({ x, index }) => gatherTwin(x as TwinArray, index as TwinArray),
  },
];
