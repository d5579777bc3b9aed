import { needsGrad, record } from '../../autograd/tape.js';
import { NnError } from '../../errors.js';
import { grid1d, type BufferSlice } from '../../kernel/dispatch.js';
import { sliceOf } from '../../kernel/windows.js';
import { dims4, formatShape, quads } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { tunedLayer } from '../tuning/registry.js';
import { convKey } from '../tuning/table.js';
import { reluBackward } from '../elementwise.js';
import { channelSums } from '../reduce.js';
import { arrayView, mapTexture, mapWindows } from '../texture.js';
import { lanesForward, lanesInputGradient, lanesWeightGradient } from './lanes.js';
import { naiveForward, naiveInputGradient, naiveWeightGradient } from './naive.js';
import { presentName } from '../algorithm-names.js';
import { debugPlan } from '../capabilities.js';
import { capabilitiesOf, convEnvironment } from './environment.js';
import {
  planConv,
  type ConvAlgorithm,
  type ConvPlan,
  type ConvPrecision,
  type ConvShape,
} from './plan.js';
import { tileForward, tileInputGradient, tileWeightGradient } from './tile.js';
import { winogradForward, winogradInputGradient, winogradWeightGradient } from './winograd.js';

export interface Conv2dOptions {
  /** Step between output positions, both axes. Default 1. */
  stride?: number;
  /** Zeros around the input, both axes. Default 0. */
  pad?: number;
  /** Step between taps, both axes. Default 1. */
  dilation?: number;
  /** Clamps the result at 0, fused. Default false. */
  relu?: boolean;
  /**
   * How far rounding may grow for speed: `exact`, `high` or `fast` (see ConvPrecision). Default: the
   * environment's AOFD_PRECISION, else `fast`.
   */
  precision?: ConvPrecision;
  /** Forces one algorithm for every pass; for tests and benchmarks. `direct`: the old name of `lanes`. */
  algorithm?: ConvAlgorithm | 'direct';
}

/** Checks a convolution's operands and computes its sizes. */
export function convShape(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: Conv2dOptions,
): ConvShape {
  const { stride = 1, pad = 0, dilation = 1 } = options;
  const [n, c, h, w] = dims4(x.shape);
  const [o, ci, kh, kw] = dims4(weight.shape);
  const at = `(input ${formatShape(x.shape)}, weight ${formatShape(weight.shape)})`;
  for (const [name, value, least] of [
    ['stride', stride, 1],
    ['pad', pad, 0],
    ['dilation', dilation, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new NnError(
      'argument',
      `conv2d: ${name} must be a whole number of at least ${least}, got ${value}.`,
    );
  }
  if (x.layout !== 'c4' || weight.shape.length !== 4 || weight.layout !== 'row') {
    throw new NnError(
      'shape',
      `conv2d: the input must be a c4 map and the weight a row tensor of rank 4 ${at}.`,
      { fix: 'convert the input with toC4.' },
    );
  }
  if (c !== ci) {
    throw new NnError('shape', `conv2d: weight has ${ci} input channels, input has ${c} ${at}.`, {
      fix: 'use a weight made for this input.',
    });
  }
  if (bias && bias.size !== o) {
    throw new NnError(
      'shape',
      `conv2d: bias has ${bias.size} values, weight has ${o} output channels ${at}.`,
    );
  }
  const oh = Math.floor((h + 2 * pad - dilation * (kh - 1) - 1) / stride) + 1;
  const ow = Math.floor((w + 2 * pad - dilation * (kw - 1) - 1) / stride) + 1;
  if (oh < 1 || ow < 1) {
    throw new NnError(
      'shape',
      `conv2d: the input is smaller than the kernel ${at}, pad ${pad}, dilation ${dilation}.`,
      { fix: 'use a larger image or more padding.' },
    );
  }
  return { n, c, h, w, o, kh, kw, oh, ow, stride, pad, dilation };
}

/** The algorithms of a convolution's passes on this device. */
export function planOf(device: TensorDevice, s: ConvShape, options: Conv2dOptions): ConvPlan {
  const chosen = convEnvironment(device.context.platform);
  const key = convKey(s);
  const made = planConv(s, {
    ...capabilitiesOf(device),
    tuned: tunedLayer(device.context, key),
    precision: options.precision ?? chosen.precision ?? 'fast',
    force: options.algorithm ? (presentName(options.algorithm) as ConvAlgorithm) : chosen.algorithm,
  });
  debugPlan(device, key, made);
  return made;
}

/**
 * Two-dimensional cross-correlation (deep learning's convolution).
 * x c4 (N, C, H, W), weight row (O, C, KH, KW), bias row (O) or null -> c4 (N, O, OH, OW) with
 * OH = floor((H + 2·pad − dilation·(KH − 1) − 1) / stride) + 1.
 * Differentiable in x, weight and bias.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: Conv2dOptions = {},
): Tensor {
  const s = convShape(x, weight, bias, options);
  const { device } = x;
  const relu = options.relu ?? false;
  const chosen = planOf(device, s, options);
  const y = device.empty([s.n, s.o, s.oh, s.ow], { layout: 'c4' });
  if (y.size > 0) {
    if (chosen.forward === 'naive') naiveForward(x, weight, bias, y, s, relu);
    else if (chosen.forward === 'tile')
      tileForward(x, weight, bias, y, s, relu, chosen.tuned?.forward);
    else if (chosen.forward === 'lanes') lanesForward(x, weight, bias, y, s, relu);
    else winogradForward(x, weight, bias, y, s, relu, chosen.forward === 'winograd2' ? 2 : 4);
  }
  record({
    op: 'conv2d',
    inputs: [x, weight, bias],
    outputs: [y],
    backward: ([dY], needs) =>
      dY ? convBackward(x, weight, bias, y, dY, s, relu, chosen, needs) : [],
  });
  // Without a tape nobody asks for this map's texture again once the next layer has read it.
  if (!needsGrad(x) && !needsGrad(weight) && device.tape === null) x.freeDerived();
  return y;
}

/** The texture of dY, with the fused ReLU's mask applied. */
function gradientTexture(dY: Tensor, y: Tensor, relu: boolean): GPUTexture {
  if (!relu) return mapTexture(dY);
  return dY.cachedTexture('masked', () => {
    const { device } = dY;
    const [n, c, h, w] = dims4(dY.shape);
    const q = quads(c);
    const texture = device.context.acquireTexture(w, n * h, q);
    const planeBytes = h * w * 16;
    // The layer that read y left its texture mirror: four times cheaper to read than the buffer.
    const hasMap = y.hasTexture('map');
    for (const window of mapWindows(n * q, planeBytes, device.context.bindingLimit)) {
      const { start, count, base } = window;
      const slice = (t: Tensor): BufferSlice => sliceOf(t.buffer, window);
      device.dispatch({
        kernel: 'conv/relu_grad_to_texture',
        defines: { Y_MAP: hasMap },
        bindings: {
          dy: slice(dY),
          y: hasMap ? arrayView(mapTexture(y)) : slice(y),
          g_map: arrayView(texture),
        },
        params: { quad_from: start, count, quads: q, height: h, width: w, base },
        workgroups: grid1d(count * h * w),
      });
    }
    return texture;
  });
}

function convBackward(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
  dY: Tensor,
  s: ConvShape,
  relu: boolean,
  chosen: ConvPlan,
  needs: boolean[],
): (Tensor | null)[] {
  const { device } = x;
  const [needX, needW, needB] = needs;
  if (y.size === 0) {
    // No images: nothing to sum over.
    return [
      needX ? device.zeros(x.shape, { layout: 'c4' }) : null,
      needW ? device.zeros(weight.shape) : null,
      needB && bias ? device.zeros(bias.shape) : null,
    ];
  }
  const isLane = (algorithm: ConvAlgorithm): boolean => !['naive', 'tile'].includes(algorithm);
  // Lane kernels read the gradient as a texture, the others as a buffer; passes may differ.
  const [laneX, laneW] = [isLane(chosen.inputGradient), isLane(chosen.weightGradient)];
  const needsTexture = (needX && laneX) || (needW && laneW) || (!needX && !needW && laneX);
  const needsBuffer = (needX && !laneX) || (needW && !laneW) || !needsTexture;
  // Rows of whole copy units reach a texture by a copy, which costs less than a kernel's stores.
  const masks = relu && (needsBuffer || dims4(dY.shape)[3] % 16 === 0);
  const masked = masks ? reluBackward(y, dY) : dY;
  const gradient = needsTexture ? gradientTexture(masked, y, relu && masked === dY) : null;
  let dX: Tensor | null = null;
  let dW: Tensor | null = null;
  let dB: Tensor | null = null;
  if (needX) {
    dX = device.empty(x.shape, { layout: 'c4' });
    if (chosen.inputGradient === 'naive') naiveInputGradient(masked, weight, dX, s);
    else if (chosen.inputGradient === 'tile')
      tileInputGradient(masked, weight, dX, s, chosen.tuned?.inputGradient);
    else if (chosen.inputGradient === 'lanes')
      lanesInputGradient(gradient as GPUTexture, weight, dX, s);
    else
      winogradInputGradient(
        gradient as GPUTexture,
        weight,
        dX,
        s,
        chosen.inputGradient === 'winograd2' ? 2 : 4,
      );
  }
  if (needW) {
    dW = device.empty(weight.shape);
    if (chosen.weightGradient === 'naive') naiveWeightGradient(masked, x, dW, s);
    else if (chosen.weightGradient === 'tile')
      tileWeightGradient(masked, x, dW, s, chosen.tuned?.weightGradient);
    else if (chosen.weightGradient === 'lanes')
      lanesWeightGradient(gradient as GPUTexture, x, dW, s);
    else
      winogradWeightGradient(
        gradient as GPUTexture,
        x,
        dW,
        s,
        chosen.weightGradient === 'winograd2' ? 2 : 4,
      );
  }
  if (needB && bias && !gradient) {
    dB = channelSums(masked);
  } else if (needB && bias) {
    dB = device.empty(bias.shape);
    device.dispatch({
      kernel: 'conv/bias_grad',
      bindings: { g_map: arrayView(gradient as GPUTexture), db: dB },
      params: { rows: s.n * s.oh, width: s.ow, channels: s.o },
      workgroups: [quads(s.o)],
    });
  }
  // Whoever reads y or dY comes later on the tape, so nobody will again: give the memory back.
  dY.freeDerived();
  y.freeDerived();
  if (masked !== dY) masked.dispose();
  return [dX, dW, dB];
}
