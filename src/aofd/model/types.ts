/** Shape of the network: one graph for `paper` and `lite`; see `config/schema-model.ts`. */
export type { ModelConfig } from '../config/schema.js';

/** How the optimiser treats biases (docs/spec.md 1.13, J8). */
export interface BiasRule {
  lrMult: number;
  decayMult: number;
}
