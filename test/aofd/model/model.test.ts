import { expect } from 'chai';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { gateLabels } from '../../../src/aofd/train/losses/segmentation.js';
import { collectAnchors } from '../../../src/aofd/train/losses/rpn.js';
import { AofdModel, anchorRow, initialValues, rowsOfImage } from '../../../src/aofd/model/index.js';
import type { ParamSpec } from '../../../src/aofd/model/index.js';

function countOf(specs: readonly ParamSpec[], prefix: string): number {
  return specs
    .filter((spec) => spec.name.startsWith(prefix))
    .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
}

describe('network', () => {
  it('paper has the published numbers of parameters (docs/spec.md 1.1, 3.2, 4.3)', () => {
    const config = presetConfig('paper');
    const specs = new AofdModel(config.model, { lrMult: 2, decayMult: 1 }).specs();
    expect(countOf(specs, 'backbone.')).to.equal(14_714_688);
    expect(countOf(specs, 'rpn.')).to.equal(2_396_744);
    expect(countOf(specs, 'head.fc6')).to.equal(102_764_544);
    expect(countOf(specs, 'head.fc7')).to.equal(16_781_312);
    expect(countOf(specs, 'head.cls')).to.equal(8_194);
    expect(countOf(specs, 'head.bbox')).to.equal(32_776);
    expect(countOf(specs, 'generator.')).to.equal(2_362_369);
    expect(countOf(specs, 'segmentation.')).to.equal(1_770_498);
    const frozen = specs.filter((spec) => spec.frozen);
    expect(countOf(frozen, 'backbone.conv1')).to.equal(38_720);
    expect(countOf(frozen, '')).to.equal(260_160);
    const bias = specs.find((spec) => spec.name === 'backbone.conv3_1.bias');
    expect(bias).to.include({ lrMult: 2, decayMult: 1, frozen: false });
  });

  it('paper sizes its maps by the ceil rule (docs/spec.md 1.1)', () => {
    const model = new AofdModel(presetConfig('paper').model);
    const sizes: [number, number, number, number][] = [
      [771, 512, 49, 32],
      [1024, 680, 64, 43],
      [512, 692, 32, 44],
      [758, 1024, 48, 64],
      [256, 1024, 16, 64],
    ];
    for (const [h, w, height, width] of sizes) {
      expect(model.anchorMapSizes(h, w)).to.deep.equal([{ height, width }]);
    }
  });

  it('lite stays within 12 MB and 2.5 GFLOP at 640x480', () => {
    const config = presetConfig('lite');
    const model = new AofdModel(config.model);
    const bytes = 4 * countOf(model.specs(), '');
    expect(bytes).to.be.lessThan(12e6);
    const { total } = model.cost(480, 640, 100);
    expect(2 * total).to.be.lessThan(2.5e9);
    expect(model.anchorMapSizes(480, 640)).to.deep.equal([
      { height: 60, width: 80 },
      { height: 30, width: 40 },
      { height: 15, width: 20 },
    ]);
  });

  it('nano stays within 0.5 GFLOP at 640x480, with as many RoIs as it takes', () => {
    const config = presetConfig('nano');
    const model = new AofdModel(config.model);
    expect(4 * countOf(model.specs(), '')).to.be.lessThan(1.2e6);
    const { total } = model.cost(480, 640, config.proposals.test.postNmsTop);
    expect(2 * total).to.be.within(0.45e9, 0.5e9);
  });

  it('initial values depend on seed and name alone, and have the stated spread', () => {
    const spec: ParamSpec = {
      name: 'x.weight',
      shape: [64, 32, 3, 3],
      init: { kind: 'he', fanIn: 288 },
      group: 'detector',
      lrMult: 1,
      decayMult: 1,
      frozen: false,
    };
    const values = initialValues(spec, 3);
    expect(initialValues(spec, 3)).to.deep.equal(values);
    expect(initialValues({ ...spec, name: 'y.weight' }, 3)[0]).to.not.equal(values[0]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(mean).to.be.closeTo(0, 0.002);
    expect(std).to.be.closeTo(Math.sqrt(2 / 288), 0.002);
  });
});

describe('rows of a batch', () => {
  it('maps an anchor of an image to its row (levels outer, images inner)', () => {
    const counts = [6, 2];
    expect(anchorRow(counts, 3, 0, 5)).to.equal(5);
    expect(anchorRow(counts, 3, 2, 0)).to.equal(12);
    expect(anchorRow(counts, 3, 1, 6)).to.equal(20);
    expect(anchorRow(counts, 3, 2, 7)).to.equal(23);
    const values = Float32Array.from({ length: 24 * 2 }, (_, i) => i);
    expect([...rowsOfImage(values, counts, 1, 2)]).to.deep.equal([
      12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 40, 41, 42, 43,
    ]);
  });

  it('collects sampled anchors, positives first', () => {
    const image = (
      positives: number[],
      negatives: number[],
    ): Parameters<typeof collectAnchors>[0][0] => ({
      labels: new Int32Array(8),
      targets: Float32Array.from({ length: 32 }, (_, i) => i),
      matched: new Int32Array(8),
      maxIou: new Float64Array(8),
      positives: Int32Array.from(positives),
      negatives: Int32Array.from(negatives),
    });
    const sampled = collectAnchors([image([1], [0, 7]), image([], [6])], [6, 2]);
    expect([...sampled.rows]).to.deep.equal([1, 0, 13, 14]);
    expect([...sampled.labels]).to.deep.equal([1, 0, 0, 0]);
    expect([...sampled.targets.subarray(0, 5)]).to.deep.equal([4, 5, 6, 7, 0]);
    expect(sampled.positives).to.equal(1);
  });

  it('gates pixel labels by boxes enlarged 1.3 times (docs/spec.md 4.3)', () => {
    const size = { width: 200, height: 200 };
    const labels = new Uint8Array(200 * 200).fill(1);
    const gated = gateLabels(
      labels,
      Float64Array.of(100, 80, 159, 159),
      size,
      presetConfig('paper'),
    );
    const at = (x: number, y: number): number => gated[y * 200 + x] as number;
    expect([at(91, 68), at(168, 171), at(120, 100)]).to.deep.equal([1, 1, 1]);
    expect([at(90, 68), at(91, 67), at(169, 171), at(168, 172)]).to.deep.equal([
      255, 255, 255, 255,
    ]);
  });
});
