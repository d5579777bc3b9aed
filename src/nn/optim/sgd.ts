import type { Tensor } from '../tensor/tensor.js';
import { elementwise } from '../tensor/run-elementwise.js';
import { BufferedOptimizer } from './buffered.js';
import type { ParamList } from './params.js';

export interface SgdOptions {
  /** Default 0.9 (docs/spec.md 1.13). */
  momentum?: number;
  /** Default 5e-4; acts on biases too unless their decayMult is 0 (J8). */
  weightDecay?: number;
  /**
   * Whether momentum and decay still act on a parameter without a gradient, as in Caffe
   * (docs/spec.md J20). Default true.
   */
  updatesWithoutGradient?: boolean;
}

/**
 * SGD with momentum by Caffe's rule: g' = g + weightDecay·decayMult·w,
 * v = momentum·v + lr·lrMult·g', w = w - v. The learning rate is inside the velocity, so a change
 * of rate acts on later gradients only. Buffers: `<param>.momentum`.
 */
export class Sgd extends BufferedOptimizer {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly updatesWithoutGradient: boolean;

  constructor(params: ParamList, options: SgdOptions = {}) {
    super('Sgd', params, ['momentum']);
    this.momentum = options.momentum ?? 0.9;
    this.weightDecay = options.weightDecay ?? 5e-4;
    this.updatesWithoutGradient = options.updatesWithoutGradient ?? true;
  }

  protected update(lr: number, clip: Tensor | null): void {
    for (const { param, lrMult, decayMult } of this.specs) {
      if (!param.requiresGrad || lrMult === 0) continue;
      const { grad } = param;
      if (!grad && !this.updatesWithoutGradient) continue;
      const velocity = this.buffers.get(param, 'momentum');
      const rule = {
        rate: lr * lrMult,
        momentum: this.momentum,
        decay: this.weightDecay * decayMult,
      };
      elementwise({
        kernel: 'optim/sgd',
        defines: { GRAD: grad !== null, CLIP: grad !== null && clip !== null },
        tensors: { w: param, v: velocity, ...(grad && { g: grad }) },
        ...(grad && clip && { whole: { clip } }),
        quads: true,
        params: () => rule,
      });
    }
  }
}
