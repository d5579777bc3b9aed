import type { DispatchSpec, TensorDevice } from '../../tensor/tensor.js';
import { grid1d } from '../../kernel/dispatch.js';
import { quads } from '../../tensor/shape.js';
import { channelWindows, fits, type ChannelWindow } from './channel-windows.js';
import type { BufferKernels } from './passes.js';
import type { ConvShape } from './shape.js';

function run(
  device: TensorDevice,
  kernel: string,
  s: ConvShape,
  input: ChannelWindow,
  output: ChannelWindow,
  rest: { bindings: DispatchSpec['bindings']; count: number; defines: Record<string, boolean> },
): void {
  device.dispatch({
    kernel: `conv/${kernel}`,
    defines: rest.defines,
    bindings: rest.bindings,
    params: {
      batch: input.images,
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
      in_from: input.from,
      in_to: input.to,
      x_base: input.base,
      out_from: output.from,
      out_to: output.to,
      y_base: output.base,
    },
    workgroups: grid1d(rest.count),
  });
}

/** Stored elements of a window's channels in maps of `plane` pixels. */
const elements = (w: ChannelWindow, plane: number): number =>
  w.images * quads(w.to - w.from) * plane * 4;

/** One result per invocation, from buffers: any shape on any adapter. */
export const naiveConv: BufferKernels = {
  reads: 'buffer',

  // Windows of the input are parts of the sum and add up in order.
  forward({ x, weight, bias, y, s, relu }) {
    const whole = fits(x, y);
    const inputs = channelWindows(x, whole);
    channelWindows(y, whole).forEach((outputs, image) => {
      for (const output of outputs) {
        const list = inputs[image] as ChannelWindow[];
        list.forEach((input, i) => {
          const withBias = bias !== null && i === 0;
          run(x.device, 'naive_conv', s, input, output, {
            bindings: {
              x: input.binding,
              w: weight,
              y: output.binding,
              ...(withBias ? { bias } : {}),
            },
            count: elements(output, s.oh * s.ow),
            defines: { BIAS: withBias, RELU: relu && i === list.length - 1, ACCUMULATE: i > 0 },
          });
        });
      }
    });
  },

  // In gather form: one element of dX per invocation.
  inputGradient({ gradient, weight, dX, s }) {
    const whole = fits(dX, gradient);
    const outputs = channelWindows(gradient, whole);
    channelWindows(dX, whole).forEach((inputs, image) => {
      for (const input of inputs) {
        (outputs[image] as ChannelWindow[]).forEach((output, i) => {
          run(dX.device, 'naive_conv_dx', s, input, output, {
            bindings: { dy: output.binding, w: weight, dx: input.binding },
            count: elements(input, s.h * s.w),
            defines: { ACCUMULATE: i > 0 },
          });
        });
      }
    });
  },

  // Images add up in order.
  weightGradient({ gradient, x, dW, s }) {
    const whole = fits(x, gradient);
    const inputs = channelWindows(x, whole);
    channelWindows(gradient, whole).forEach((outputs, image) => {
      for (const output of outputs) {
        for (const input of inputs[image] as ChannelWindow[]) {
          run(x.device, 'naive_conv_dw', s, input, output, {
            bindings: { dy: output.binding, x: input.binding, dw: dW },
            count: (output.to - output.from) * (input.to - input.from) * s.kh * s.kw,
            defines: { ACCUMULATE: image > 0 },
          });
        }
      }
    });
  },
};
