/**
 * TensorFlow.js's WebGPU backend on the adapter under test, through Dawn in Node. Its package expects
 * a browser: it looks for `navigator.gpu`, and asks for a device by itself (with a malformed feature
 * list where the adapter has bgra8unorm-storage), so the device is made here, with the limits that its
 * own code asks for. Waiting goes through our platform's `settle`, so that both sides wait alike.
 */
import { createRequire } from 'node:module';
import type { Device } from '../../src/nn/index.js';

/** The little of TensorFlow.js that is used; its own types are there only once it is installed. */
export interface TfTensor {
  /** Of variables. */
  name?: string;
  shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface Tf {
  version_core: string;
  Tensor: { prototype: Record<string, unknown> };
  tensor(data: ArrayLike<number>, shape: number[], dtype?: string): TfTensor;
  variable(initial: TfTensor, trainable: boolean, name?: string): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA: boolean, transposeB: boolean): TfTensor;
  maxPool(x: TfTensor, size: number, stride: number, pad: 'same'): TfTensor;
  softmax(x: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  sum(a: TfTensor): TfTensor;
  reshape(a: TfTensor, shape: number[]): TfTensor;
  cast(a: TfTensor, dtype: string): TfTensor;
  fused: {
    conv2d(options: {
      x: TfTensor;
      filter: TfTensor;
      strides: number;
      pad: 'same';
      bias: TfTensor;
      activation: 'relu';
    }): TfTensor;
  };
  variableGrads(
    loss: () => TfTensor,
    variables: TfTensor[],
  ): { value: TfTensor; grads: Record<string, TfTensor> };
  tidy<T>(work: () => T): T;
  engine(): {
    runKernel(
      name: string,
      inputs: Record<string, TfTensor>,
      attributes: Record<string, unknown>,
    ): TfTensor;
  };
  backend(): unknown;
  setBackend(name: string): Promise<boolean>;
  removeBackend(name: string): void;
  registerBackend(name: string, make: () => unknown): boolean;
}

/** What is used of the backend to submit without reading anything back. */
interface WebGpuBackend {
  bufferManager: { dispose(): void };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** An initialised TensorFlow.js. */
export interface TfjsPeer {
  tf: Tf;
  /** Submits what was recorded and waits until the device has done it. */
  settledAsync(): Promise<void>;
  /** Destroys every buffer that the backend keeps; only while no tensor is alive. */
  freeMemory(): void;
  destroy(): void;
}

const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/**
 * Opens TensorFlow.js on the adapter that `device` was opened on.
 * @param name what the device was opened with
 */
export async function openTfjsAsync(device: Device, name?: string): Promise<TfjsPeer> {
  const { platform } = device.context;
  const { adapter, gpu: instance } = await platform.requestAdapterAsync(name ? { name } : {});
  const gpu = await adapter.requestDevice({
    requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
    requiredLimits: Object.fromEntries(LIMITS.map((key) => [key, adapter.limits[key]])),
  });
  // A failed validation leaves the work undone, and undone work is fast: it must not be timed.
  let fault: string | null = null;
  gpu.onuncapturederror = (event) => {
    event.preventDefault();
    fault ??= event.error.message.split('\n')[0] ?? 'device error';
  };
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  }
  Object.defineProperty((globalThis as { navigator?: object }).navigator, 'gpu', {
    value: instance,
    configurable: true,
  });
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as Tf;
  const { WebGPUBackend } = require('@tensorflow/tfjs-backend-webgpu') as {
    WebGPUBackend: new (device: GPUDevice, info: GPUAdapterInfo) => WebGpuBackend;
  };
  // The complete `tfjs` package registers gradients this way; registries are shared globally.
  require('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  const backend = new WebGPUBackend(gpu, adapter.info);
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend);
  await tf.setBackend('webgpu');
  return {
    tf,
    async settledAsync() {
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await platform.settle(gpu.queue.onSubmittedWorkDone());
      if (fault === null) return;
      const message = fault;
      fault = null;
      throw new Error(message);
    },
    freeMemory: () => backend.bufferManager.dispose(),
    destroy: () => gpu.destroy(),
  };
}
