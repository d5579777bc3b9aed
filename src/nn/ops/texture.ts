import { stripTexels } from './linear/plan.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf, type BoundWindow } from '../kernel/windows.js';
import { texelTarget } from './texel-target.js';
import { dims4, quads } from '../tensor/shape.js';
import type { DispatchSpec, Tensor } from '../tensor/tensor.js';

export { arrayView } from './array-view.js';

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
    fillMapTexture(x, texture, 'pack/map_to_texture', (planes) => ({ bindings: { x: planes(x) } }));
    return texture;
  });
}

/**
 * Runs a kernel over the planes of a c4 map, in windows where it exceeds a binding, to fill a texture of
 * the same form, which it knows as `texels`.
 * @param launch defines and bindings of one window; `planes` binds the window of a tensor of that shape
 */
export function fillMapTexture(
  map: Tensor,
  texture: GPUTexture,
  kernel: string,
  launch: (planes: (x: Tensor) => BoundWindow) => Pick<DispatchSpec, 'defines' | 'bindings'>,
): void {
  const { device } = map;
  const [n, c, height, width] = dims4(map.shape);
  const q = quads(c);
  const planeBytes = height * width * 16;
  const limit = device.context.bindingLimit;
  const target = texelTarget(device, texture);
  for (const window of windowsOf(n * q, { unitBytes: planeBytes, limit, unit: 'plane of a map' })) {
    const { start, count } = window;
    const { base } = bind(map.buffer, planeBytes, window);
    const { defines, bindings } = launch((x) => bind(x.buffer, planeBytes, window));
    device.dispatch({
      kernel,
      defines: { ...defines, ...target.defines },
      bindings: { ...bindings, texels: target.texels },
      params: { quad_from: start, count, quads: q, height, width, base, ...target.params },
      workgroups: grid1d(count * height * width),
    });
  }
  target.finish();
}

/** Texels beyond a strip: rows a power of two apart would meet in the same few places of the cache. */
const spareTexels = 4;

/**
 * A row-major matrix as texture, in strips of 64 texels: texel (c/4 % 64, r) of layer c/4 / 64, zero-padded
 * to whole quads; what lies right of them is undefined. Cached.
 */
export function matrixTexture(x: Tensor, rows: number, cols: number): GPUTexture {
  return x.cachedTexture('matrix', () => {
    const { device } = x;
    const width = Math.ceil(cols / 4);
    const strips = Math.ceil(width / stripTexels);
    const pitch = width < stripTexels ? width : stripTexels + spareTexels;
    const texture = device.context.acquireTexture(pitch, rows, strips);
    if ((cols * 4) % 256 === 0) {
      const encoder = device.context.copyEncoder();
      for (let strip = 0; strip < strips; strip++) {
        const from = strip * stripTexels;
        encoder.copyBufferToTexture(
          { buffer: x.buffer, offset: from * 16, bytesPerRow: cols * 4, rowsPerImage: rows },
          { texture, origin: [0, 0, strip] },
          [Math.min(stripTexels, width - from), rows, 1],
        );
      }
      device.context.recorded();
      return texture;
    }
    packRows(x, texture, rows, cols, { panel: 0, width, height: rows });
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
    packRows(x, texture, rows, cols, { panel: 1, lanes, width, height });
    return texture;
  });
}

function packRows(
  x: Tensor,
  texture: GPUTexture,
  rows: number,
  cols: number,
  form: { panel: 0 | 1; lanes?: number; width: number; height: number },
): void {
  const target = texelTarget(x.device, texture);
  x.device.dispatch({
    kernel: 'pack/rows_to_texture',
    defines: {
      PANEL: form.panel,
      LANES: form.lanes ?? 1,
      STRIP: stripTexels,
      ...target.defines,
    },
    bindings: { x, texels: target.texels },
    params: { rows, cols, texels_x: form.width, texels_y: form.height, ...target.params },
    workgroups: grid1d(form.width * form.height),
  });
  target.finish();
}
