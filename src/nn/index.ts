export { NnError } from './gpu/errors.js';
export { Device, type DeviceOptions, type DeviceStats, type DispatchSpec } from './tensor/device.js';
export { Tensor, type TensorData } from './tensor/tensor.js';
export { Scope } from './tensor/scope.js';
export type { DType, Layout, Shape } from './tensor/shape.js';
export { Tape, record, needsGrad, type Backward } from './autograd/tape.js';
export { grid1d } from './kernel/dispatch.js';
