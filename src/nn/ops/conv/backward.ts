import { dims4, quads } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { reluBackward } from '../elementwise.js';
import { channelSums } from '../reduce.js';
import { arrayView, fillMapTexture, mapTexture } from '../texture.js';
import { convKernels } from './algorithms.js';
import type { ConvPlan } from './plan.js';
import type { ConvShape } from './shape.js';

/** What the backward pass needs of the forward one. */
export interface RecordedConv {
  x: Tensor;
  weight: Tensor;
  bias: Tensor | null;
  y: Tensor;
  s: ConvShape;
  relu: boolean;
  plan: ConvPlan;
}

/** dY with the fused ReLU's mask applied, in the memory that the passes read. */
interface Gradient {
  /** As a map; not masked where only the texture is read. */
  map: Tensor;
  texture: GPUTexture | null;
}

/** The texture of dY, with the fused ReLU's mask applied. */
function gradientTexture(dY: Tensor, y: Tensor, relu: boolean): GPUTexture {
  if (!relu) return mapTexture(dY);
  return dY.cachedTexture('masked', () => {
    const [n, c, h, w] = dims4(dY.shape);
    const texture = dY.device.context.acquireTexture(w, n * h, quads(c));
    // The layer that read y left its texture mirror: four times cheaper to read than the buffer.
    const hasMap = y.hasTexture('map');
    fillMapTexture(dY, texture, 'conv/relu_grad_to_texture', (planes) => ({
      defines: { Y_MAP: hasMap },
      bindings: {
        dy: planes(dY),
        y: hasMap ? arrayView(mapTexture(y)) : planes(y),
      },
    }));
    return texture;
  });
}

/**
 * The masked gradient as buffer, texture or both. Passes may read different ones; where neither
 * gradient is asked for, the bias decides.
 */
function gradientOf({ y, relu, plan }: RecordedConv, dY: Tensor, needs: boolean[]): Gradient {
  const [needX = false, needW = false] = needs;
  const readsX = convKernels[plan.inputGradient].reads;
  const readsW = convKernels[plan.weightGradient].reads;
  const isRead = (memory: 'buffer' | 'texture'): boolean =>
    (needX && readsX === memory) || (needW && readsW === memory);
  const needsTexture = isRead('texture') || (!needX && !needW && readsX === 'texture');
  const needsBuffer = isRead('buffer') || !needsTexture;
  // Rows of whole copy units reach a texture by a copy, which costs less than a kernel's stores.
  const masks = relu && (needsBuffer || dims4(dY.shape)[3] % 16 === 0);
  const map = masks ? reluBackward(y, dY) : dY;
  return { map, texture: needsTexture ? gradientTexture(map, y, relu && !masks) : null };
}

/** The gradients of x, weight and bias; null where none is needed. */
export function convBackward(f: RecordedConv, dY: Tensor, needs: boolean[]): (Tensor | null)[] {
  const { x, weight, bias, y, s, plan } = f;
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
  const gradient = gradientOf(f, dY, needs);
  let dX: Tensor | null = null;
  let dW: Tensor | null = null;
  if (needX) {
    dX = device.empty(x.shape, { layout: 'c4' });
    const kernels = convKernels[plan.inputGradient];
    const pass = { weight, dX, s, tile: plan.tuned?.inputGradient };
    if (kernels.reads === 'buffer') kernels.inputGradient({ ...pass, gradient: gradient.map });
    else kernels.inputGradient({ ...pass, gradient: gradient.texture as GPUTexture });
  }
  if (needW) {
    dW = device.empty(weight.shape);
    const kernels = convKernels[plan.weightGradient];
    const pass = { weight, x, dW, s, tile: plan.tuned?.weightGradient };
    if (kernels.reads === 'buffer') kernels.weightGradient({ ...pass, gradient: gradient.map });
    else kernels.weightGradient({ ...pass, gradient: gradient.texture as GPUTexture });
  }
  const dB = needB && bias ? biasGradient(gradient, bias, s) : null;
  // Whoever reads y or dY comes later on the tape, so nobody will again: give the memory back.
  dY.freeDerived();
  y.freeDerived();
  if (gradient.map !== dY) gradient.map.dispose();
  return [dX, dW, dB];
}

function biasGradient({ map, texture }: Gradient, bias: Tensor, s: ConvShape): Tensor {
  if (!texture) return channelSums(map);
  const dB = bias.device.empty(bias.shape);
  bias.device.dispatch({
    kernel: 'conv/bias_grad',
    bindings: { g_map: arrayView(texture), db: dB },
    params: { rows: s.n * s.oh, width: s.ow, channels: s.o },
    workgroups: [quads(s.o)],
  });
  return dB;
}
