import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { NnError } from '../../../src/nn/index.js';
import { picturePath } from '../../../src/aofd/data/files/picture-names.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import {
  pixelsOfSourceAsync,
  type PictureSource,
} from '../../../src/aofd/detect/picture-source.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { gradientImage } from '../../helpers/pictures.js';
import { randomWeights } from '../../helpers/random-weights.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const [width, height] = [24, 16];
const image = gradientImage(width, height);

describe('what may be given as a picture', () => {
  const at = useSuiteFolder();
  let encoded: Buffer;
  before(async () => {
    encoded = await sharp(image.data, { raw: { width, height, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    writeFileSync(at('a b.png'), encoded);
  });

  it('paths, addresses and bytes, all turned by their EXIF orientation', async () => {
    const expected = await pixelsOfSourceAsync(at('a b.png'));
    expect([expected.width, expected.height]).to.deep.equal([height, width]);
    const bytes = new Uint8Array(encoded);
    const sources: PictureSource[] = [
      pathToFileURL(at('a b.png')),
      pathToFileURL(at('a b.png')).href,
      encoded,
      bytes,
      bytes.buffer,
      new Blob([bytes]),
      new File([bytes], 'a.png'),
    ];
    for (const source of sources) {
      expect(await pixelsOfSourceAsync(source)).to.deep.equal(expected);
    }
  });

  it('pixels in RGB or RGBA, the latter laid on white', async () => {
    for (const data of [image.data, Buffer.from(image.data), new Uint8ClampedArray(image.data)]) {
      const taken = await pixelsOfSourceAsync({ width, height, data });
      expect([...taken.data]).to.deep.equal([...image.data]);
    }
    const rgba = new Uint8ClampedArray([10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128]);
    const { data } = await pixelsOfSourceAsync({ width: 3, height: 1, data: rgba });
    expect([...data]).to.deep.equal([10, 20, 30, 255, 255, 255, 127, 127, 127]);
  });

  it('nothing else, and says why', async () => {
    const { data } = image;
    const wrong: [unknown, string][] = [
      [undefined, 'undefined is not a picture'],
      [null, 'null is not a picture'],
      [5, 'Number is not a picture'],
      [['a.jpg'], 'Array is not a picture'],
      [{ width, height }, 'not a picture'],
      [{ data, info: { width, height } }, 'width must be a whole number above 0, got undefined'],
      [{ width: '24', height, data }, 'width must be a whole number above 0, got "24"'],
      [{ width: 24.5, height, data }, 'got 24.5'],
      [{ width: 0, height: 0, data: new Uint8Array(0) }, 'above 0, got 0'],
      [
        { width, height, data: data.subarray(1) },
        'needs 1152 bytes of RGB or 1536 of RGBA, got 1151',
      ],
      [{ width, height, data: data.subarray(0, width * height) }, 'got 384'],
      [{ width, height, data: Float32Array.from(data) }, 'got Float32Array'],
      [{ width, height, data: Uint16Array.from(data) }, 'got Uint16Array'],
      [{ width, height, data: Int8Array.from(data) }, 'got Int8Array'],
      [{ width, height, data: [...data] }, 'got Array'],
      [{ width, height, data: null }, 'got null'],
    ];
    for (const [source, text] of wrong) {
      const error = await rejectionAsync(pixelsOfSourceAsync(source as PictureSource), NnError);
      expect(error.message, text).to.include(text).and.include('Fix: ');
    }
    for (const name of [
      'https://example.com/a.jpg',
      'data:image/png;base64,AA',
      new URL('http://a/b'),
      '',
    ]) {
      const error = await rejectionAsync(pixelsOfSourceAsync(name), NnError);
      expect(error.code).to.equal('file-missing');
    }
    expect(picturePath('C:\\pictures\\a.jpg')).to.equal('C:\\pictures\\a.jpg');
    expect(picturePath('odd:name.jpg')).to.equal('odd:name.jpg');
  });

  it('settings of the right kind', async () => {
    const device = await testDeviceAsync();
    await using detector = await Detector.createAsync({ weights: randomWeights(), device });
    const wrong = [{ score: '0.4' }, { scales: 1.5 }, { scales: ['1'] }, { flip: 1 }];
    for (const settings of wrong) {
      const call = detector.detectAsync(image, settings as never);
      expect((await rejectionAsync(call, NnError)).code).to.equal('settings');
    }
  });

  it('no more faces than the network proposes, and says so', async () => {
    const device = await testDeviceAsync();
    await using detector = await Detector.createAsync({ weights: randomWeights(), device });
    const most = detector.config.proposals.test.postNmsTop;
    const call = detector.detectAsync(image, { maxDetections: most + 1 });
    const error = await rejectionAsync(call, NnError);
    expect(error.message).to.include(`at ${most} regions`).and.include('postNmsTop');
    await detector.detectAsync(image, { maxDetections: most });
    await detector.detectAsync(image, { maxDetections: most + 1, flip: true });
  });
});
