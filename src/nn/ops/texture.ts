import { NnError } from '../gpu/errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { dims4, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** A view of every layer of a texture, for `texture_storage_2d_array` bindings. */
export function arrayView(texture: GPUTexture): GPUTextureView {
  let view = views.get(texture);
  if (!view) {
    view = texture.createView({ dimension: '2d-array' });
    views.set(texture, view);
  }
  return view;
}

/** Creating a view costs a software driver 0.4 ms, more than recording a dispatch. */
const views = new WeakMap<GPUTexture, GPUTextureView>();

/**
 * Planes [from, to) of a map that fit one binding: `planes` planes of `planeBytes` bytes are split
 * so that each window starts at a multiple of the offset alignment.
 */
export function planeWindows(planes: number, planeBytes: number, limit: number, alignment: number): [number, number][] {
  if (planes * planeBytes <= limit) return planes === 0 ? [] : [[0, planes]];
  let step = Math.floor(limit / planeBytes);
  while (step > 1 && (step * planeBytes) % alignment !== 0) step--;
  if (step < 1 || (step * planeBytes) % alignment !== 0) {
    throw new NnError('map-too-large', `one channel quad of this map takes ${planeBytes} bytes, more than a binding of ${limit} bytes allows.`, {
      fix: 'use a smaller image.',
    });
  }
  const out: [number, number][] = [];
  for (let from = 0; from < planes; from += step) out.push([from, Math.min(planes, from + step)]);
  return out;
}

/**
 * The texture mirror of a c4 map: layer c/4, texel (x, n*H + y). Cached on the tensor. A plain copy
 * where rows are multiples of 256 bytes, else a repacking kernel.
 */
export function mapTexture(x: Tensor): GPUTexture {
  return x.cachedTexture('map', () => {
    const { device } = x;
    const [n, c, h, w] = dims4(x.shape);
    const q = quads(c);
    const texture = device.context.acquireTexture(w, n * h, q);
    if ((w * 16) % 256 === 0) {
      const encoder = device.context.copyEncoder();
      for (let i = 0; i < n; i++) {
        encoder.copyBufferToTexture(
          { buffer: x.buffer, offset: i * q * h * w * 16, bytesPerRow: w * 16, rowsPerImage: h },
          { texture, origin: [0, i * h, 0] },
          [w, h, q],
        );
      }
      device.context.recorded();
      return texture;
    }
    const planeBytes = h * w * 16;
    for (const [from, to] of planeWindows(n * q, planeBytes, device.context.bindingLimit, 256)) {
      device.dispatch({
        kernel: 'pack/map_to_texture',
        bindings: {
          x: { buffer: x.buffer, offset: from * planeBytes, size: (to - from) * planeBytes },
          x_map: arrayView(texture),
        },
        params: { quad_from: from, count: to - from, quads: q, height: h, width: w },
        workgroups: grid1d((to - from) * h * w),
      });
    }
    return texture;
  });
}

/** A row-major matrix as texture: texel (c/4, r), zero-padded to whole quads. Cached. */
export function matrixTexture(x: Tensor, rows: number, cols: number): GPUTexture {
  return x.cachedTexture('matrix', () => {
    const { device } = x;
    const width = Math.ceil(cols / 4);
    const texture = device.context.acquireTexture(width, rows, 1);
    if ((cols * 4) % 256 === 0) {
      device.context
        .copyEncoder()
        .copyBufferToTexture({ buffer: x.buffer, bytesPerRow: cols * 4, rowsPerImage: rows }, { texture }, [width, rows, 1]);
      device.context.recorded();
      return texture;
    }
    packRows(x, texture, rows, cols, { panel: 0 });
    return texture;
  });
}

/**
 * A row-major matrix as column panels for sums over rows: texel (r*L + lane, panel) = four columns
 * at row r; rows are zero-padded to a multiple of 4. Cached.
 */
export function panelTexture(x: Tensor, rows: number, cols: number, lanes: number): GPUTexture {
  return x.cachedTexture('panel', () => {
    const width = Math.ceil(rows / 4) * 4 * lanes;
    const height = Math.ceil(cols / (4 * lanes));
    const texture = x.device.context.acquireTexture(width, height, 1);
    packRows(x, texture, rows, cols, { panel: 1, lanes });
    return texture;
  });
}

function packRows(x: Tensor, texture: GPUTexture, rows: number, cols: number, form: { panel: 0 | 1; lanes?: number }): void {
  x.device.dispatch({
    kernel: 'pack/rows_to_texture',
    defines: { PANEL: form.panel, LANES: form.lanes ?? 1 },
    bindings: { x, x_map: arrayView(texture) },
    params: { rows, cols, texels_x: texture.width, texels_y: texture.height },
    workgroups: grid1d(texture.width * texture.height),
  });
}
