/** What the plans of convolutions and linear layers share: an algorithm for each of three passes. */
import { passes, type Pass, type TunedLayer } from './tuning/table.js';
import type { TileLimits, TilePlan } from './tile-plan.js';

export interface PassPlan<A extends string> extends Record<Pass, A> {
  /** Why, in a few words. */
  reason: string;
  /** How the tile kernels cut each pass (of a whole map or weight; windows are cut alike). */
  tiles?: Record<Pass, TilePlan>;
  /** Tiles that a tuned table names for passes of algorithm `tile`. */
  tuned?: Partial<Record<Pass, number>>;
}

/** One algorithm for every pass. */
export function everywhere<A extends string>(algorithm: A, reason: string): PassPlan<A> {
  return { forward: algorithm, inputGradient: algorithm, weightGradient: algorithm, reason };
}

/** How `obeyMeasured` learns what is possible. */
export interface MeasuredRules<A extends string> {
  algorithms: readonly A[];
  tile: TileLimits | undefined;
  /** The plan with this algorithm forced: it keeps the algorithm where that is possible. */
  force(algorithm: A, tile: TileLimits | undefined): PassPlan<A>;
  /** Further conditions of a pass; default none. */
  allows?(algorithm: A, pass: Pass): boolean;
}

/** The plan with the measured choices that are possible here. */
export function obeyMeasured<A extends string>(
  plan: PassPlan<A>,
  measured: TunedLayer,
  rules: MeasuredRules<A>,
): PassPlan<A> {
  const result = { ...plan, tuned: { ...plan.tuned } };
  let isChanged = false;
  for (const pass of passes) {
    const choice = measured[pass];
    const algorithm = rules.algorithms.find((name) => name === choice?.algorithm);
    if (!choice || !algorithm) continue;
    if (rules.allows && !rules.allows(algorithm, pass)) continue;
    const tile =
      rules.tile && choice.tile !== undefined ? { ...rules.tile, tile: choice.tile } : rules.tile;
    if (rules.force(algorithm, tile)[pass] !== algorithm) continue;
    (result as Record<Pass, A>)[pass] = algorithm;
    if (algorithm === 'tile' && choice.tile !== undefined) result.tuned[pass] = choice.tile;
    isChanged = true;
  }
  return isChanged ? { ...result, reason: `measured (rules: ${plan.reason})` } : plan;
}
