import type { DispatchSpec, TensorDevice } from '../../tensor/tensor.js';
import { grid1d } from '../../kernel/dispatch.js';
import type { MapWindow } from '../../kernel/windows.js';
import type { BufferKernels } from './passes.js';
import type { ConvShape } from './shape.js';
import { channelsOf, windowPairs } from './window-pairs.js';

function run(
  device: TensorDevice,
  kernel: string,
  s: ConvShape,
  input: MapWindow,
  output: MapWindow,
  rest: { bindings: DispatchSpec['bindings']; count: number; defines: Record<string, boolean> },
): void {
  const ins = channelsOf(input, s.c);
  const outs = channelsOf(output, s.o);
  device.dispatch({
    kernel: `conv/${kernel}`,
    defines: rest.defines,
    bindings: rest.bindings,
    params: {
      batch: input.imageCount,
      channels_in: s.c,
      height: s.h,
      width: s.w,
      channels_out: s.o,
      out_h: s.oh,
      out_w: s.ow,
      kernel_h: s.kh,
      kernel_w: s.kw,
      stride: s.stride,
      pad: s.pad,
      dilation: s.dilation,
      in_from: ins.from,
      in_to: ins.to,
      x_base: input.base,
      out_from: outs.from,
      out_to: outs.to,
      y_base: output.base,
    },
    workgroups: grid1d(rest.count),
  });
}

/** Stored elements of a window of maps of `plane` pixels. */
const elements = (w: MapWindow, plane: number): number => w.imageCount * w.quadCount * plane * 4;

/** One result per invocation, from buffers: any shape on any adapter. */
export const naiveConv: BufferKernels = {
  reads: 'buffer',

  // Windows of the input are parts of the sum and add up in order.
  forward({ x, weight, bias, y, s, relu }) {
    for (const { x: inputs, y: outputs } of windowPairs(x, y)) {
      for (const output of outputs) {
        inputs.forEach((input, i) => {
          const withBias = bias !== null && i === 0;
          run(x.device, 'naive_conv', s, input, output, {
            bindings: { x: input, w: weight, y: output, ...(withBias ? { bias } : {}) },
            count: elements(output, s.oh * s.ow),
            defines: { BIAS: withBias, RELU: relu && i === inputs.length - 1, ACCUMULATE: i > 0 },
          });
        });
      }
    }
  },

  // In gather form: one element of dX per invocation.
  inputGradient({ gradient, weight, dX, s }) {
    for (const { x: inputs, y: outputs } of windowPairs(dX, gradient)) {
      for (const input of inputs) {
        outputs.forEach((output, i) => {
          run(dX.device, 'naive_conv_dx', s, input, output, {
            bindings: { dy: output, w: weight, dx: input },
            count: elements(input, s.h * s.w),
            defines: { ACCUMULATE: i > 0 },
          });
        });
      }
    }
  },

  // Images add up in order.
  weightGradient({ gradient, x, dW, s }) {
    windowPairs(x, gradient).forEach(({ x: inputs, y: outputs }, image) => {
      for (const output of outputs) {
        for (const input of inputs) {
          run(x.device, 'naive_conv_dw', s, input, output, {
            bindings: { dy: output, x: input, dw: dW },
            count: channelsOf(output, s.o).count * channelsOf(input, s.c).count * s.kh * s.kw,
            defines: { ACCUMULATE: image > 0 },
          });
        }
      }
    });
  },
};
