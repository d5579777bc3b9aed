import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { openMatAsync } from '../../../src/aofd/eval/detections/mat-file.js';
import { readWeightsAsync } from '../../../src/aofd/weights/files/detector-weights.js';
import { openWeightSourceAsync } from '../../../src/aofd/weights/vgg16/files/source.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { SafetensorsFile } from '../../../src/nn/io/files/index.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('pipes, devices and folders in place of files of arrays', () => {
  const at = useTempFolder();
  const readers: [string, (file: string) => unknown][] = [
    ['weights', readWeightsAsync],
    ['initial weights', openWeightSourceAsync],
    ['safetensors', (file) => SafetensorsFile.open(file)],
    ['MATLAB', openMatAsync],
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
