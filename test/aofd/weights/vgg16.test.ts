import { expect } from 'chai';
import { zipSync } from 'fflate';
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  fc6FromHwc,
  foldTorchvisionConv1,
  hwioToOihw,
  oihwToHwio,
  reverseInputChannels,
  TORCHVISION_NORM,
  transpose,
} from '../../../src/aofd/weights/vgg16/convert.js';
import { PIXEL_MEANS_BGR, vgg16Shapes } from '../../../src/aofd/weights/vgg16/names.js';
import { VGG16_SHA256 } from '../../../src/aofd/weights/vgg16/files/hashes.js';
import { recognizeVggName } from '../../../src/aofd/weights/vgg16/foreign-names.js';
import { formatVggReport, loadVgg16Async } from '../../../src/aofd/weights/vgg16/files/load.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { H5File, loadH5LibraryAsync } from '../../../src/nn/io/files/h5.js';
import { serializeNpy } from '../../../src/nn/io/npy.js';
import { writeSafetensorsFileAsync } from '../../../src/nn/io/files/safetensors-file.js';
import { floatData } from '../../../src/nn/io/stored-tensor.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { rejectionAsync } from '../../helpers/rejection.js';

const ramp = (n: number, scale = 1): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) * scale - 0.5);

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  (await rejectionAsync(promise, IoError)).message;

describe('VGG16 conversions', () => {
  it('turns HWIO to OIHW and back', () => {
    const [h, w, i, o] = [2, 3, 4, 5];
    const hwio = ramp(h * w * i * o);
    const oihw = hwioToOihw(hwio, h, w, i, o);
    // out[o=4][i=1][y=1][x=2] = in[y=1][x=2][i=1][o=4]
    expect(oihw[((4 * i + 1) * h + 1) * w + 2]).to.equal(hwio[((1 * w + 2) * i + 1) * o + 4]);
    expect(oihwToHwio(oihw, o, i, h, w)).to.deep.equal(hwio);
  });

  it('reverses input channels, its own inverse', () => {
    const k = ramp(2 * 3 * 4);
    const bgr = reverseInputChannels(k, 2, 3, 4);
    expect(bgr.subarray(0, 4)).to.deep.equal(k.subarray(8, 12));
    expect(reverseInputChannels(bgr, 2, 3, 4)).to.deep.equal(k);
  });

  it('fc6 of H, W, C features gives the same outputs on C, H, W features', () => {
    const size = { channels: 3, height: 2, width: 2 };
    const [columns, outputs] = [12, 2];
    const hwcMatrix = ramp(columns * outputs, 0.1);
    const features = ramp(columns); // H, W, C
    const chw = new Float32Array(columns);
    for (let tap = 0; tap < 4; tap++) {
      for (let c = 0; c < 3; c++) chw[c * 4 + tap] = features[tap * 3 + c]!;
    }
    const ours = fc6FromHwc(hwcMatrix, outputs, size);
    for (let o = 0; o < outputs; o++) {
      let want = 0;
      let got = 0;
      for (let j = 0; j < columns; j++) {
        want += features[j]! * hwcMatrix[j * outputs + o]!;
        got += chw[j]! * ours[o * columns + j]!;
      }
      expect(got).to.be.closeTo(want, 1e-9 + Math.abs(want) * 1e-12);
    }
    expect(transpose(ramp(6), 2, 3)).to.deep.equal(
      Float32Array.from([0, 3, 1, 4, 2, 5], (j) => ramp(6)[j]!),
    );
  });

  it('a folded torchvision conv1_1 gives the same output inside a picture', () => {
    const outputs = 2;
    const weight = ramp(outputs * 3 * 9, 0.01);
    const bias = Float32Array.from([0.3, -0.2]);
    const rgb = Array.from({ length: 27 }, (_, j) => (j * 83) % 256); // [3][9] pixels 0..255
    const folded = foldTorchvisionConv1(weight, bias, 9, PIXEL_MEANS_BGR);
    for (let o = 0; o < outputs; o++) {
      let want = bias[o]!;
      let got = folded.bias[o]!;
      for (let c = 0; c < 3; c++) {
        for (let tap = 0; tap < 9; tap++) {
          const v = rgb[c * 9 + tap]!;
          const normal = (v / 255 - TORCHVISION_NORM.mean[c]!) / TORCHVISION_NORM.std[c]!;
          want += weight[(o * 3 + c) * 9 + tap]! * normal;
          const bgr = 2 - c;
          got += folded.weight[(o * 3 + bgr) * 9 + tap]! * (v - PIXEL_MEANS_BGR[bgr]!);
        }
      }
      expect(got).to.be.closeTo(want, 1e-4);
    }
  });
});

describe('VGG16 names', () => {
  const known: [string, string, string][] = [
    ['conv1_1.weight', 'conv1_1.weight', 'own'],
    ['backbone.conv5_3.bias', 'conv5_3.bias', 'own'],
    ['features.0.weight', 'conv1_1.weight', 'torchvision'],
    ['module.features.28.bias', 'conv5_3.bias', 'torchvision'],
    ['classifier.0.weight', 'fc6.weight', 'torchvision'],
    ['classifier.3.bias', 'fc7.bias', 'torchvision'],
    ['block1_conv1/block1_conv1_W_1:0', 'conv1_1.weight', 'keras'],
    ['block5_conv3/block5_conv3/bias:0', 'conv5_3.bias', 'keras'],
    ['model_weights/block2_conv1/block2_conv1/kernel:0', 'conv2_1.weight', 'keras'],
    ['fc1/fc1_W_1:0', 'fc6.weight', 'keras'],
    ['fc2/fc2/bias:0', 'fc7.bias', 'keras'],
    ['layers/conv2d/vars/0', 'conv1_1.weight', 'keras'],
    ['layers/conv2d_12/vars/1', 'conv5_3.bias', 'keras'],
    ['conv1_1_W', 'conv1_1.weight', 'npz'],
    ['fc6_b', 'fc6.bias', 'npz'],
    ['conv3_2/0', 'conv3_2.weight', 'dict'],
    ['fc7/biases', 'fc7.bias', 'dict'],
  ];
  for (const [raw, name, style] of known) {
    it(`${raw} is ${name}`, () => expect(recognizeVggName(raw)).to.deep.equal({ name, style }));
  }
  it('leaves everything else alone', () => {
    const others = [
      'classifier.6.weight',
      'features.1.weight',
      'predictions/predictions/kernel:0',
      'optim/detector/momentum/conv1_1.weight',
      'fc8_W',
      'rpn.conv.weight',
    ];
    for (const raw of others) expect(recognizeVggName(raw), raw).to.equal(undefined);
  });
  it('has a published hash for each of the 26 convolution parameters', () => {
    const names = Object.keys(vgg16Shapes({ withFc: false }));
    expect(Object.keys(VGG16_SHA256)).to.have.members(names);
    const counted = Object.values(vgg16Shapes()).reduce(
      (sum, shape) => sum + shape.reduce((a, b) => a * b),
      0,
    );
    expect(counted).to.equal(14714688 + 102764544 + 16781312); // docs/spec.md 1.1
  });
});

describe('loading VGG16 files', () => {
  const path = useTempFolder();
  const bgr = ramp(64 * 27, 0.01); // ours: OIHW, B, G, R
  const bias = ramp(64);
  const rgb = reverseInputChannels(bgr, 64, 3, 9);

  it('reads a partial file of our own names and says what is missing', async () => {
    const file = path('w.safetensors');
    const tensors = {
      'conv1_1.weight': floatData(bgr, [64, 3, 3, 3]),
      'conv1_1.bias': floatData(bias, [64]),
      'rpn.conv.weight': floatData(ramp(3), [3]),
    };
    await writeSafetensorsFileAsync(file, tensors);
    const got = await loadVgg16Async(file);
    expect(got.loaded).to.deep.equal(['conv1_1.weight', 'conv1_1.bias']);
    expect(got.missing).to.have.length(28);
    expect(got.ignored).to.deep.equal(['rpn.conv.weight']);
    expect(got.tensors['conv1_1.weight']!.data).to.deep.equal(bgr);
    expect(got.verdicts['conv1_1.weight']).to.equal('differs');
    const report = formatVggReport(got);
    expect(report).to.include(
      'conv1_1  weight not the published weights, bias not the published weights',
    );
    expect(report).to.match(/missing {2}conv1_2, .*conv5_3, fc6, fc7/);
    expect(report).to.include('A partial file: 2 of 30 parameters');
    expect((await loadVgg16Async(file, { withFc: false })).missing).to.have.length(24);
  });

  it('folds torchvision preprocessing', async () => {
    const file = path('vgg16.safetensors');
    const { length } = bias;
    await writeSafetensorsFileAsync(file, {
      'features.0.weight': floatData(rgb, [64, 3, 3, 3]),
      'features.0.bias': floatData(bias, [length]),
      'features.2.bias': floatData(bias, [length]),
    });
    const got = await loadVgg16Async(file, { withFc: false });
    const folded = foldTorchvisionConv1(rgb, bias, 9, PIXEL_MEANS_BGR);
    expect(got.style).to.equal('torchvision');
    expect(got.tensors['conv1_1.weight']!.data).to.deep.equal(folded.weight);
    expect(got.tensors['conv1_1.bias']!.data).to.deep.equal(folded.bias);
    expect(got.tensors['conv1_2.bias']!.data).to.deep.equal(bias);
    expect(got.notes.join(' ')).to.match(/R, G, B.*0\.\.255/);
    const caffe = await loadVgg16Async(file, { preprocessing: 'caffe', channelOrder: 'bgr' });
    expect(caffe.tensors['conv1_1.weight']!.data).to.deep.equal(rgb);
  });

  it('leaves half a torchvision conv1_1 out', async () => {
    const file = path('w.safetensors');
    await writeSafetensorsFileAsync(file, { 'features.0.weight': floatData(rgb, [64, 3, 3, 3]) });
    const got = await loadVgg16Async(file, { withFc: false });
    expect(got.loaded).to.deep.equal([]);
    expect(got.missing).to.include('conv1_1.weight');
    expect(got.notes.join(' ')).to.match(/needs the kernel and the bias/);
  });

  it('reads Keras HDF5 files', async () => {
    const h5wasm = await loadH5LibraryAsync();
    const file = path('vgg16.h5');
    const h5 = new h5wasm.File(file, 'w');
    const group = h5.create_group('block1_conv1');
    const hwio = oihwToHwio(bgr, 64, 3, 3, 3);
    group.create_dataset({ name: 'block1_conv1_W_1:0', data: hwio, shape: [3, 3, 3, 64] });
    group.create_dataset({ name: 'block1_conv1_b_1:0', data: bias, shape: [64] });
    h5.create_group('predictions').create_dataset({ name: 'b:0', data: new Float64Array([1, 2]) });
    h5.flush();
    h5.close();
    const got = await loadVgg16Async(file);
    expect(got.format).to.equal('hdf5');
    expect(got.tensors['conv1_1.weight']!.data).to.deep.equal(bgr);
    expect(got.tensors['conv1_1.bias']!.data).to.deep.equal(bias);
    expect(got.ignored).to.deep.equal(['predictions/b:0']);
    using open = await H5File.openAsync(file);
    expect(open.read('predictions/b:0')).to.deep.equal({
      shape: [2],
      data: new Float32Array([1, 2]),
    });
    const cut = path('cut.h5');
    writeFileSync(cut, new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]));
    expect(await refusal(loadVgg16Async(cut))).to.match(
      /cut\.h5: damaged HDF5 file: bad byte number/,
    );
  });

  it('reads npz archives and folders of npy files, conv1_1 as R, G, B', async () => {
    const hwio = oihwToHwio(rgb, 64, 3, 3, 3);
    const parts = {
      'conv1_1_W.npy': serializeNpy({ shape: [3, 3, 3, 64], data: hwio }, 16),
      'conv1_1_b.npy': serializeNpy({ shape: [64], data: bias }, 16),
    };
    writeFileSync(path('vgg16_weights.npz'), zipSync(parts));
    mkdirSync(path('folder'));
    for (const [name, bytes] of Object.entries(parts)) writeFileSync(path(`folder/${name}`), bytes);
    for (const [name, format] of [
      ['vgg16_weights.npz', 'npz'],
      ['folder', 'npy-folder'],
    ] as const) {
      const got = await loadVgg16Async(path(name));
      expect(got.format).to.equal(format);
      expect(got.tensors['conv1_1.weight']!.data).to.deep.equal(bgr);
    }
    const forced = await loadVgg16Async(path('folder'), { channelOrder: 'bgr' });
    expect(forced.tensors['conv1_1.weight']!.data).to.deep.equal(rgb);
  });

  it('refuses other networks and other formats with a way out', async () => {
    const save = (name: string, tensors: Record<string, ReturnType<typeof floatData>>) =>
      writeSafetensorsFileAsync(path(name), tensors);
    await save('shape', { 'conv1_1.weight': floatData(ramp(27), [1, 3, 3, 3]) });
    expect(await refusal(loadVgg16Async(path('shape')))).to.match(
      /"conv1_1\.weight" \(conv1_1\.weight\) has shape 1x3x3x3, expected 64x3x3x3.*Fix/,
    );
    await save('other', { 'layer1.0.conv1.weight': floatData(ramp(1), [1]) });
    expect(await refusal(loadVgg16Async(path('other')))).to.match(
      /no VGG16 parameter found; its arrays are layer1/,
    );
    await save('bn', { 'features.1.running_mean': floatData(ramp(1), [1]) });
    expect(await refusal(loadVgg16Async(path('bn')))).to.match(/batch-normalised.*Fix/);
    const b = floatData(bias, [64]);
    await save('mixed', { 'conv1_1.bias': b, 'features.2.bias': b });
    expect(await refusal(loadVgg16Async(path('mixed')))).to.match(/mixes naming styles/);
    await save('twice', { 'conv1_1.bias': b, 'x.conv1_1.bias': b });
    expect(await refusal(loadVgg16Async(path('twice')))).to.match(/are both conv1_1\.bias/);
    writeFileSync(path('a.pth'), new Uint8Array([0x80, 2, 0x8a, 10, 0, 0, 0, 0, 0]));
    expect(await refusal(loadVgg16Async(path('a.pth')))).to.match(
      /PyTorch pickle.*Fix: convert it/,
    );
    writeFileSync(path('b.pth'), zipSync({ 'archive/data.pkl': new Uint8Array(3) }));
    expect(await refusal(loadVgg16Async(path('b.pth')))).to.match(
      /zip archive without \.npy.*Fix: convert/,
    );
    expect(await refusal(loadVgg16Async(path('none')))).to.match(/cannot read .*none/);
    writeFileSync(path('empty'), '');
    expect(await refusal(loadVgg16Async(path('empty')))).to.match(/0 bytes/);
  });
});
