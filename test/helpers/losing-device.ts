import { Device, NnError } from '../../src/nn/index.js';
import { deviceLostError } from '../../src/nn/errors.js';
import type { Platform } from '../../src/nn/platform/index.js';

/** A device of its own that is lost at a chosen wait: everything that anybody awaits of it counts as one. */
export class LosingDevice {
  readonly device: Device;
  /** Waits since this was made, or since `count` was set. */
  count = 0;
  /** The wait, from 0, at which the device is lost. */
  loseAt = Infinity;

  private constructor(device: Device) {
    this.device = device;
    const { context } = device;
    const { platform } = context;
    const settle: Platform['settle'] = (promise, maxSleepMs) => {
      if (this.count++ === this.loseAt) {
        context.faults.giveUp(deviceLostError('the test pulled the plug'));
        context.gpu.destroy();
      }
      return platform.settle(promise, maxSleepMs);
    };
    Object.defineProperty(context, 'platform', { value: { ...platform, settle } });
  }

  static async createAsync(): Promise<LosingDevice> {
    return new LosingDevice(await Device.createAsync());
  }
}

/** What `work` rejects with, and the promises that failed meanwhile without anybody to hear of it. */
export async function failureAsync(
  work: () => Promise<unknown>,
): Promise<{ error: unknown; unhandled: unknown[] }> {
  const unhandled: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => unhandled.push(reason));
  try {
    const error: unknown = await work().then(
      () => null,
      (reason: unknown) => reason,
    );
    // Node reports them after the microtasks of a turn; what natives reject comes in later turns.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    return { error, unhandled };
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  }
}

/** Which waits to try, of `count`: the last `all` of them, every one, and of those before some. */
export function someOf(count: number, all: number, step: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter(
    (i) => i >= count - all || i < 2 || i % step === 0,
  );
}

export const isLost = (error: unknown): boolean =>
  error instanceof NnError && error.code === 'device-lost' && error.kind === 'device';
