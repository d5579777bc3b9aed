import { expect } from 'chai';
import { decodeBoxes, encodeBoxes } from '../../../src/aofd/boxes/index.js';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { headLosses } from '../../../src/aofd/train/losses/index.js';
import { CounterRng, Device } from '../../../src/nn/index.js';

describe('losses of the head', () => {
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  it('judge decoded boxes by 1 - GIoU, whatever RoI they are seen from', async () => {
    using _scope = device.scope();
    const rng = new CounterRng(7, 'head-losses');
    const uniform = (low: number, high: number): number => low + (high - low) * rng.next();
    const rows = 40;
    const stds = [0.1, 0.1, 0.2, 0.2];
    const corners = (): number[] => {
      const [x, y, w, h] = [uniform(0, 200), uniform(0, 200), uniform(8, 90), uniform(8, 90)];
      return [x, y, x + w, y + h];
    };
    const sources = new Float64Array(4 * rows);
    const faces = new Float64Array(4 * rows);
    for (let i = 0; i < rows; i++) {
      const source = corners();
      sources.set(source, 4 * i);
      faces.set(
        source.map((v) => v + uniform(-6, 6)),
        4 * i,
      );
    }
    const options = { convention: 'continuous', stds } as const;
    const targets = Float32Array.from(encodeBoxes(sources, faces, options));
    const labels = Int32Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const deltas = Float32Array.from({ length: 8 * rows }, () => uniform(-3, 3));
    const own = Float32Array.from({ length: 4 * rows }, (_, i) => {
      return deltas[8 * Math.floor(i / 4) + 4 + (i % 4)] as number;
    });
    const predicted = decodeBoxes(sources, own, options);
    let want = 0;
    for (let i = 0; i < rows; i++) {
      if (labels[i] === 1) want += (1 - giou(predicted, faces, 4 * i)) / rows;
    }
    const output = {
      classLogits: device.tensor(new Float32Array(2 * rows), [rows, 2]),
      boxDeltas: device.tensor(deltas, [rows, 8]),
    };
    const config = resolveConfig({ loss: { box: 'giou' }, rois: { stds } });
    const losses = headLosses(device, output, labels, targets, config);
    const valueAsync = async (name: string): Promise<number> => {
      const found = losses.find((loss) => loss.name === name);
      return (await found?.value.readAsync())?.[0] ?? NaN;
    };
    expect(await valueAsync('box')).to.be.closeTo(want, 1e-5 * want);
    expect(await valueAsync('class')).to.be.closeTo(Math.LN2, 1e-6);
  });
});

/** Generalised IoU of the boxes at `o` of a and b, continuous corners. */
function giou(a: ArrayLike<number>, b: ArrayLike<number>, o: number): number {
  const [ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0] = Array.from({ length: 4 }, (_, j) => a[o + j]);
  const [bx1 = 0, by1 = 0, bx2 = 0, by2 = 0] = Array.from({ length: 4 }, (_, j) => b[o + j]);
  const common =
    Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1)) *
    Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1));
  const joint = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - common;
  const hull =
    (Math.max(ax2, bx2) - Math.min(ax1, bx1)) * (Math.max(ay2, by2) - Math.min(ay1, by1));
  return common / joint - (hull - joint) / hull;
}
