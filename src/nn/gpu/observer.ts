import type { PoolStats } from './pool.js';

/** One kernel launch, as an observer sees it. */
export interface DispatchInfo {
  /** Path of the kernel below kernels/. */
  kernel: string;
  /** The launch's own label, or the kernel's name. */
  label: string;
  /** The layer that was being recorded (`GpuContext.label`); empty outside of any. */
  layer: string;
  /** Floating point operations; 0 = not counted. */
  flops: number;
  /** Bytes read and written; 0 = not counted. */
  bytes: number;
}

/** A pipeline that was made. Times in milliseconds. */
export interface PipelineInfo {
  kernel: string;
  /** Start, on the clock of the platform. */
  startMs: number;
  /** Checking and translating the text, on whatever thread. */
  createMs: number;
  /** The first launch, where a driver compiles machine code only then; null if not measured. */
  firstLaunchMs: number | null;
  /** The device that compiled it: 0, or 1 for the helper (see KernelCache.prepareAsync). */
  lane: number;
}

/**
 * Sees what a context does. Attached while profiling only; without one nothing is measured, and no
 * pass is split.
 */
export interface ContextObserver {
  /** Before a launch: the descriptor of the pass of its own that it gets. */
  dispatch(encoder: GPUCommandEncoder, info: DispatchInfo): GPUComputePassDescriptor | undefined;
  /** Before a copy is recorded: the encoder that records it. */
  copy(encoder: GPUCommandEncoder, layer: string): GPUCommandEncoder;
  /** After a launch or copy was recorded. */
  recorded(encoder: GPUCommandEncoder): void;
  /** Before an encoder is finished; returns what to do once it was submitted. */
  submitting(encoder: GPUCommandEncoder, state: SubmitState): () => void;
  upload(startMs: number, bytes: number, isStaged: boolean): void;
  pipeline(info: PipelineInfo): void;
  /** A stretch of host time. phases nest; the others may overlap. */
  span(
    kind: 'phase' | 'wait' | 'task' | 'submit',
    name: string,
    startMs: number,
    endMs: number,
  ): void;
  readback(cause: string, bytes: number): void;
}

/** Where a context stands at a submit. */
export interface SubmitState {
  /** Launches and copies in the batch. */
  commands: number;
  buffers: Readonly<PoolStats>;
  textures: Readonly<PoolStats>;
}
