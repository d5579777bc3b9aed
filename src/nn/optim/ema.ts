import type { Tensor } from '../tensor/tensor.js';
import { Buffers, normalizeParams, type SavedValue } from './params.js';
import { runSlots, slotsOf } from './slots.js';

export interface EmaOptions {
  /** Share of the old average that is kept at each update. Default 0.999. */
  decay?: number;
  /** Lower the decay to (1 + t) / (10 + t) at the start, so that old weights fade. Default true. */
  warmUp?: boolean;
}

/**
 * Moving average of parameters on the device: shadow = d·shadow + (1 - d)·w after each step. It
 * starts as a copy of the parameters. Buffers: `<param>.ema`.
 */
export class Ema {
  readonly decay: number;
  readonly warmUp: boolean;
  readonly #params: Tensor[];
  readonly #buffers: Buffers;
  #updates = 0;

  constructor(params: readonly Tensor[], options: EmaOptions = {}) {
    this.decay = options.decay ?? 0.999;
    this.warmUp = options.warmUp ?? true;
    this.#params = normalizeParams(params).map((s) => s.param);
    this.#buffers = new Buffers(this.#params, ['ema']);
    for (const param of this.#params) param.device.copy(param, this.shadow(param));
  }

  /** Number of updates done. */
  get updates(): number {
    return this.#updates;
  }

  /** The average of this parameter; owned by this object. */
  shadow(param: Tensor): Tensor {
    return this.#buffers.get(param, 'ema');
  }

  update(): void {
    this.#updates++;
    const t = this.#updates;
    const keep = this.warmUp ? Math.min(this.decay, (1 + t) / (10 + t)) : this.decay;
    const slots = this.#params.flatMap((w) => {
      const shadow = this.shadow(w);
      return slotsOf({ shadow, w });
    });
    const { device } = this.#params[0] ?? {};
    if (!device) return;
    runSlots(device, 'optim/ema', slots, { params: () => ({ keep, take: 1 - keep }) });
  }

  /**
   * Exchanges parameters and averages: call it before an evaluation and again after it, without
   * `update` in between.
   */
  swap(): void {
    for (const param of this.#params) {
      const { device } = param;
      const held = device.empty(param.shape, { layout: param.layout });
      const shadow = this.shadow(param);
      device.copy(param, held);
      device.copy(shadow, param);
      device.copy(held, shadow);
      held.dispose();
    }
  }

  state(): Map<string, Tensor> {
    return this.#buffers.all();
  }

  load(values: ReadonlyMap<string, SavedValue>, updates: number): void {
    this.#buffers.load('Ema', values);
    this.#updates = updates;
  }

  dispose(): void {
    this.#buffers.dispose();
  }
}
