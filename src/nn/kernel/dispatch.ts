import type { GpuContext } from '../gpu/context.js';
import { debugDispatch } from '../gpu/debug.js';
import { internalError } from '../errors.js';
import type { DispatchInfo } from '../gpu/observer.js';
import type { Defines } from './preprocess.js';
import type { Kernel, KernelCache } from './pipeline.js';
import { flopsOf } from './cost.js';
import { packParams } from './reflect.js';
import { textureBytes } from './texture-bytes.js';

/** A part of a buffer, in bytes. */
export interface BufferSlice {
  buffer: GPUBuffer;
  offset: number;
  size: number;
}

export type BindingResource = BufferSlice | GPUTextureView;

/** One kernel launch. Bindings and parameters are matched by the names in the kernel's text. */
export interface RawDispatch {
  kernel: string;
  defines?: Defines;
  bindings: Readonly<Record<string, BindingResource>>;
  params?: Readonly<Record<string, number | readonly number[]>>;
  /** Workgroups in x, y, z; each at most 65535. */
  workgroups: readonly [number, number?, number?];
  label?: string;
  /** Floating point operations of the launch, for profiles; default: what cost.ts knows. */
  flops?: number;
  /** Bytes that it has to read and write; default: the sizes of what is bound. */
  bytes?: number;
}

const maxGroups = 65535;

/** Folds a one-dimensional grid of `count` invocations into x and y (see include/grid.wgsl). */
export function grid1d(count: number, workgroupSize = 64): [number, number] {
  const groups = Math.max(1, Math.ceil(count / workgroupSize));
  if (groups <= maxGroups) return [groups, 1];
  const y = Math.ceil(groups / maxGroups);
  return [Math.ceil(groups / y), y];
}

function isSlice(resource: BindingResource): resource is BufferSlice {
  return 'buffer' in resource;
}

/** Records one kernel launch. The only path by which kernels reach the queue. */
export function dispatch(context: GpuContext, kernels: KernelCache, spec: RawDispatch): void {
  const kernel = kernels.get(spec.kernel, spec.defines);
  const [x, y = 1, z = 1] = spec.workgroups;
  if (x === 0 || y === 0 || z === 0) return;
  if (Math.max(x, y, z) > maxGroups) {
    throw internalError(
      `kernel ${spec.kernel}: grid ${x}x${y}x${z} exceeds ${maxGroups} workgroups per axis`,
    );
  }
  if (kernels.debugLevel >= 3) debugDispatch(spec.label ?? spec.kernel, [x, y, z], bytesOf(spec));
  const { group, offsets } = bindGroup(context, kernel, spec);
  for (const { kind, name } of kernel.bindings) {
    const resource = spec.bindings[name];
    if (kind === 'write' && resource && isSlice(resource)) context.writes(resource.buffer);
  }
  const pass = context.pass(() => describe(kernel, spec));
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, group, offsets);
  pass.dispatchWorkgroups(x, y, z);
  context.counters.dispatches++;
  context.recorded();
}

/** What an observer is told of a launch. */
function describe(kernel: Kernel, spec: RawDispatch): Omit<DispatchInfo, 'layer'> {
  const bound = kernel.bindings.reduce((sum, { name }) => {
    const resource = spec.bindings[name];
    return sum + (resource === undefined ? 0 : resourceBytes(resource));
  }, 0);
  return {
    kernel: spec.kernel,
    label: spec.label ?? spec.kernel,
    flops: spec.flops ?? flopsOf(spec.kernel, spec.defines ?? {}, spec.params ?? {}),
    bytes: spec.bytes ?? bound,
  };
}

function resourceBytes(resource: BindingResource): number {
  return isSlice(resource) ? resource.size : textureBytes(resource);
}

/** Bytes bound by name; 0 for textures. */
function bytesOf(spec: RawDispatch): Record<string, number> {
  return Object.fromEntries(
    Object.entries(spec.bindings).map(([name, r]) => [name, isSlice(r) ? r.size : 0]),
  );
}

/** Bind groups kept per kernel; a training step of `lite` needs about 70 of its busiest kernel. */
const groupsPerKernel = 256;

const ids = new WeakMap<object, number>();
let nextId = 1;

function idOf(object: object): number {
  let id = ids.get(object);
  if (id === undefined) {
    id = nextId++;
    ids.set(object, id);
  }
  return id;
}

/**
 * The bind group of a launch, and the dynamic offset of its parameters. Making one costs several
 * times what recording a dispatch does, and pooled buffers recur from step to step in the same
 * places, so groups are kept by the identity of what they bind.
 */
function bindGroup(
  context: GpuContext,
  kernel: Kernel,
  spec: RawDispatch,
): { group: GPUBindGroup; offsets: number[] } {
  const offsets: number[] = [];
  const resources: (BindingResource | GPUBufferBinding)[] = [];
  let key = '';
  let used = 0;
  for (const binding of kernel.bindings) {
    if (binding.kind === 'uniform') {
      const place = context.uniform(kernel.paramsSize);
      packParams(kernel.name, kernel.params, spec.params ?? {}, place.view, place.offset);
      offsets.push(place.offset);
      resources.push({ buffer: place.buffer, offset: 0, size: kernel.paramsSize });
      key += `${idOf(place.buffer)};`;
      continue;
    }
    const resource = spec.bindings[binding.name];
    if (resource === undefined)
      throw internalError(`kernel ${kernel.name}: binding "${binding.name}" is missing`);
    used++;
    if (isSlice(resource)) {
      if (resource.size > context.limits.maxStorageBufferBindingSize) {
        throw internalError(
          `kernel ${kernel.name}: binding "${binding.name}" has ${resource.size} bytes, the limit is ${context.limits.maxStorageBufferBindingSize}; it must be bound in windows`,
        );
      }
      key += `${idOf(resource.buffer)}:${resource.offset}:${resource.size};`;
    } else key += `${idOf(resource)};`;
    resources.push(resource);
  }
  if (used !== Object.keys(spec.bindings).length) {
    const known = kernel.bindings.map((b) => b.name);
    const extra = Object.keys(spec.bindings).filter((n) => !known.includes(n));
    throw internalError(`kernel ${kernel.name} has no binding ${extra.join(', ')}`);
  }
  let group = kernel.groups.get(key);
  if (!group) {
    group = context.gpu.createBindGroup({
      layout: kernel.layout,
      entries: kernel.bindings.map((b, i) => ({
        binding: b.index,
        resource: resources[i] as BindingResource,
      })),
    });
    // Groups of buffers that were destroyed since are never asked for again; forget all now and then.
    if (kernel.groups.size >= groupsPerKernel) kernel.groups.clear();
    kernel.groups.set(key, group);
  }
  return { group, offsets };
}
