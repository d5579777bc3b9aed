import type { Device, TensorOptions } from '../../tensor/device.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { elementwise, padParams } from '../common.js';

const scratch = new DataView(new ArrayBuffer(4));

/** A tensor of this shape, layout and type with `value` everywhere (pad lanes of c4 stay zero). */
export function fill(
  device: Device,
  shape: Shape,
  value: number,
  options: TensorOptions = {},
): Tensor {
  const y = device.empty(shape, options);
  if (y.dtype === 'f32') scratch.setFloat32(0, value);
  else scratch.setInt32(0, value);
  const bits = scratch.getUint32(0);
  const pads = padParams(y);
  elementwise({
    kernel: 'detect/fill',
    defines: pads.defines,
    tensors: { y },
    params: (start) => ({ ...pads.params(start), bits }),
  });
  return y;
}
