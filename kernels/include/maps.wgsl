// Textures that are read: `x_map: READ_MAP`, `textureLoad(x_map, at, layer LEVEL)`. Storage textures, which lavapipe
// reads 2.7 times as fast as sampled ones. SAMPLED 1: sampled ones, which SwiftShader reads in two thirds
// of the time. The host defines it by the kind of adapter (src/nn/kernel/pipeline.ts).
#define SAMPLED 0
#if SAMPLED == 1
#define READ_MAP texture_2d_array<f32>
#define LEVEL , 0
#else
#define READ_MAP texture_storage_2d_array<rgba32float, read>
#define LEVEL
#endif
