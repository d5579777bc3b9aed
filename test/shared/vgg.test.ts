/** The real frozen layers of VGG16 against the published hashes; needs the shared data folder. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VGG16_FROZEN } from '../../src/aofd/weights/vgg16/names.js';
import { VGG16_SHA256 } from '../../src/aofd/weights/vgg16/files/hashes.js';
import { oihwToHwio, reverseInputChannels } from '../../src/aofd/weights/vgg16/convert.js';
import { formatVggReport, loadVgg16Async } from '../../src/aofd/weights/vgg16/files/load.js';
import { serializeNpy } from '../../src/nn/io/npy.js';
import { writeSafetensorsFileAsync } from '../../src/nn/io/files/safetensors-file.js';
import { floatData } from '../../src/nn/io/stored-tensor.js';
import { SHARED, needShared } from '../helpers/shared-data.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';

const folder = join(SHARED, 'weights');
const file = join(folder, 'vgg16-imagenet-conv1_1-conv2_2-f32.safetensors');

describe('VGG16 weights of the shared folder', () => {
  const inFolder = useSuiteFolder();
  before(function () {
    needShared(this, `weights/${basename(file)}`);
  });

  it('the embedded hashes are those of the list', () => {
    const lines = readFileSync(join(folder, 'vgg16-npy-sha256.txt'), 'utf8').trim().split('\n');
    const listed = lines.map((line) => {
      const [, layer, part, hash] = /^(\w+)_([Wb]) sha256:([0-9a-f]{64}) \d+$/.exec(line)!;
      return [`${layer}.${part === 'W' ? 'weight' : 'bias'}`, hash];
    });
    expect(Object.fromEntries(listed)).to.deep.equal(VGG16_SHA256);
  });

  it('the four frozen kernels are verified; the biases are rounded and said to differ', async () => {
    const got = await loadVgg16Async(file);
    expect(got.loaded).to.have.length(8);
    expect(got.missing).to.have.length(22);
    for (const layer of VGG16_FROZEN) {
      expect(got.verdicts[`${layer}.weight`], layer).to.equal('verified');
      expect(got.verdicts[`${layer}.bias`], layer).to.equal('differs');
    }
    expect(formatVggReport(got)).to.include('conv1_1  weight verified, bias not the published');
  });

  it('the hash settles channel order and preprocessing of any naming style', async () => {
    const own = (await loadVgg16Async(file)).tensors;
    const kernel = own['conv1_1.weight']!;
    const bias = own['conv1_1.bias']!;
    const rgb = reverseInputChannels(kernel.data, 64, 3, 9);
    const variants: [string, Record<string, [Float32Array, number[]]>][] = [
      [
        'caffe weights under torchvision names',
        { 'features.0.weight': [kernel.data, [64, 3, 3, 3]] },
      ],
      ['the same in R, G, B', { 'features.0.weight': [rgb, [64, 3, 3, 3]] }],
      [
        'npz names in B, G, R',
        { conv1_1_W: [oihwToHwio(kernel.data, 64, 3, 3, 3), [3, 3, 3, 64]] },
      ],
    ];
    for (const [what, arrays] of variants) {
      const path = inFolder('w.safetensors');
      const tensors = Object.entries(arrays).map(([name, [data, shape]]) => [
        name,
        floatData(data, shape),
      ]);
      await writeSafetensorsFileAsync(path, Object.fromEntries(tensors));
      const got = await loadVgg16Async(path);
      expect(got.verdicts['conv1_1.weight'], what).to.equal('verified');
      expect(got.notes.join(' '), what).to.match(/settled by its hash/);
    }
    expect(serializeNpy(bias, 16).byteLength).to.equal(336); // the size in the published list
  });
});
