/** Files of pixel labels and cut-outs that are missing, damaged or something else, and sizes that do not fit. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import sharp, { type Sharp } from 'sharp';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { ImageCache } from '../../../src/aofd/data/batches/image-cache.js';
import { loadObjectBanks } from '../../../src/aofd/data/batches/load-objects.js';
import { readPaletteMap, readPixelMap } from '../../../src/aofd/data/batches/pixel-map.js';
import { UsableSamples } from '../../../src/aofd/data/batches/usable-samples.js';
import { decodeMaskPng } from '../../../src/aofd/data/files/decode.js';
import { newLoadReport, type PixelMap, type Sample } from '../../../src/aofd/data/sample.js';
import { checkPictures } from '../../../src/aofd/data/sets/check-pictures.js';
import { readPictureHeader } from '../../../src/aofd/data/sets/image-size.js';
import { loadDataSource } from '../../../src/aofd/data/sets/load-source.js';
import { DataError, ImageDecodeError } from '../../../src/aofd/errors.js';
import { mat5, numbers } from '../../helpers/mat-writer.js';
import { gradientImage, jpegOf, maskPng, pngOf } from '../../helpers/pictures.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('data/files of pixel labels and cut-outs', () => {
  const at = useTempFolder();
  const image = gradientImage(64, 48);
  const encoder = (): Sharp =>
    sharp(image.data, { raw: { width: 64, height: 48, channels: 3 as const } });
  const palette = (): Promise<Buffer> => encoder().png({ palette: true, colours: 8 }).toBuffer();

  const mapOf = (file: string): PixelMap => ({ file, roles: ['visible'], extent: 'portrait' });
  const sampleOf = async (patch: Partial<Sample>): Promise<Sample> => ({
    id: 'a',
    file: at.write('a.jpg', await jpegOf(image)),
    faces: [],
    source: 'it',
    ...patch,
  });

  it('damaged pixel maps are errors of pictures that name them, and can be passed over', async () => {
    const good = await palette();
    const matrix = mat5({ groundtruth: numbers([[1, 2, 3]], 'uint8') }); // prettier-ignore
    const files = [
      at.write('cut.png', good.subarray(0, good.length - 40)),
      at.write('cut.mat', matrix.subarray(0, matrix.length - 24)),
      at.write('other.mat', mat5({ other: numbers([[1]]) })),
      at('gone.mat'),
    ];
    const whole = await sampleOf({ file: at.write('whole.jpg', await jpegOf(image)) });
    for (const file of files) {
      const error = await rejectionAsync(readPixelMap(mapOf(file)), ImageDecodeError);
      expect(error.where).to.equal(file);
      expect(error.message).to.include('Fix: ');
      const broken = await sampleOf({ pixelMap: mapOf(file) });
      const usable = new UsableSamples(new ImageCache(0), true);
      const { sample } = await usable.getAsync(broken, [broken, whole]);
      expect(sample).to.equal(whole);
      expect(usable.takeNews().join()).to.include(file);
    }
  });

  it('palette maps and masks: bombs are refused, colour profiles change nothing', async () => {
    const bomb = await palette();
    bomb.writeUInt32BE(40000, 16);
    bomb.writeUInt32BE(40000, 20);
    const error = await rejectionAsync(readPaletteMap(at.write('b.png', bomb)), ImageDecodeError);
    expect(error.where).to.equal(at('b.png'));
    const plain = await readPaletteMap(at.write('p.png', await palette()));
    const profiled = withProfile(await palette(), await profileOf(encoder()));
    expect(await readPaletteMap(at.write('q.png', profiled))).to.deep.equal(plain);
    const mask = pngOf({
      width: 2,
      height: 1,
      data: Uint8Array.from([130, 20, 20, 126, 255, 255]),
    });
    const bytes = withProfile(mask, await profileOf(encoder()));
    expect([...(await decodeMaskPng(bytes)).data]).to.deep.equal([1, 0]);
  });

  it('missing and odd files of pixel labels are seen before a run', async () => {
    const segmentation = { maskFile: at('masks/a.png'), faceFile: at('face/a.png') };
    const check = (sample: Sample): Sample[] =>
      checkPictures([sample], { source: 'it', skipBroken: false, report: newLoadReport() });
    const sample = await sampleOf({ segmentation });
    const where = (wrong: Sample): string => thrownBy(() => check(wrong), DataError).where;
    expect(where(sample)).to.equal(segmentation.maskFile);
    const mask = maskPng(64, 48, () => true);
    at.write('masks/a.png', mask);
    expect(where(sample)).to.equal(segmentation.faceFile);
    at.write('face/x', '');
    execFileSync('mkfifo', [segmentation.faceFile]);
    expect(where(sample)).to.equal(segmentation.faceFile);
    expect(where(await sampleOf({ pixelMap: mapOf(at('gone.mat')) }))).to.equal(at('gone.mat'));
    expect(check(await sampleOf({ segmentation: { maskFile: at('masks/a.png') } }))).to.have.length(
      1,
    );
  });

  it('occlusion-seg without its masks is refused', async () => {
    at.write('set/images/a.jpg', await jpegOf(image));
    const entry = { id: 'a', split: 'train', width: 64, height: 48, box: [1, 1, 30, 30] };
    at.write('set/index.json', JSON.stringify([entry]));
    const { data } = presetConfig('lite');
    const sources = { it: { kind: 'occlusion-seg' as const, list: 'set' } };
    expect(() => loadDataSource({ ...data, root: at(), sources }, 'it')).to.throw(
      DataError,
      /masks.a\.png: file of pixel labels not found.*1 of 1 pictures/,
    );
  });

  it('a picture that decodes to another size than stated is refused, whatever its format', async () => {
    for (const format of ['tiff', 'avif', 'png'] as const) {
      const file = at.write(
        `a.${format}`,
        await encoder().toFormat(format, { effort: 1 }).toBuffer(),
      );
      const stated = await sampleOf({ file, width: 48, height: 64 });
      const error = await rejectionAsync(new ImageCache(0).getAsync(stated), DataError);
      expect(error.where).to.equal(file);
      expect(error.message).to.match(/48x64.*decoded as 64x48/);
      const right = await sampleOf({ file, width: 64, height: 48 });
      expect((await new ImageCache(0).getAsync(right)).image.width).to.equal(64);
    }
  });

  it('headers of all formats tell the size, and the turn where Exif says it', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'tiff'] as const) {
      for (const orientation of [1, 3, 6]) {
        const turned = encoder().withMetadata({ orientation }).toFormat(format);
        const file = at.write(`a.${format}`, await turned.toBuffer());
        const expected = { width: 64, height: 48, orientation };
        expect(readPictureHeader(file), format).to.deep.equal(expected);
      }
    }
    for (const format of ['avif', 'gif'] as const) {
      const file = at.write(
        `a.${format}`,
        await encoder().toFormat(format, { effort: 1 }).toBuffer(),
      );
      expect(readPictureHeader(file), format).to.deep.equal({
        width: 64,
        height: 48,
        orientation: 1,
      });
    }
    const report = newLoadReport();
    const turned = encoder().withMetadata({ orientation: 6 }).png();
    const file = at.write('t.png', await turned.toBuffer());
    const sample = await sampleOf({ file, width: 64, height: 48 });
    checkPictures([sample], { source: 'it', skipBroken: false, report });
    expect(report.turned).to.equal(1);
    const swapped = { ...sample, width: 48, height: 64 };
    expect(() => checkPictures([swapped], { source: 'it', skipBroken: false, report })).to.throw(
      /EXIF orientation/,
    );
  });

  it('cut-outs that are damaged, a drawing, or a pipe are refused by name', async () => {
    const jpeg = await jpegOf(image);
    const bank = (folder: string): Promise<unknown> => {
      const rules = { kind: 'photo-hand' as const, form: 'alpha' as const, limit: 9 };
      return loadObjectBanks([{ ...rules, folder: at(folder) }], 1);
    };
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>';
    at.write('pipe/x', '');
    execFileSync('mkfifo', [at('pipe/a.jpg')]);
    at.write('cut/a.jpg', jpeg.subarray(0, jpeg.length / 2));
    at.write('svg/a.jpg', svg);
    for (const [folder, expected] of [
      ['cut', /a\.jpg: picture cannot be decoded completely/],
      ['svg', /a\.jpg: is an SVG drawing/],
      ['pipe', /a\.jpg: is a pipe/],
    ] as const) {
      const error = await rejectionAsync(bank(folder), ImageDecodeError);
      expect(error.message).to.match(expected);
    }
  });
});

/** An iCCP chunk of another colour space, as sharp writes it. */
async function profileOf(picture: Sharp): Promise<Buffer> {
  const png = await picture.withIccProfile('p3').png({ palette: false }).toBuffer();
  const at = png.indexOf('iCCP') - 4;
  return png.subarray(at, at + 12 + png.readUInt32BE(at));
}

/** A PNG with that chunk behind its header. */
const withProfile = (png: Buffer, chunk: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
