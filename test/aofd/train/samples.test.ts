/** Pictures that a run draws while it trains. */
import { expect } from 'chai';
import * as fs from 'node:fs';
import sharp from 'sharp';
import { Device } from '../../../src/nn/index.js';
import { trainHooks } from '../../../src/aofd/train/run/hooks.js';
import { Trainer } from '../../../src/aofd/train/run/index.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { DrawnLoader, tinyConfig } from '../../helpers/training.js';

describe('sample pictures of a training run', function () {
  this.timeout(120_000);
  const at = useTempFolder();
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  it('never replace the pictures they show, even where these lie in their folder', async () => {
    const folder = 'run/samples/step-00000001';
    fs.mkdirSync(at(folder), { recursive: true });
    const grey = { width: 64, height: 64, channels: 3 as const, background: '#889' };
    await sharp({ create: grey }).png().toFile(at(folder, 'photo.png'));
    const before = fs.readFileSync(at(folder, 'photo.png'));
    const list = {
      images: [{ id: 1, file_name: 'photo.png', width: 64, height: 64 }],
      categories: [{ id: 1, name: 'face' }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 30, 40] }],
    };
    fs.writeFileSync(at('list.json'), JSON.stringify(list));
    const config = tinyConfig({}, [
      'stages.a.steps=1',
      'stages.b.steps=0',
      'stages.c.steps=0',
      'train.samplesEverySteps=1',
      'train.validation={"source":"own","limit":1}',
      `data.root=${JSON.stringify(at('.'))}`,
      `data.sources.own={"kind":"coco","list":"list.json","images":${JSON.stringify(folder)}}`,
    ]);
    using trainer = new Trainer({
      config,
      device,
      outDir: at('run'),
      hooks: trainHooks(config),
      makeLoader: (_, start) => new DrawnLoader(start),
    });
    await trainer.runAsync();
    expect(fs.readdirSync(at(folder)).sort()).to.deep.equal(['photo.faces.png', 'photo.png']);
    expect(fs.readFileSync(at(folder, 'photo.png')).equals(before)).to.equal(true);
  });
});
