import { concatRows, handled, type Tensor } from '../../../nn/index.js';

/** One term of the objective. */
export interface WeightedLoss {
  readonly name: string;
  /** Scalar [1]. */
  readonly value: Tensor;
  /** Its factor in the sum that is differentiated; negative where the loss is to grow. */
  readonly weight: number;
}

/** Losses by name, in the order in which they were computed, and their weighted sum. */
export type NamedLosses = Record<string, number>;

/** What a tape's backward pass starts from; `scale` is a factor of all losses. */
export function seedsOf(
  losses: readonly WeightedLoss[],
  scale: number,
): (readonly [Tensor, number])[] {
  return losses.map(({ value, weight }) => [value, weight * scale]);
}

/** Means over the batches of an update; of a loss that some of them lack, over the others. */
export function meanLosses(batches: readonly NamedLosses[]): NamedLosses {
  const names = new Set(batches.flatMap((losses) => Object.keys(losses)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = batches.flatMap((losses) => losses[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}

/**
 * Starts reading the losses (one readback); their weighted sum, without the scale of `seedsOf`, is
 * added under `totalName`. Nothing at all where there are no losses.
 */
export function readLosses(
  losses: readonly WeightedLoss[],
  totalName: string,
): Promise<NamedLosses> {
  if (losses.length === 0) return Promise.resolve({});
  const reading = concatRows(losses.map(({ value }) => value)).readAsync('losses');
  // Whoever awaits the losses sees a failure; until then it must not count as unhandled.
  return handled(
    reading.then((values) => {
      const out: NamedLosses = {};
      let total = 0;
      losses.forEach(({ name, weight }, i) => {
        out[name] = values[i] as number;
        total += weight * (values[i] as number);
      });
      out[totalName] = total;
      return out;
    }),
  );
}
