import { bind, windowsOf, type BoundWindow, type Window } from '../../kernel/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { LinearShape } from './plan.js';

/** Rows of a weight, or of its gradient, bound. */
export type WeightWindow = Window & { bound: BoundWindow };

/** The rows of a weight, or of its gradient, in windows that fit a binding, at multiples of `panel` rows where it can be. */
export function weightWindows(weight: Tensor, { o, i }: LinearShape, panel = 1): WeightWindow[] {
  const limit = weight.device.context.bindingLimit;
  return windowsOf(o, { unitBytes: i * 4, limit, panel, unit: 'row of weights' }).map((window) => ({
    ...window,
    bound: bind(weight.buffer, i * 4, window),
  }));
}
