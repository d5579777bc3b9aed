import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { expect } from 'chai';
import { runCli } from '../../../src/aofd/cli/main.js';
import { hashPicturesAsync } from '../../../src/aofd/eval/detections/data-hash.js';
import { openMatAsync } from '../../../src/aofd/eval/detections/mat-file.js';
import { detectSetAsync } from '../../../src/aofd/eval/detections/runner.js';
import { FileHashes } from '../../../src/aofd/study/file-hashes.js';
import { readWeightsAsync } from '../../../src/aofd/weights/files/detector-weights.js';
import { openWeightSourceAsync } from '../../../src/aofd/weights/vgg16/files/source.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { SafetensorsFile, sha256FileAsync } from '../../../src/nn/io/files/index.js';
import { capturedAsync } from '../../helpers/captured.js';
import { writeRandomWeights } from '../../helpers/random-weights.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('pipes, devices and folders in place of files of arrays', () => {
  const at = useTempFolder();
  const readers: [string, (file: string) => unknown][] = [
    ['weights', readWeightsAsync],
    ['initial weights', openWeightSourceAsync],
    ['safetensors', (file) => SafetensorsFile.open(file)],
    ['MATLAB', openMatAsync],
    ['a hash', sha256FileAsync],
  ];
  for (const [kind, read] of readers) {
    it(`${kind}: are refused at once, without waiting for their content`, async () => {
      execFileSync('mkfifo', [at('pipe')]);
      symlinkSync('/dev/zero', at('endless'));
      symlinkSync('ring', at('ring'));
      mkdirSync(at('folder'));
      for (const name of ['pipe', 'endless', 'ring', 'folder', 'none']) {
        const run = async (): Promise<unknown> => read(at(name));
        await rejectionAsync(run(), IoError);
      }
    });
  }
});

describe('pipes and devices in place of pictures of an evaluation', () => {
  const at = useTempFolder();
  const makers: [string, () => unknown][] = [
    ['a pipe', () => execFileSync('mkfifo', [at('x.jpg')])],
    ['a device', () => symlinkSync('/dev/zero', at('x.jpg'))],
  ];
  for (const [kind, make] of makers) {
    it(`${kind}: hashes and the detector's runs do not wait for its content`, async () => {
      make();
      const images = [{ name: 'x.jpg', file: at('x.jpg') }];
      const error = await rejectionAsync(hashPicturesAsync(images), IoError);
      expect(error.message).to.include(`${at('x.jpg')}: not a regular file. Fix: `);
      expect(() => new FileHashes(null).of(at('x.jpg'))).to.throw(IoError, /not a regular file/);
      writeRandomWeights(at('w.safetensors'));
      const found = await detectSetAsync(images, 'random', {
        weights: at('w.safetensors'),
        scoreFloor: 0.5,
        maxDetections: 1,
        needsMasks: false,
        cache: at('cache'),
        version: '0',
      });
      expect(found?.warnings.join()).to.include(`1 pictures could not be read`).and.include(kind);
    });

    it(`${kind}: aofd eval names it and ends`, async () => {
      make();
      at.write('boxes.csv', 'image,x1,y1,x2,y2,score\nx.jpg,1,2,21,22,0.5\n');
      const data = at.write(
        'val.json',
        JSON.stringify({
          images: [{ id: 1, file_name: 'x.jpg', width: 40, height: 30 }],
          annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 2, 20, 20] }],
          categories: [{ id: 1, name: 'face' }],
        }),
      );
      writeRandomWeights(at('w.safetensors'));
      for (const what of [
        ['--weights', at('w.safetensors')],
        ['--detections', at('boxes.csv')],
      ]) {
        const { result, err } = await capturedAsync(() =>
          runCli(['eval', 'coco', '--data', data, ...what, '--out', at('out')]),
        );
        expect(err).to.match(/x\.jpg: not a regular file\. Fix: /);
        expect(result).to.equal(1);
      }
    });
  }
});
