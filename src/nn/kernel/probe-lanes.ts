import type { GpuContext } from '../gpu/context.js';
import { dispatch } from './dispatch.js';
import type { KernelCache } from './pipeline.js';

/**
 * The lane count of a device's subgroups, or 0 where lane kernels cannot be used. They assume that
 * lane == local_invocation_index % lanes: true wherever measured, promised nowhere, and so tested here. `kernels` is the cache
 * of the device that is being opened: the probe is one of its kernels, as `aofd doctor` shows.
 */
export async function probeLanesAsync(context: GpuContext, kernels: KernelCache): Promise<number> {
  const { subgroupMinSize: low, subgroupMaxSize: high } = context.adapter;
  if (!context.readsStorageTextures) return 0;
  if (!context.features.has('subgroups') || low !== high || (low !== 4 && low !== 8)) return 0;
  const size = 64 * 4;
  const buffer = context.acquireBuffer(size);
  dispatch(context, kernels, {
    kernel: 'probe/lane',
    bindings: { lanes: { buffer, offset: 0, size } },
    workgroups: [1],
  });
  const lanes = new Uint32Array(await context.readAsync(buffer, 0, size, 'lane probe'));
  context.releaseBuffer(buffer);
  return lanes.every((lane, i) => lane === i % low) ? low : 0;
}
