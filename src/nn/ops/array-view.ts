import { noteTextureView } from '../kernel/texture-bytes.js';

/** A view of every layer of a texture, for `texture_storage_2d_array` bindings. */
export function arrayView(texture: GPUTexture): GPUTextureView {
  let view = views.get(texture);
  if (!view) {
    view = texture.createView({ dimension: '2d-array' });
    views.set(texture, view);
    noteTextureView(view, texture);
  }
  return view;
}

/** Creating a view costs a software driver 0.4 ms, more than recording a dispatch. */
const views = new WeakMap<GPUTexture, GPUTextureView>();
