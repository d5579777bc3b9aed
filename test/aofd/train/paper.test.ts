import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { Device } from '../../../src/nn/index.js';
import { SafetensorsFile } from '../../../src/nn/io/files/index.js';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { packLabel } from '../../../src/aofd/data/region-labels.js';
import { encodePng } from '../../../src/aofd/detect/files/png.js';
import {
  ImageLoader,
  Trainer,
  stageSources,
  type TrainEvent,
} from '../../../src/aofd/train/run/index.js';
import { drawBatch, side } from '../../helpers/training.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

/** The paper's graph with a narrow head on small pictures: everything else as published. */
describe('paper preset', function () {
  this.timeout(180_000);
  const at = useTempFolder();
  beforeEach(() => {
    const lines: string[] = [];
    for (let i = 0; i < 2; i++) {
      const batch = drawBatch(i);
      const data = batch.images.slice(0, side * side * 3);
      writeFileSync(at(`p${i}.png`), encodePng({ width: side, height: side, data }));
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = batch.boxes[0] ?? [];
      lines.push(`p${i}.png`, '1', `${x1} ${y1} ${x2 - x1 + 1} ${y2 - y1 + 1} 0 0 0 0 0 0`);
    }
    writeFileSync(at('list.txt'), `${lines.join('\n')}\n`);
  });

  function config(sets: string[] = []): ReturnType<typeof resolveConfig> {
    const source = { kind: 'wider', list: 'list.txt', images: '.' };
    return resolveConfig(
      {
        preset: 'paper',
        input: { trainShortSides: [64, 80], maxSize: 96 },
        model: { hidden6: 32, hidden7: 32 },
        rpn: { allowedBorder: -1 },
        data: { root: at(), sources: { wider: source, sfs: source } },
        train: { logEverySteps: 1, checkpointEverySteps: 0 },
      },
      [
        'stages.stage0.steps=1',
        'stages.stage1.steps=1',
        'stages.stage2a.steps=0',
        'stages.stage2b.steps=1',
        'stages.stage2c.steps=0',
        ...sets,
      ],
    );
  }

  it('scales and mirrors one picture at a time, every pass in another order', async () => {
    const paper = config();
    const stage = paper.stages[0];
    if (!stage) throw new Error('no stage');
    const loader = new ImageLoader(paper, stage, stageSources(paper, stage));
    const seen = new Map<string, Float32Array>();
    for (let i = 0; i < 4; i++) {
      const batch = await loader.nextAsync();
      expect([64, 80]).to.include(batch.height);
      expect(batch.scales).to.deep.equal([batch.height / side]);
      seen.set(
        batch.ids[0] as string,
        (batch.boxes[0] as Float32Array).map((v) => v / (batch.scales?.[0] ?? 1)),
      );
    }
    expect(seen.size).to.equal(4);
    const plain = [...seen].find(([id]) => !id.includes('mirrored'));
    const mirrored = seen.get(`${plain?.[0]} (mirrored)`);
    expect(mirrored?.[0]).to.be.closeTo(side - 1 - (plain?.[1][2] ?? 0), 1e-4);
    const resumed = new ImageLoader(paper, stage, stageSources(paper, stage), 2);
    const again = new ImageLoader(paper, stage, stageSources(paper, stage), 0);
    await again.nextAsync();
    await again.nextAsync();
    expect(await resumed.nextAsync()).to.deep.equal(await again.nextAsync());
  });

  it('learns the labels of portraits in the form of the segmentation branch', async () => {
    const data = drawBatch(0).images.slice(0, side * side * 3);
    at.write('p.png', encodePng({ width: side, height: side, data }));
    const part = (label: string, from: number): unknown => ({
      label,
      shape_type: 'polygon',
      points: [
        [10, from],
        [40, from],
        [40, 50],
        [10, 50],
      ],
    });
    const shapes = [part('face', 10), part('occluder', 30)];
    const head = { imagePath: 'p.png', imageWidth: side, imageHeight: side };
    at.write('p.json', JSON.stringify({ ...head, shapes }));
    for (const output of ['covered', 'region-visible'] as const) {
      const paper = config([`model.segmentation.output=${output}`]);
      paper.input.trainShortSides = [side];
      paper.input.maxSize = side;
      paper.data.appendFlipped = false;
      paper.data.sources = { drawn: { kind: 'labelme', list: '.' } };
      const stage = { ...paper.stages[0]!, data: { drawn: 1 } };
      const loader = new ImageLoader(paper, stage, stageSources(paper, stage));
      const { segLabels } = await loader.nextAsync();
      const seen = [20, 40].map((y) => segLabels[0]![y * side + 25]);
      expect(seen, output).to.deep.equal(
        output === 'covered' ? [0, 1] : [packLabel(1, 1), packLabel(1, 0)],
      );
    }
  });

  it('runs one detector update, conv1 and conv2 untouched', async () => {
    const device = await Device.createAsync();
    try {
      const events: TrainEvent[] = [];
      using trainer = new Trainer({
        config: config(),
        device,
        outDir: at('run'),
        writers: [{ write: (event) => events.push(event) }],
      });
      const names = ['backbone.conv2_2.weight', 'backbone.conv3_1.weight', 'head.fc6.weight'];
      const before = await trainer.params.readAllAsync(names);
      await trainer.dumpStepAsync(at('step.safetensors'));
      const after = await trainer.params.readAllAsync(names);
      const isSame = names.map((name) => {
        const old = before.get(name)?.data;
        return after.get(name)?.data.every((v, i) => v === old?.[i]);
      });
      expect(isSame).to.deep.equal([true, false, false]);
      using file = SafetensorsFile.open(at('step.safetensors'));
      expect(file.has('grad/backbone.conv2_2.weight')).to.equal(false);
      const losses = JSON.parse(file.metadata['losses'] ?? '') as Record<string, number>;
      expect(losses).to.have.all.keys('rpnClass', 'rpnBox', 'class', 'box', 'total');
      expect(Object.values(losses).every(Number.isFinite)).to.equal(true);
    } finally {
      await device.destroyAsync();
    }
  });
});
