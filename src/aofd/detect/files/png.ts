/**
 * PNG output through pngjs: synchronous, with or without alpha, for programs that use the library. The
 * commands write many large pictures and use `pngAsync` (picture-jobs.ts), which is off the thread.
 */
import { PNG } from 'pngjs';
import type { Raster } from '../drawing/draw.js';

/**
 * Encodes a picture as an 8-bit PNG, RGB or RGBA like its data.
 * @throws RangeError when data and size do not fit
 */
export function encodePng(r: Raster): Uint8Array {
  const channels = r.channels ?? 3;
  if (r.width < 1 || r.height < 1 || r.data.length !== r.width * r.height * channels) {
    throw new RangeError(
      `encodePng: ${r.data.length} bytes for ${r.width}x${r.height}x${channels} (expected ${r.width * r.height * channels}).`,
    );
  }
  const colorType = channels === 4 ? 6 : 2;
  const png = new PNG({ width: r.width, height: r.height });
  png.data = Buffer.from(r.data.buffer, r.data.byteOffset, r.data.byteLength);
  return PNG.sync.write(png, {
    width: r.width,
    height: r.height,
    inputHasAlpha: channels === 4,
    inputColorType: colorType,
    colorType,
    bitDepth: 8,
    deflateLevel: 6,
  } as Parameters<typeof PNG.sync.write>[1]);
}
