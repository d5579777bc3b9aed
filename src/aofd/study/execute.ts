/** Runs what a plan has open, one node after the other, and keeps going where one fails. */
import { Device, NnError } from '../../nn/index.js';
import { detectNodeAsync } from './nodes/detect.js';
import { showNodeAsync } from './nodes/show.js';
import { trainNodeAsync } from './nodes/train.js';
import type { NodeContext, NodeEvent } from './nodes/context.js';
import type { LoadedSet } from './facts.js';
import type { LoadedStudy } from './load.js';
import { distinctNodes, type Run, type StudyNode } from './plan.js';
import type { StudyStore } from './store.js';

export interface ExecuteOptions {
  loaded: LoadedStudy;
  sets: ReadonlyMap<string, LoadedSet>;
  store: StudyStore;
  runs: readonly Run[];
  /** Adapter's name; default: the automatic choice. */
  adapter?: string;
  /** Try again what failed before. */
  retry?: boolean;
  signal?: AbortSignal;
  onEvent?: (event: NodeEvent) => void;
  version: string;
}

/** How many nodes were done, failed, or could not be begun because another failed. */
export interface ExecuteResult {
  ran: number;
  failed: number;
  blocked: number;
  isInterrupted: boolean;
}

/**
 * Runs all open nodes of `runs`. A node that fails is remembered with its reason; what depends on it is
 * passed over, all else is run. Ends early only by the signal, or where results cannot be written.
 */
export async function executeAsync(options: ExecuteOptions): Promise<ExecuteResult> {
  const { store, runs, signal } = options;
  const result: ExecuteResult = { ran: 0, failed: 0, blocked: 0, isInterrupted: false };
  await using devices = new Devices(options.adapter);
  const nodes = distinctNodes(runs);
  for (const [i, node] of nodes.entries()) {
    if (signal?.aborted) return { ...result, isInterrupted: true };
    if (options.retry && store.state(node).state === 'failed') store.forget(node);
    const state = store.state(node);
    if (state.state === 'done') continue;
    if (state.state === 'failed') {
      result.failed++;
      continue;
    }
    if (node.parent && store.state(node.parent).state !== 'done') {
      result.blocked++;
      continue;
    }
    options.onEvent?.({ kind: 'begin', node, index: i + 1, count: nodes.length });
    const isDone = await nodeAsync(node, options, devices, result);
    if (!isDone) return { ...result, isInterrupted: true };
  }
  return result;
}

/** Runs one node. @returns false when the signal ended it */
async function nodeAsync(
  node: StudyNode,
  options: ExecuteOptions,
  devices: Devices,
  result: ExecuteResult,
): Promise<boolean> {
  const { store } = options;
  // Without a device nothing can be run: that is no failure of this node.
  const device = await devices.openAsync();
  const folder = store.begin(node);
  try {
    const context: NodeContext = { ...options, device, folder };
    const timeMs = await runAsync(node, context);
    if (timeMs === null) return false;
    const { adapter } = device;
    store.finish(node, { timeMs, adapter: adapter.description || adapter.device });
    result.ran++;
    options.onEvent?.({ kind: 'done', node, timeMs });
    return true;
  } catch (error) {
    if (!(error instanceof NnError)) throw error;
    store.fail(node, error.message);
    result.failed++;
    options.onEvent?.({ kind: 'failed', node, reason: error.message });
    // A device that was lost or ran out of memory shall not spoil what comes after.
    if (error.kind === 'device') await devices.closeAsync();
    return true;
  }
}

/** @returns its time in ms; null when the signal ended it */
function runAsync(node: StudyNode, context: NodeContext): Promise<number | null> {
  switch (node.kind) {
    case 'train':
      return trainNodeAsync(node, context);
    case 'detect':
      return detectNodeAsync(node, context);
    case 'show':
      return showNodeAsync(node, context);
  }
}

/** The device that nodes share; opened when one needs it. */
class Devices implements AsyncDisposable {
  readonly #adapter: string | undefined;
  #device: Device | null = null;

  constructor(adapter: string | undefined) {
    this.#adapter = adapter;
  }

  async openAsync(): Promise<Device> {
    return (this.#device ??= await Device.createAsync(
      this.#adapter === undefined ? {} : { adapter: this.#adapter },
    ));
  }

  async closeAsync(): Promise<void> {
    const device = this.#device;
    this.#device = null;
    await device?.destroyAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAsync();
  }
}
