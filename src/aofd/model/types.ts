/** Shape of the network: one graph for `paper` and `lite`; see `config/schema-model.ts`. */
export type { ModelConfig } from '../config/schema.js';

/** How the optimiser treats biases (AOFD-SPEC 1.13, J8). */
export interface BiasRule {
  lrMult: number;
  decayMult: number;
}
