// T is what one invocation takes: one element, or with QUADS 1 four neighbours.
#define QUADS 0
#if QUADS == 1
#define T vec4f
#else
#define T f32
#endif
