import { NnError } from '../errors.js';
import type { Device } from './device.js';

export function isOutOfMemory(error: unknown): error is NnError {
  return error instanceof NnError && error.code === 'out-of-memory';
}

/**
 * Runs `work`; where an allocation fails meanwhile, gives back everything that is kept for reuse and
 * runs it once more. `work` must be able to start over. When this resolves, no allocation of `work`
 * has failed, even where nothing of it was awaited.
 *
 * A device that is out of memory goes on: what touches the missing buffer does nothing, and whoever
 * checks next is told, which may be somebody else who waits for earlier work. So it is the device's
 * own record that counts here, not what `work` throws.
 */
export async function retryOutOfMemoryAsync<T>(
  device: Device,
  work: () => Promise<T>,
  onRetry?: (error: NnError) => void,
): Promise<T> {
  device.flush(); // a submit with an invalid command in it does nothing: earlier ones must not share it
  try {
    device.context.check();
  } catch (error) {
    // Noted before this work began: its own two attempts are still to come.
    if (!isOutOfMemory(error)) throw error;
    await giveBackAsync(device);
  }
  try {
    return await attemptAsync(device, work);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    onRetry?.(error);
    await giveBackAsync(device);
    return attemptAsync(device, work);
  }
}

async function attemptAsync<T>(device: Device, work: () => Promise<T>): Promise<T> {
  const { context } = device;
  const before = context.faults.memory.count;
  const failure = (): NnError | null =>
    context.faults.memory.count > before ? context.faults.memory.last : null;
  let result: T;
  try {
    result = await work();
    await context.reportedAsync();
  } catch (error) {
    throw failure() ?? error;
  }
  const unnoticed = failure();
  if (unnoticed) throw unnoticed;
  return result;
}

/** Frees everything that can be made again: what is kept for reuse, and what derives from tensors. */
export async function giveBackAsync(device: Device): Promise<void> {
  // Also because a mirror may have been made from memory that was not there.
  device.dropDerived();
  await device.context.giveBackAsync();
}
