/** The convolutions that decide whether VGG16 is fast. */

/** Sizes of one layer: images, input channels, height, width, output channels, kernel side. */
export type ConvRow = [n: number, c: number, h: number, w: number, o: number, kernel: number];

/** The 13 convolutions of VGG16 (docs/spec.md 1.1) on one picture, h x w at the first. */
export function vggConvs(h: number, w: number): ConvRow[] {
  const blocks = [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const;
  const layers: ConvRow[] = [];
  let [channels, y, x] = [3, h, w];
  for (const [width, convs] of blocks) {
    if (layers.length > 0) [y, x] = [Math.ceil(y / 2), Math.ceil(x / 2)];
    for (let i = 0; i < convs; i++) {
      layers.push([1, channels, y, x, width, 3]);
      channels = width;
    }
  }
  return layers;
}
