/** Formats times properties: every format is decoded by the same rules. */
import { expect } from 'chai';
import sharp, { type Sharp } from 'sharp';
import { decodeImage } from '../../../src/aofd/data/files/decode.js';
import type { DecodedImage } from '../../../src/aofd/data/sample.js';
import { ImageDecodeError } from '../../../src/aofd/errors.js';
import { rejectionAsync } from '../../helpers/rejection.js';

const WIDTH = 48;
const HEIGHT = 32;
type Rgb = readonly [number, number, number];
/** Colours of the quarters: top left, top right, bottom left, bottom right. */
const QUARTERS: readonly Rgb[] = [
  [210, 60, 60],
  [60, 190, 70],
  [60, 70, 200],
  [200, 190, 60],
];

type Save = (image: Sharp) => Sharp;
/** The formats, as exact as each can be. */
const FORMATS: Readonly<Record<string, Save>> = {
  jpeg: (image) => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
  'progressive jpeg': (image) =>
    image.jpeg({ quality: 100, chromaSubsampling: '4:4:4', progressive: true }),
  png: (image) => image.png(),
  'interlaced png': (image) => image.png({ progressive: true }),
  webp: (image) => image.webp({ lossless: true }),
  tiff: (image) => image.tiff({ compression: 'lzw' }),
  avif: (image) => image.avif({ lossless: true, chromaSubsampling: '4:4:4' }),
  'tiled tiff': (image) =>
    image.tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
  gif: (image) => image.gif(),
  'interlaced gif': (image) => image.gif({ progressive: true }),
};
const hasOrientation = (format: string): boolean => !format.endsWith('gif');
const hasAlpha = (format: string): boolean => !format.endsWith('jpeg');
/** AVIF states how it lies in its coding, not in EXIF: decoders always apply it. */
const isTurnedAlways = (format: string): boolean => format === 'avif';

/** Levels that colours may be off: JPEG and AVIF are lossy, GIF has a palette. */
const TOLERANCE = 6;

function card(): Sharp {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const quarter = (y < HEIGHT / 2 ? 0 : 2) + (x < WIDTH / 2 ? 0 : 1);
      data.set(QUARTERS[quarter]!, 3 * (y * WIDTH + x));
    }
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

/** Mean colours of the four quarters, away from their borders. */
function quartersOf({ width, height, data }: DecodedImage): Rgb[] {
  return [0, 1, 2, 3].map((quarter) => {
    const x = Math.floor(width * (quarter % 2 ? 0.75 : 0.25));
    const y = Math.floor(height * (quarter > 1 ? 0.75 : 0.25));
    const at = 3 * (y * width + x);
    return [data[at]!, data[at + 1]!, data[at + 2]!];
  });
}

function expectQuarters(image: DecodedImage, expected: readonly Rgb[], what: string): void {
  quartersOf(image).forEach((colour, i) => {
    colour.forEach((level, c) => {
      expect(level, `${what}: quarter ${i}, channel ${c}`).to.be.closeTo(
        expected[i]![c]!,
        TOLERANCE,
      );
    });
  });
}

/** The quarters can be told apart: each is nearest to the colour that is expected there. */
function expectNearest(image: DecodedImage, expected: readonly number[], what: string): void {
  quartersOf(image).forEach((colour, i) => {
    const distance = (other: Rgb): number => Math.hypot(...colour.map((v, c) => v - other[c]!));
    const nearest = [...QUARTERS].sort((a, b) => distance(a) - distance(b))[0];
    expect(nearest, `${what}, quarter ${i}`).to.equal(QUARTERS[expected[i]!]);
  });
}

/** Which stored quarter is seen at each place, for EXIF orientations 1 to 8. */
const TURNED: readonly (readonly number[])[] = [
  [0, 1, 2, 3],
  [1, 0, 3, 2],
  [3, 2, 1, 0],
  [2, 3, 0, 1],
  [0, 2, 1, 3],
  [2, 0, 3, 1],
  [3, 1, 2, 0],
  [1, 3, 0, 2],
];

describe('data/decode: formats times properties', () => {
  for (const [format, save] of Object.entries(FORMATS)) {
    const bytesOf = (image: Sharp): Promise<Buffer> => save(image).toBuffer();

    it(`${format}: orientations 1 to 8`, async () => {
      for (const [i, seen] of TURNED.entries()) {
        const bytes = await bytesOf(card().withMetadata({ orientation: i + 1 }));
        const what = `${format}, orientation ${i + 1}`;
        const view = hasOrientation(format) ? seen : TURNED[0]!;
        const turned = await decodeImage(bytes, { autoOrient: true });
        const isSwapped = hasOrientation(format) && i >= 4;
        const size = isSwapped ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
        expect([turned.width, turned.height], what).to.deep.equal(size);
        expectQuarters(
          turned,
          view.map((q) => QUARTERS[q]!),
          what,
        );
        const stored = await decodeImage(bytes);
        const plain = isTurnedAlways(format) ? view : TURNED[0]!;
        expectQuarters(
          stored,
          plain.map((q) => QUARTERS[q]!),
          `${what}, as stored`,
        );
      }
    });

    it(`${format}: grey`, async () => {
      const image = await decodeImage(await bytesOf(card().greyscale()));
      expect(image.data.length).to.equal(3 * WIDTH * HEIGHT);
      for (const [r, g, b] of quartersOf(image)) {
        expect(Math.abs(r - g)).to.be.at.most(1);
        expect(Math.abs(r - b)).to.be.at.most(1);
        expect(r).to.be.within(50, 210);
      }
    });

    if (hasAlpha(format)) {
      it(`${format}: what is transparent is white, whatever lies under it`, async () => {
        const hidden = await decodeImage(await bytesOf(card().ensureAlpha(0)));
        expect(new Set(hidden.data)).to.deep.equal(new Set([255]));
        if (format.endsWith('gif')) return; // one bit of alpha
        const half = await decodeImage(await bytesOf(card().ensureAlpha(0.5)));
        const expected = QUARTERS.map((rgb) => rgb.map((v) => (v + 255) / 2) as unknown as Rgb);
        expectQuarters(half, expected, `${format}, half transparent`);
      });
    }

    it(`${format}: bytes behind the end do not matter, a cut file is refused`, async () => {
      const bytes = await bytesOf(card().resize(480, 320, { kernel: 'nearest' }));
      const clean = await decodeImage(bytes);
      for (const tail of [Buffer.alloc(64), Buffer.from('\n'), Buffer.from('<html>')]) {
        const got = await decodeImage(Buffer.concat([bytes, tail]));
        expect(Buffer.compare(got.data, clean.data), `${format} with a tail`).to.equal(0);
      }
      const cut = bytes.subarray(0, Math.floor(bytes.length * 0.6));
      const error = await rejectionAsync(decodeImage(cut), ImageDecodeError);
      expect(error.fix).to.contain('cut off');
    });
  }

  it('PNG and TIFF with 16 bits, in colour, grey, and with alpha', async () => {
    const raw = { raw: { width: 2, height: 1, channels: 3 as const } };
    const deep = Uint16Array.from([0xffff, 0x8080, 0, 0x1010, 0x2020, 0x3030]);
    const image = (): Sharp => sharp(deep, raw).toColourspace('rgb16');
    for (const save of [FORMATS['png']!, FORMATS['tiff']!]) {
      const { data } = await decodeImage(await save(image()).toBuffer());
      expect([...data]).to.deep.equal([0xff, 0x80, 0, 0x10, 0x20, 0x30]);
    }
    const grey = await sharp(deep.slice(0, 2), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).depth).to.equal('ushort');
    expect([...(await decodeImage(grey)).data]).to.deep.equal([255, 255, 255, 128, 128, 128]);
    const hidden = await sharp(deep, raw).ensureAlpha(0).toColourspace('rgb16').png().toBuffer();
    expect(new Set((await decodeImage(hidden)).data)).to.deep.equal(new Set([255]));
  });

  it('PNG with a palette, also a transparent one', async () => {
    const palette = await card().png({ palette: true }).toBuffer();
    expectQuarters(await decodeImage(palette), QUARTERS, 'palette');
    const hidden = await card().ensureAlpha(0).png({ palette: true }).toBuffer();
    expect(new Set((await decodeImage(hidden)).data)).to.deep.equal(new Set([255]));
  });

  it('PNG of few bits: one for black and white, grey with alpha', async () => {
    const edges = Buffer.from([0, 255, 255, 0]);
    const raw = { raw: { width: 4, height: 1, channels: 1 as const } };
    const bits = await sharp(edges, raw).png({ palette: true, colours: 2 }).toBuffer();
    const expected = [...edges].flatMap((v) => [v, v, v]);
    expect([...(await decodeImage(bits)).data]).to.deep.equal(expected);
    const veiled = Buffer.from([0, 255, 0, 0]);
    const grey = { raw: { width: 2, height: 1, channels: 2 as const } };
    const png = await sharp(veiled, grey).toColourspace('b-w').png().toBuffer();
    expect((await sharp(png).metadata()).channels).to.equal(2);
    expect([...(await decodeImage(png)).data]).to.deep.equal([0, 0, 0, 255, 255, 255]);
  });

  it('properties together: turned, deep, grey, with alpha and bytes behind the end', async () => {
    for (const format of ['png', 'interlaced png', 'tiff', 'tiled tiff']) {
      const deep = card().ensureAlpha(1).toColourspace('rgb16').withMetadata({ orientation: 6 });
      const bytes = Buffer.concat([await FORMATS[format]!(deep).toBuffer(), Buffer.alloc(9)]);
      expect((await sharp(bytes).metadata()).depth, format).to.equal('ushort');
      const image = await decodeImage(bytes, { autoOrient: true });
      expect([image.width, image.height], format).to.deep.equal([HEIGHT, WIDTH]);
      // What writes the file applies a colour profile to 16 bits: the colours are not the card's to a level.
      expectNearest(image, TURNED[5]!, `${format}, turned, 16 bits`);
    }
  });

  it('the first page of a TIFF with several', async () => {
    const pages = await Promise.all([card(), card().negate()].map((page) => page.png().toBuffer()));
    const joined = sharp(pages, { join: { animated: true } });
    const bytes = await joined.tiff({ compression: 'lzw' }).toBuffer();
    expect((await sharp(bytes).metadata()).pages).to.equal(2);
    const image = await decodeImage(bytes);
    expect([image.width, image.height]).to.deep.equal([WIDTH, HEIGHT]);
    expectQuarters(image, QUARTERS, 'first page');
  });

  it('JPEG and TIFF in CMYK', async () => {
    for (const format of ['jpeg', 'tiff']) {
      const bytes = await FORMATS[format]!(card().toColourspace('cmyk')).toBuffer();
      expect((await sharp(bytes).metadata()).space).to.equal('cmyk');
      // Printing inks cannot show all of the card: the quarters must be told apart, no more.
      expectNearest(await decodeImage(bytes), TURNED[0]!, format);
    }
  });

  it('the first frame of animations', async () => {
    const second = card().negate();
    const frames = await Promise.all([card(), second].map((frame) => frame.png().toBuffer()));
    const animation = sharp(frames, { join: { animated: true } });
    for (const bytes of [
      await animation.clone().gif().toBuffer(),
      await animation.clone().webp({ lossless: true }).toBuffer(),
    ]) {
      expect((await sharp(bytes).metadata()).pages).to.equal(2);
      const image = await decodeImage(bytes);
      expect([image.width, image.height]).to.deep.equal([WIDTH, HEIGHT]);
      expectQuarters(image, QUARTERS, 'first frame');
    }
  });

  it('other files are named, with what to do', async () => {
    const brands = (major: string, ...more: string[]): Buffer => {
      const text = `ftyp${major}\0\0\0\0${more.join('')}`;
      const head = Buffer.alloc(4);
      head.writeUInt32BE(4 + text.length);
      return Buffer.concat([head, Buffer.from(text, 'latin1'), Buffer.alloc(600)]);
    };
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>';
    const rows: [string, Buffer, RegExp][] = [
      ['HEIC', brands('heic', 'mif1', 'heic'), /HEIC.*heif-convert/],
      ['HEIF of a camera', brands('mif1', 'heix'), /HEIC.*sips/],
      ['film', brands('isom', 'mp42'), /a film/],
      ['SVG', Buffer.from(svg), /SVG/],
      ['SVG with a declaration', Buffer.from(`<?xml version="1.0"?>\n<!-- x -->${svg}`), /SVG/],
      ['page', Buffer.from('<!DOCTYPE html><title>403</title>'), /web page/],
      ['LFS', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
      ['PDF', Buffer.from('%PDF-1.7\n'), /PDF/],
      ['BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]), /BMP/],
      ['text', Buffer.from('a letter'), /not a picture that can be read/],
    ];
    for (const [name, bytes, expected] of rows) {
      const error = await rejectionAsync(decodeImage(bytes, { name }), ImageDecodeError);
      expect(error.code, name).to.equal('image-format');
      expect(error.message, name).to.match(expected);
    }
  });
});
