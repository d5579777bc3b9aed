import { expect } from 'chai';
import sharp from 'sharp';
import { decodeImage, decodeMaskPng } from '../../../src/aofd/data/files/decode.js';
import { ImageDecodeError } from '../../../src/aofd/errors.js';
import { gradientImage, jpegOf, maskPng, pngOf } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';
import { rejectionAsync } from '../../helpers/rejection.js';

const failure = (promise: Promise<unknown>): Promise<ImageDecodeError> =>
  rejectionAsync(promise, ImageDecodeError);

describe('data/decode', () => {
  const image = gradientImage(48, 32);
  const at = useSuiteFolder();
  before(() => {});

  it('decodes PNG exactly and JPEG within a few levels', async () => {
    expect(await decodeImage(pngOf(image))).to.deep.equal(image);
    const jpeg = await decodeImage(at.write('a.jpg', await jpegOf(image)));
    expect([jpeg.width, jpeg.height, jpeg.data.length]).to.deep.equal([48, 32, 48 * 32 * 3]);
    let worst = 0;
    image.data.forEach((v, i) => (worst = Math.max(worst, Math.abs(v - (jpeg.data[i] ?? 0)))));
    expect(worst).to.be.lessThan(14);
  });

  it('gives three channels for grey, 16-bit and transparent pictures', async () => {
    const raw = { raw: { width: 48, height: 32, channels: 3 as const } };
    const grey = await sharp(image.data, raw).greyscale().jpeg().toBuffer();
    const webp = await sharp(image.data, raw).ensureAlpha(0.5).webp({ lossless: true }).toBuffer();
    const deep = await sharp(image.data, raw).toColourspace('rgb16').png().toBuffer();
    for (const bytes of [grey, webp, deep]) {
      expect((await decodeImage(bytes)).data.length).to.equal(48 * 32 * 3);
    }
    const pixel = (await decodeImage(grey)).data;
    expect(pixel[0]).to.equal(pixel[1]);
  });

  it('turns by EXIF orientation only when asked', async () => {
    const raw = { raw: { width: 48, height: 32, channels: 3 as const } };
    const turned = await sharp(image.data, raw).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect((await decodeImage(turned)).width).to.equal(48);
    expect((await decodeImage(turned, { autoOrient: true })).width).to.equal(32);
  });

  it('explains empty, truncated, foreign, missing and enormous files', async () => {
    const jpeg = await jpegOf(gradientImage(200, 200));
    const cases: [() => Promise<unknown>, string][] = [
      [() => decodeImage(at.write('zero.jpg', '')), 'image-empty'],
      [
        () => decodeImage(at.write('cut.jpg', jpeg.subarray(0, jpeg.length >> 1))),
        'image-truncated',
      ],
      [() => decodeImage(pngOf(image).subarray(0, 100)), 'image-truncated'],
      [() => decodeImage(pngOf(image).subarray(0, 20)), 'image-truncated'],
      [() => decodeImage(at.write('text.jpg', 'this is not a picture')), 'image-format'],
      [() => decodeImage(at('none.jpg')), 'file-missing'],
      [() => decodeImage(jpeg, { maxPixels: 1000 }), 'image-too-large'],
      [() => decodeImage(pngOf(image), { maxPixels: 1000 }), 'image-too-large'],
      [() => decodeMaskPng(jpeg), 'image-format'],
      [() => decodeMaskPng(new Uint8Array(0)), 'image-empty'],
    ];
    for (const [attempt, code] of cases) {
      const error = await failure(attempt());
      expect(error.code).to.equal(code);
      expect(error.message).to.contain('Fix:');
    }
    const named = await failure(decodeImage(new Uint8Array(0), { name: 'upload 3' }));
    expect(named.message).to.match(/^upload 3/);
  });

  it('decodes masks to 0 and 1, also 1-bit PNG', async () => {
    const bytes = maskPng(10, 6, (x) => x >= 4);
    const mask = await decodeMaskPng(bytes);
    expect([...mask.data.subarray(0, 10)]).to.deep.equal([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    const oneBit = await sharp(bytes).png({ palette: true, colours: 2 }).toBuffer();
    expect((await decodeMaskPng(oneBit)).data).to.deep.equal(mask.data);
  });
});
