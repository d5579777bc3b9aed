import { TrainError } from '../errors.js';
import type { NamedLosses } from './losses/weighted.js';

/** A loss or the gradient is infinite or not a number. */
export function nonFiniteError(what: {
  step: number;
  losses: NamedLosses;
  gradNorm: number;
  ids: readonly string[];
  parameters: readonly string[];
  lastCheckpoint: string | null;
}): TrainError {
  const losses = Object.entries(what.losses)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const broken =
    what.parameters.length === 0
      ? ''
      : `; not finite after the update: ${what.parameters.slice(0, 5).join(', ')}` +
        (what.parameters.length > 5 ? ` and ${what.parameters.length - 5} more` : '');
  return new TrainError(
    'non-finite',
    `update ${what.step}: a loss or gradient is not finite (${losses}, gradient norm ${what.gradNorm}) ` +
      `on images ${what.ids.join(', ')}${broken}. Last checkpoint: ${what.lastCheckpoint ?? 'none'}.`,
    {
      fix: what.lastCheckpoint
        ? 'go on with --resume and a lower learning rate (--set optim.lr=...) or optim.clipNorm=10; check the boxes of these images.'
        : 'lower optim.lr, set optim.clipNorm=10, and check the boxes of these images.',
    },
  );
}
