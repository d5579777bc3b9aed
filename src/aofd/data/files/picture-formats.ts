/** What a picture file is, by its first bytes: names of files are not believed. */

/** Formats that are decoded. */
export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF';

/** Bytes from the start that `pictureFormatOf` looks at. */
export const FORMAT_BYTES = 512;

/** Endings of files that are taken from folders. Files named one by one may have any. */
export const PICTURE_ENDINGS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.avif',
  '.gif',
  '.tif',
  '.tiff',
];

/** Endings of pictures that cannot be decoded here: counted where folders are read. */
export const FOREIGN_ENDINGS: readonly string[] = [
  '.heic',
  '.heif',
  '.hif',
  '.jxl',
  '.jp2',
  '.bmp',
  '.svg',
  '.psd',
  '.cr2',
  '.cr3',
  '.nef',
  '.arw',
  '.dng',
  '.raf',
  '.orf',
  '.rw2',
];

/** A file that is something else, where its first bytes tell what. */
export interface ForeignFile {
  name: string;
  /** How to make a picture of it that can be read. */
  fix: string;
}

const HEIC: ForeignFile = {
  name: 'a HEIC picture (HEVC coded, as iPhones write it), which cannot be decoded here',
  fix:
    'convert it to JPEG, for example with "heif-convert photo.heic photo.jpg" (libheif), ' +
    '"magick photo.heic photo.jpg", or on a Mac "sips -s format jpeg photo.heic --out photo.jpg"',
};
const toJpeg = (name: string): ForeignFile => ({ name, fix: 'convert it to JPEG or PNG' });

/** Brands of files in the ISO container (bytes 8 to 12 and the list behind them). */
const AVIF_BRANDS = ['avif', 'avis'];
const HEVC_BRANDS = [
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
  'mif1',
  'msf1',
];

/** Beginnings of other files, as Latin-1 text. */
const FOREIGN: readonly (readonly [start: RegExp, file: ForeignFile])[] = [
  [/^BM[^]{4}\0\0\0\0/, toJpeg('a BMP picture')],
  [/^%PDF-/, toJpeg('a PDF document')],
  [/^8BPS/, toJpeg('a Photoshop document')],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, toJpeg('a JPEG XL picture')],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, toJpeg('a JPEG 2000 picture')],
  [/^(\xef\xbb\xbf)?\s*(<\?xml[^]*?<svg|<!DOCTYPE svg|<svg)/i, toJpeg('an SVG drawing')],
  [
    /^(\xef\xbb\xbf)?\s*<(!doctype )?html/i,
    {
      name: 'a web page',
      fix: 'download the picture itself; a server may have answered with an error page',
    },
  ],
  [/^\0\0[^]{2}ftyp(mp4|iso|M4V|qt|3gp)/, toJpeg('a film')],
  [/^PK\x03\x04/, { name: 'a zip archive', fix: 'unpack it' }],
  [/^version https:\/\/git-lfs/, { name: 'a pointer of Git LFS', fix: 'run "git lfs pull"' }],
];

/** The format of a file, what else it is, or null where its beginning says nothing. */
export function pictureFormatOf(bytes: Uint8Array): PictureFormat | ForeignFile | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, FORMAT_BYTES));
  const text = head.toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (/^RIFF[^]{4}WEBP/.test(text)) return 'WebP';
  if (/^GIF8[79]a/.test(text)) return 'GIF';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'TIFF';
  const brands = isoBrands(text);
  if (brands.some((brand) => AVIF_BRANDS.includes(brand))) return 'AVIF';
  if (brands.some((brand) => HEVC_BRANDS.includes(brand))) return HEIC;
  return FOREIGN.find(([start]) => start.test(text))?.[1] ?? null;
}

/** Major and compatible brands of the `ftyp` box at the start; none where there is no such box. */
function isoBrands(text: string): string[] {
  if (text.slice(4, 8) !== 'ftyp') return [];
  const size = Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE(0);
  const list = text.slice(16, Math.min(size, text.length));
  return [text.slice(8, 12), ...(list.match(/[^]{4}/g) ?? [])];
}
