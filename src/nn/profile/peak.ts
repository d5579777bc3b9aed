import type { GpuContext } from '../gpu/context.js';
import { dispatch } from '../kernel/dispatch.js';
import type { KernelCache } from '../kernel/pipeline.js';

/** Mul+adds that one invocation of probe/peak does per round, and its invocations per workgroup. */
const mulAddsPerRound = 16 * 8;
const workgroupSize = 64;

/** Floating point operations of a launch of probe/peak. */
export function peakFlops(workgroups: number, rounds: number): number {
  return 2 * mulAddsPerRound * rounds * workgroups * workgroupSize;
}

/**
 * Operations per second (a mul+add is two) of a kernel that does nothing else: the best of a few
 * runs of a few milliseconds each, by the wall clock around runs long enough to hide the launch.
 */
export async function measurePeakAsync(context: GpuContext, kernels: KernelCache): Promise<number> {
  const workgroups = context.adapter.isSoftware ? 256 : 8192;
  const bytes = workgroups * workgroupSize * 4;
  const buffer = context.acquireBuffer(bytes);
  const timeAsync = async (rounds: number): Promise<number> => {
    dispatch(context, kernels, {
      kernel: 'probe/peak',
      bindings: { sums: { buffer, offset: 0, size: bytes } },
      params: { rounds, factor: 0.999, offset: 0.001 },
      workgroups: [workgroups],
      flops: peakFlops(workgroups, rounds),
    });
    const start = context.platform.now();
    await context.settledAsync();
    return context.platform.now() - start;
  };
  try {
    await timeAsync(1); // compiles
    let rounds = 16;
    while ((await timeAsync(rounds)) < 20 && rounds < 1 << 20) rounds *= 2;
    let best = Infinity;
    for (let i = 0; i < 3; i++) best = Math.min(best, await timeAsync(rounds));
    return (peakFlops(workgroups, rounds) / best) * 1000;
  } finally {
    context.releaseBuffer(buffer);
  }
}
