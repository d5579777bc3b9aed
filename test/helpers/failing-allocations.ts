import type { Device } from '../../src/nn/index.js';

/** Named as the class that WebGPU reports. */
class GPUOutOfMemoryError {
  constructor(readonly message: string) {}
}

/**
 * Makes chosen allocations of a device fail the way a full GPU does: the call gives an invalid
 * buffer or texture, the error is reported, and everything that touches the object does nothing.
 */
export class FailingAllocations {
  readonly #gpu: GPUDevice;
  /** Allocations since this was made, failed ones included. */
  count = 0;
  failed = 0;
  /** Whether allocation number `count` (from 0) fails. */
  fails: (count: number) => boolean = () => false;

  constructor({ context }: Device) {
    const { gpu } = context;
    this.#gpu = gpu;
    const { createBuffer, createTexture } = gpu;
    gpu.createBuffer = (descriptor) =>
      createBuffer.call(gpu, this.#next() ? { size: descriptor.size, usage: 0 } : descriptor);
    gpu.createTexture = (descriptor) =>
      createTexture.call(gpu, this.#next() ? { ...descriptor, usage: 0 } : descriptor);
  }

  /** Reports a failure without an allocation. */
  report(): void {
    this.failed++;
    const error = new GPUOutOfMemoryError('the test has no memory left.\n - while testing');
    const event = { error, preventDefault: () => undefined };
    this.#gpu.onuncapturederror?.call(this.#gpu, event as unknown as GPUUncapturedErrorEvent);
  }

  #next(): boolean {
    const isFailing = this.fails(this.count++);
    if (!isFailing) return false;
    this.report();
    // The invalid object has an error of its own; the first one counts.
    return true;
  }

  [Symbol.dispose](): void {
    // The methods of the prototype are back.
    for (const name of ['createBuffer', 'createTexture']) Reflect.deleteProperty(this.#gpu, name);
  }
}
