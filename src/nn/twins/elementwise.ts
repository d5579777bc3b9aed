import { at, logistic, nd, type TwinArray } from './nd.js';

function map(a: TwinArray, f: (v: number, i: number) => number): TwinArray {
  const y = nd(a.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(at(a, i), i);
  return y;
}

export const relu = (x: TwinArray): TwinArray => map(x, (v) => (v > 0 ? v : 0));

export const reluBackward = (x: TwinArray, dY: TwinArray): TwinArray =>
  map(x, (v, i) => (v > 0 ? at(dY, i) : 0));

export const sigmoid = (x: TwinArray): TwinArray => map(x, logistic);

export const sigmoidBackward = (x: TwinArray, dY: TwinArray): TwinArray =>
  map(x, (v, i) => at(dY, i) * logistic(v) * (1 - logistic(v)));

export const add = (a: TwinArray, b: TwinArray): TwinArray => map(a, (v, i) => v + at(b, i));

export const mulElement = (a: TwinArray, b: TwinArray): TwinArray => map(a, (v, i) => v * at(b, i));

export const scale = (x: TwinArray, factor: number): TwinArray => map(x, (v) => factor * v);

export const oneMinus = (x: TwinArray): TwinArray => map(x, (v) => 1 - v);
