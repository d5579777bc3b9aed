import type { Tensor } from '../tensor/tensor.js';
import { BufferedOptimizer } from './buffered.js';
import type { ParamList } from './params.js';
import { runSlots, slotsOf } from './slots.js';

export interface AdamWOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Decoupled: w shrinks by lr·lrMult·weightDecay·decayMult a step. Default 0.01. */
  weightDecay?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019) and bias correction. Parameters
 * without a gradient are left alone. Buffers: `<param>.m` and `<param>.v`.
 */
export class AdamW extends BufferedOptimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;

  constructor(params: ParamList, options: AdamWOptions = {}) {
    super('AdamW', params, ['m', 'v']);
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-8;
    this.weightDecay = options.weightDecay ?? 0.01;
  }

  protected update(lr: number, clip: Tensor | null): void {
    const { beta1, beta2, epsilon } = this;
    const correction1 = 1 / (1 - beta1 ** this.steps);
    const correction2 = 1 / (1 - beta2 ** this.steps);
    const slots = this.specs.flatMap(({ param, lrMult, decayMult }) => {
      const { grad: g } = param;
      if (!g || !param.requiresGrad || lrMult === 0) return [];
      const [m, v] = [this.buffers.get(param, 'm'), this.buffers.get(param, 'v')];
      const rate = lr * lrMult;
      return slotsOf({ w: param, m, v, g }, [
        rate * correction1,
        rate * this.weightDecay * decayMult,
      ]);
    });
    const { device } = this.specs[0]?.param ?? {};
    if (!device) return;
    runSlots(device, 'optim/adamw', slots, {
      defines: { CLIP: clip !== null },
      ...(clip && { whole: { clip } }),
      params: () => ({
        beta1,
        beta2,
        correction2,
        epsilon,
        rest1: 1 - beta1,
        rest2: 1 - beta2,
      }),
    });
  }
}
