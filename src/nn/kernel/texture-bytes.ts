/** Sizes of texture views, which a view does not tell itself; for profiles. */
const sizes = new WeakMap<GPUTextureView, number>();

/** Remembers how many bytes a view of all of an rgba32float texture covers. */
export function noteTextureView(view: GPUTextureView, texture: GPUTexture): void {
  sizes.set(view, texture.width * texture.height * texture.depthOrArrayLayers * 16);
}

/** Bytes of a view; 0 where it was never noted. */
export function textureBytes(view: GPUTextureView): number {
  return sizes.get(view) ?? 0;
}
