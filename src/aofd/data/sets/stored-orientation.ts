/** How a picture is to be turned, as Exif says it: in a segment of JPEG, a chunk of PNG or WebP, tags of TIFF. */

/** Bytes of a file from a place on; fewer at its end. */
export type Peek = (at: number, length: number) => Buffer;

/** Chunks of a header that are looked at: damaged files may consist of nothing but empty ones. */
const MOST_CHUNKS = 256;
/** Larger Exif chunks hold thumbnails behind their tags. */
const EXIF_BYTES = 65536;

const TAG = { width: 0x0100, height: 0x0101, orientation: 0x0112 } as const;

/** EXIF orientation 1 to 8 of a PNG; 1 where none is said before the pixels. */
export function pngOrientation(peek: Peek): number {
  for (let at = 8, n = 0; n < MOST_CHUNKS; n++) {
    const head = peek(at, 8);
    const name = head.toString('latin1', 4);
    if (head.length < 8 || name === 'IDAT') break;
    const length = head.readUInt32BE(0);
    if (name === 'eXIf') return exifOrientation(peek(at + 8, Math.min(length, EXIF_BYTES))) ?? 1;
    at += 12 + length;
  }
  return 1;
}

/** EXIF orientation 1 to 8 of a WebP file; 1 where none is said. Its chunk lies behind the pixels. */
export function webpOrientation(peek: Peek): number {
  const isExtended = peek(12, 4).toString('latin1') === 'VP8X';
  for (let at = 12, n = 0; isExtended && n < MOST_CHUNKS; n++) {
    const head = peek(at, 8);
    if (head.length < 8) break;
    const length = head.readUInt32LE(4);
    if (head.toString('latin1', 0, 4) === 'EXIF') {
      return exifOrientation(peek(at + 8, Math.min(length, EXIF_BYTES))) ?? 1;
    }
    at += 8 + length + (length % 2);
  }
  return 1;
}

/** The orientation in Exif data, with or without the name in front; null where there is none. */
export function exifOrientation(data: Buffer): number | null {
  const b = data.toString('latin1', 0, 6) === 'Exif\0\0' ? data.subarray(6) : data;
  return orientationOf(firstTags((at, length) => b.subarray(at, at + length)));
}

/** Size and orientation of a TIFF file's first picture; null where they are not to be found. */
export function tiffHeader(
  peek: Peek,
): { width: number; height: number; orientation: number } | null {
  const tags = firstTags(peek);
  const [width, height] = [tags.get(TAG.width), tags.get(TAG.height)];
  if (!width || !height) return null;
  return { width, height, orientation: orientationOf(tags) ?? 1 };
}

function orientationOf(tags: ReadonlyMap<number, number>): number | null {
  const value = tags.get(TAG.orientation);
  return value !== undefined && value >= 1 && value <= 8 ? value : null;
}

/** Numbers in the first directory of TIFF data, by tag; none of data that are no (classic) TIFF. */
function firstTags(peek: Peek): Map<number, number> {
  const tags = new Map<number, number>();
  const head = peek(0, 8);
  const isLittle = head.toString('latin1', 0, 2) === 'II';
  if (head.length < 8 || (isLittle ? head.readUInt16LE(2) : head.readUInt16BE(2)) !== 42) {
    return tags;
  }
  const start = isLittle ? head.readUInt32LE(4) : head.readUInt32BE(4);
  const count = peek(start, 2);
  if (count.length < 2) return tags;
  const b = peek(start + 2, 12 * (isLittle ? count.readUInt16LE(0) : count.readUInt16BE(0)));
  const u16 = (at: number): number => (isLittle ? b.readUInt16LE(at) : b.readUInt16BE(at));
  for (let entry = 0; entry + 12 <= b.length; entry += 12) {
    const kind = u16(entry + 2);
    const long = isLittle ? b.readUInt32LE(entry + 8) : b.readUInt32BE(entry + 8);
    if (kind === 3) tags.set(u16(entry), u16(entry + 8));
    else if (kind === 4) tags.set(u16(entry), long);
  }
  return tags;
}
