/** The backward pass of an operation alone: forward is recorded and settled before the clock starts. */
import { Tape, type Device, type Tensor } from '../../src/nn/index.js';
import type { Prepared } from '../measure/case.js';

export interface BackwardWork extends Required<Pick<Prepared, 'beforeAsync' | 'runAsync'>> {
  /** Frees the gradient, dY and what is left of a recorded forward pass. */
  dispose(): void;
}

/**
 * @param leaf the only tensor that asks for a gradient; the caller owns it
 * @param forward records the operation
 * @param upstream values of dY for an output of so many elements; asked for once
 */
export function backwardWork(
  device: Device,
  leaf: Tensor,
  forward: () => Tensor,
  upstream: (size: number) => Float32Array,
): BackwardWork {
  leaf.requiresGrad = true;
  /** A recorded pass. Its scope holds what forward saved, until backward has run. */
  let recorded: { tape: Tape; y: Tensor; scope: Disposable | null } | null = null;
  let dY: Tensor | null = null;
  const clear = (): void => {
    leaf.grad?.dispose();
    leaf.grad = null;
    recorded?.tape[Symbol.dispose]();
    recorded?.y.dispose();
    recorded?.scope?.[Symbol.dispose]();
    recorded = null;
  };
  return {
    async beforeAsync() {
      clear();
      const scope = device.scope();
      const tape = new Tape(device);
      const y = scope.release(forward());
      recorded = { tape, y, scope };
      device.tape = null; // recorded; others take their turns while this tape waits
      dY ??= scope.release(device.tensor(upstream(y.size), y.shape, { layout: y.layout }));
      dY.freeDerived(); // every step has a new one
      await device.settledAsync();
    },
    async runAsync() {
      const { tape, y, scope } = recorded as NonNullable<typeof recorded>;
      try {
        tape.backward([[y, dY as Tensor]]);
        await device.settledAsync();
      } finally {
        scope?.[Symbol.dispose]();
        (recorded as NonNullable<typeof recorded>).scope = null;
      }
    },
    dispose() {
      clear();
      dY?.dispose();
    },
  };
}
