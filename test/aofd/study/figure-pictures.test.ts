import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { encodePng } from '../../../src/aofd/detect/files/png.js';
import { DataError } from '../../../src/aofd/errors.js';
import {
  figurePictureAsync,
  hashPictures,
  picturesOf,
  type FigurePicture,
} from '../../../src/aofd/study/figure-pictures.js';
import { FileHashes } from '../../../src/aofd/study/file-hashes.js';
import type { PictureFigure } from '../../../src/aofd/study/schema.js';
import { thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

const SAMPLE = '@vladmandic/face-api/demo/sample1.jpg';

describe('pictures of figures', () => {
  const at = useTempFolder();

  const figure = (...pictures: PictureFigure['pictures']): PictureFigure => ({
    name: 'shown',
    kind: 'detections',
    title: 'Shown',
    settings: ['full'],
    pictures,
  });

  it('start from the root, or lie in an installed package', () => {
    const [own, packaged] = picturesOf('/data', figure('a.png', { file: `npm:${SAMPLE}` }));
    expect(own?.file).to.match(/[/\\]data[/\\]a\.png$/);
    expect(isAbsolute(packaged?.file ?? '')).to.equal(true);
    expect(hashPictures('/data', figure(`npm:${SAMPLE}`), new FileHashes(null))).to.be.a('string');
  });

  it('say which package is missing, and which file', () => {
    for (const [path, name] of [
      ['@nobody/none/a.jpg', '@nobody/none'],
      ['none-such/b/a.jpg', 'none-such'],
    ] as const) {
      const error = thrownBy(() => picturesOf('/data', figure(`npm:${path}`)), DataError);
      expect(error.message).to.match(
        new RegExp(`${path}: no installed package gives .*shown.*npm install ${name},`, 's'),
      );
    }
    const gone = () => hashPictures(at(), figure('gone.png'), new FileHashes(null));
    expect(thrownBy(gone, DataError).message).to.match(/gone\.png: not found \(shown\)\./);
  });

  it('have cover painted over the faces that are to have it, the same pixels every time', async () => {
    const [width, height] = [120, 60];
    const data = new Uint8Array(width * height * 3).fill(128);
    writeFileSync(at('grey.png'), encodePng({ width, height, data }));
    const picture = (cover: FigurePicture['cover']): FigurePicture => ({
      file: at('grey.png'),
      faces: [
        [10, 10, 49, 49],
        [70, 10, 109, 49],
      ],
      cover,
    });
    const paintedAsync = async (cover: FigurePicture['cover']): Promise<Uint8Array> =>
      (await figurePictureAsync(picture(cover))).data as Uint8Array;
    /** Share of changed pixels in the left and in the right half. */
    const changed = (pixels: Uint8Array): [number, number] => {
      const counts: [number, number] = [0, 0];
      for (let i = 0; i < width * height; i++) {
        if (pixels[3 * i] === 128) continue;
        counts[i % width < 60 ? 0 : 1] += 1 / 1600;
      }
      return counts;
    };
    expect(changed(await paintedAsync(null))).to.deep.equal([0, 0]);
    expect(changed(await paintedAsync([null, null]))).to.deep.equal([0, 0]);
    const right = await paintedAsync([null, 'medical-mask']);
    expect(changed(right)[0]).to.equal(0);
    expect(changed(right)[1]).to.be.above(0.2);
    expect(await paintedAsync([null, 'medical-mask'])).to.deep.equal(right);
    expect(changed(await paintedAsync(['hand', null]))[0]).to.be.above(0.1);

    const hashOf = (cover?: FigurePicture['cover']): string => {
      const faces = picture(null).faces as [number, number, number, number][];
      const one = { file: 'grey.png', faces, ...(cover ? { cover: [...cover] } : {}) };
      return hashPictures(at(), figure(one), new FileHashes(null));
    };
    expect(hashOf(['hat', null])).not.to.equal(hashOf([null, 'hat']));
    expect(hashOf(['hat', null])).not.to.equal(hashOf());
  });
});
