import { expect } from 'chai';
import { pictureToMapTwin, scaledLength } from '../../../src/nn/twins/image.js';
import { CounterRng, grid1d, type Device, type Tensor } from '../../../src/nn/index.js';
import { pictureToMap, type PictureToMapOptions } from '../../../src/nn/ops/detect/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { assertClose } from './tolerance.js';

describe('pictures as maps', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  function picture(width: number, height: number, channels: number): Uint8Array {
    const rng = new CounterRng(9, `${width}x${height}x${channels}`);
    return Uint8Array.from({ length: width * height * channels }, () => rng.int(256));
  }

  async function check(options: PictureToMapOptions, limit?: number): Promise<void> {
    const { width, height, channels = 3, scale = 1, order = 'rgb' } = options;
    const bytes = picture(width, height, channels);
    const { mapWidth = scaledLength(width, scale), mapHeight = scaledLength(height, scale) } =
      options;
    const { mean = [0, 0, 0], std = [1, 1, 1] } = options;
    const want = pictureToMapTwin(bytes, {
      width,
      height,
      channels,
      scale,
      mapWidth,
      mapHeight,
      mean,
      std,
      bgr: order === 'bgr',
    });
    using _scope = device.scope();
    const before = device.context.bindingLimit;
    if (limit !== undefined) device.context.bindingLimit = limit;
    let y: Tensor;
    try {
      y = pictureToMap(device, bytes, options);
    } finally {
      device.context.bindingLimit = before;
    }
    expect([...y.shape]).to.deep.equal(want.shape);
    // 255 in float32 has 1.5e-5 between neighbours.
    const atol = 5e-5 / Math.min(...std);
    assertClose('map', await y.readAsync(), want.data, want.shape, { rtol: 1e-6, atol });
    const stored = new Float32Array(await device.context.readAsync(y.buffer, 0, y.byteLength));
    expect(stored.every((v, i) => i % 4 !== 3 || v === 0)).to.equal(true);
  }

  const paper = { order: 'bgr' as const, mean: [102.9801, 115.9465, 122.7717] };

  it('resizes up, down and not at all', async () => {
    for (const scale of [1, 2, 1.5, 0.5, 0.37, 512 / 299]) {
      await check({ width: 29, height: 17, scale });
    }
  });

  it('gives the worked rows of docs/spec.md 1.2', async () => {
    const row = async (values: number[], scale: number): Promise<number[]> => {
      using _scope = device.scope();
      const bytes = Uint8Array.from(values.flatMap((v) => [v, v, v]));
      const y = pictureToMap(device, bytes, { width: values.length, height: 1, scale });
      return [...(await y.readAsync())].slice(0, y.shape[3]);
    };
    expect(await row([0, 10, 20, 30], 2)).to.deep.equal([0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]);
    expect(await row([0, 10, 20, 30], 0.5)).to.deep.equal([5, 25]);
    const want = [0, 5, 11.6667, 18.3333, 25, 31.6667, 38.3333, 40];
    const got = await row([0, 10, 20, 30, 40], 1.5);
    want.forEach((v, i) => expect(got[i]).to.be.closeTo(v, 1e-4));
  });

  it('normalises, swaps channels and pads with zero', async () => {
    await check({ width: 13, height: 21, scale: 1.25, mapWidth: 32, mapHeight: 32, ...paper });
    await check({ width: 13, height: 21, std: [58.4, 57.1, 57.4], mean: [123, 116, 103] });
  });

  it('reads RGBA pictures', async () => {
    await check({ width: 11, height: 6, channels: 4, scale: 1.7, ...paper });
  });

  it('handles one pixel and sizes that are no multiple of a word', async () => {
    await check({ width: 1, height: 1, scale: 3 });
    await check({ width: 1, height: 1, scale: 0.1 });
    await check({ width: 3, height: 1 });
    await check({ width: 1, height: 5, scale: 1.2 });
  });

  it('writes large maps in windows of rows', async () => {
    await check({ width: 20, height: 15, scale: 1.3, mapWidth: 31, mapHeight: 24, ...paper }, 2048);
  });

  it('normalises a batch of pictures of one size', async () => {
    const [n, height, width] = [3, 5, 7];
    const { mean } = paper;
    const std = [58.4, 57.1, 57.4];
    for (const bgr of [false, true]) {
      using _scope = device.scope();
      const bytes = picture(width, height * n, 3);
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      const words = new Uint32Array(padded.buffer);
      const pixels = device.tensor(words, [words.length], { dtype: 'u32' });
      const y = device.empty([n, 3, height, width], { layout: 'c4' });
      const count = n * height * width;
      device.dispatch({
        kernel: 'image/bytes_to_map',
        defines: { BGR: bgr },
        bindings: { pixels, y },
        params: { count, mean, factor: std.map((v) => 1 / v) },
        workgroups: grid1d(count),
      });
      const want: number[] = [];
      for (let i = 0; i < n; i++) {
        const one = bytes.subarray(i * height * width * 3, (i + 1) * height * width * 3);
        const size = { width, height, mapWidth: width, mapHeight: height };
        const map = pictureToMapTwin(one, { ...size, channels: 3, scale: 1, mean, std, bgr });
        want.push(...map.data);
      }
      assertClose('map', await y.readAsync(), want, y.shape, { rtol: 1e-6, atol: 1e-6 });
    }
  });

  it('refuses what does not fit', () => {
    const bytes = picture(4, 4, 3);
    expect(() => pictureToMap(device, bytes, { width: 4, height: 5 })).to.throw(
      /48 bytes are no picture/,
    );
    expect(() => pictureToMap(device, bytes, { width: 4, height: 4, scale: 0 })).to.throw(
      /positive/,
    );
    expect(() =>
      pictureToMap(device, bytes, { width: 4, height: 4, scale: 2, mapWidth: 7 }),
    ).to.throw(/8x8 does not fit a map of 7x8/);
    expect(device.liveTensors()).to.deep.equal([]);
  });
});
