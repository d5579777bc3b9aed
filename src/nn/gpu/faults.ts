import { NnError, deviceLostError, outOfMemoryError } from '../errors.js';
import type { PoolStats } from './pool.js';

/** What went wrong on a device: it was lost, ran out of memory, or refused a call. */
export class Faults {
  readonly #gpu: GPUDevice;
  #isClosing = false;
  #lost: NnError | null = null;
  #uncaptured: NnError | null = null;
  #memory: { readonly count: number; readonly last: NnError | null } = { count: 0, last: null };

  /** @param pools statistics that messages about memory quote */
  constructor(gpu: GPUDevice, pools: readonly Readonly<PoolStats>[]) {
    this.#gpu = gpu;
    void gpu.lost.then((info) => {
      // "destroyed" is also what a browser says that takes the device back, which nobody here asked for.
      if (this.#isClosing) return;
      this.#lost ??= deviceLostError(info.message || info.reason);
    });
    gpu.onuncapturederror = (event) => {
      // It is thrown by the next check; without this the implementation prints it as well.
      event.preventDefault();
      const { message } = event.error;
      if (event.error.constructor.name !== 'GPUOutOfMemoryError') {
        this.#uncaptured ??= new NnError('gpu-error', message, { kind: 'internal' });
        return;
      }
      const error = outOfMemoryError(message, pools);
      this.#memory = { count: this.#memory.count + 1, last: error };
      this.#uncaptured ??= error;
    };
  }

  /** The device is about to be destroyed by us: its loss is no fault. */
  expectLoss(): void {
    this.#isClosing = true;
  }

  /** Why the device cannot be used any more, or null. */
  get lost(): NnError | null {
    return this.#lost;
  }

  /** Failures to allocate so far, whether or not `check` has reported them. */
  get memory(): { readonly count: number; readonly last: NnError | null } {
    return this.#memory;
  }

  /** The device must not be used any more, for this reason, unless there was one before. */
  giveUp(error: NnError): void {
    this.#lost ??= error;
  }

  /** Throws the first error that the device reported since the last check. */
  check(): void {
    if (this.#lost) throw this.#lost;
    const error = this.#uncaptured;
    this.#uncaptured = null;
    if (error) throw error;
  }

  /**
   * Hears no more of the device, which is closed. A callback that native code holds keeps the device
   * from being collected, with its threads and memory.
   */
  close(): void {
    this.#gpu.onuncapturederror = null;
  }

  /** Forgets what was reported and not yet thrown; a lost device stays lost. */
  forgive(): void {
    this.#uncaptured = null;
  }
}
