export { handled, NnError } from './errors.js';
export { Device, type DeviceOptions, type DeviceStats } from './tensor/device.js';
export { DryDevice } from './tensor/dry-device.js';
export { giveBackAsync, isOutOfMemory, retryOutOfMemoryAsync } from './tensor/out-of-memory.js';
export { Tensor, type DispatchSpec, type TensorData, type TensorDevice } from './tensor/tensor.js';
export { Scope } from './tensor/scope.js';
export type { DType, Layout, Shape } from './tensor/shape.js';
export { CounterRng, pcg4d, randomU32, uniform01, streamOf } from './tensor/random.js';
export { Profiler } from './profile/profiler.js';
export { measurePeakAsync } from './profile/peak.js';
export type { Profile, ProfileRow } from './profile/profile.js';
export { formatProfile } from './profile/profile-table.js';
export { traceOf, type ChromeTrace } from './profile/trace.js';
export { Tape, record, needsGrad, type Backward } from './autograd/tape.js';
export { grid1d } from './kernel/dispatch.js';
export { conv2d, type Conv2dOptions } from './ops/conv/conv2d.js';
export { conv2dMaxPool2d } from './ops/conv/conv2d-max-pool2d.js';
export { planConv, type ConvAlgorithm, type ConvPlan, type ConvShape } from './ops/conv/plan.js';
export {
  linear,
  planLinear,
  type LinearAlgorithm,
  type LinearOptions,
} from './ops/linear/linear.js';
export * from './ops/index.js';
export * from './ops/vision.js';
export * from './optim/index.js';
