import type { TensorDevice } from '../../nn/index.js';

/** Runs `work` with the tape off: nothing in it is recorded for backward. */
export function withoutGrad<T>(device: TensorDevice, work: () => T): T {
  const tape = device.tape;
  device.tape = null;
  try {
    return work();
  } finally {
    device.tape = tape;
  }
}
