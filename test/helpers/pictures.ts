/** Small synthetic pictures and faces. */
import { PNG } from 'pngjs';
import sharp from 'sharp';
import type { DecodedImage, FaceBox } from '../../src/aofd/data/sample.js';

/** Smooth colourful picture; every pixel differs from its neighbours a little. */
export function gradientImage(width: number, height: number): DecodedImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      data[at] = Math.round((200 * x) / width) + 30;
      data[at + 1] = Math.round((200 * y) / height) + 30;
      data[at + 2] = 120;
    }
  }
  return { width, height, data };
}

export async function jpegOf(image: DecodedImage): Promise<Buffer> {
  const { width, height, data } = image;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

export function pngOf(image: DecodedImage): Buffer {
  const png = new PNG({ width: image.width, height: image.height });
  for (let i = 0; i < image.width * image.height; i++) {
    for (let c = 0; c < 3; c++) png.data[4 * i + c] = image.data[3 * i + c] as number;
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** PNG of a label mask: 255 where `inside` holds. */
export function maskPng(
  width: number,
  height: number,
  inside: (x: number, y: number) => boolean,
): Buffer {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    if (inside(i % width, Math.floor(i / width))) data.fill(255, 3 * i, 3 * i + 3);
  }
  return pngOf({ width, height, data });
}

export const face = (box: FaceBox['box'], extra: Partial<FaceBox> = {}): FaceBox => ({
  box,
  ignore: false,
  invalid: false,
  ...extra,
});
