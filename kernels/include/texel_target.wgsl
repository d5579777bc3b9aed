// Where a kernel puts the texels of a texture: `put(at, layer, value)`. BUFFER 1: into a buffer, from which the host
// copies them; lavapipe stores up to eight times as fast there (src/nn/ops/texel-target.ts). The kernel
// defines TARGET, the binding, and has `pitch` and `layer_pitch` (texels) among its params.
#define BUFFER 0
#if BUFFER == 1
@group(0) @binding(${TARGET}) var<storage, read_write> texels: array<vec4f>;
#else
@group(0) @binding(${TARGET}) var texels: texture_storage_2d_array<rgba32float, write>;
#endif

fn put(at: vec2u, layer: u32, value: vec4f) {
#if BUFFER == 1
  texels[layer * params.layer_pitch + at.y * params.pitch + at.x] = value;
#else
  textureStore(texels, at, layer, value);
#endif
}
