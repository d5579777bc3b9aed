/** Small networks and drawn pictures for the training tests. */
import { CounterRng } from '../../src/nn/index.js';
import { resolveConfig, type Config } from '../../src/aofd/config/index.js';
import type { StepLoader } from '../../src/aofd/train/run/loaders.js';
import type { StepBatch } from '../../src/aofd/train/step/types.js';

export const side = 96;

/** A lite network of a few thousand parameters; `differences` as in a config file. */
export function tinyConfig(differences: Record<string, unknown> = {}, sets: string[] = []): Config {
  const stage = {
    schedule: 'constant',
    warmupSteps: 0,
    decayAt: [],
    decayFactor: 0.1,
    finalLrFactor: 1,
    data: {},
    order: 'weighted',
    segFraction: 0,
    paintProbability: 0,
  };
  return resolveConfig(
    {
      preset: 'lite',
      input: { canvas: [side, side], maxSize: side },
      model: {
        stemChannels: 8,
        stageChannels: [8, 16, 16, 16],
        blocks: [0, 1, 0, 0],
        fpnChannels: 16,
        rpnChannels: 16,
        hidden6: 32,
        hidden7: 16,
        generator: { channels: 8, convs: 2 },
        segmentation: { channels: [8, 8] },
      },
      rpn: { batchSize: 64 },
      proposals: { train: { preNmsTop: 200, postNmsTop: 40 } },
      rois: { batchSize: 16 },
      stages: [
        { ...stage, name: 'a', kind: 'detector', steps: 4, lr: 0.003, mu: 0.3 },
        { ...stage, name: 'b', kind: 'generator', steps: 2, lr: 0.003, mu: 0 },
        { ...stage, name: 'c', kind: 'joint', steps: 3, lr: 0.003, mu: 0.3 },
      ],
      train: {
        batch: 2,
        logEverySteps: 1,
        samplesEverySteps: 0,
        checkpointEverySteps: 0,
        checkpointEveryMinutes: 0,
        validateEverySteps: 0,
        validation: null,
        workers: 0,
      },
      ...differences,
    },
    sets,
  );
}

/** Two pictures with one or two drawn "faces" each; a function of `step` alone. */
export function drawBatch(step: number): StepBatch {
  const images = 2;
  const batch = {
    width: side,
    height: side,
    images: new Uint8Array(images * side * side * 3),
    boxes: [] as Float32Array[],
    ignore: [] as Uint8Array[],
    segLabels: [] as (Uint8Array | null)[],
    ids: [] as string[],
  };
  for (let n = 0; n < images; n++) {
    const rng = new CounterRng(7, 'test/picture').fork(step).fork(n);
    const at = n * side * side * 3;
    for (let i = 0; i < side * side * 3; i++) batch.images[at + i] = 60 + rng.int(60);
    const count = 1 + rng.int(2);
    const boxes: number[] = [];
    const labels = new Uint8Array(side * side).fill(255);
    for (let f = 0; f < count; f++) {
      const size = 16 + rng.int(24);
      const x = rng.int(side - size);
      const y = rng.int(side - Math.floor(1.25 * size));
      const [w, h] = [size, Math.floor(1.25 * size)];
      boxes.push(x, y, x + w - 1, y + h - 1);
      for (let v = 0; v < h; v++) {
        for (let u = 0; u < w; u++) {
          const [dx, dy] = [(2 * u) / w - 1, (2 * v) / h - 1];
          if (dx * dx + dy * dy > 1) continue;
          const isCover = v > 0.6 * h;
          const p = (y + v) * side + x + u;
          labels[p] = isCover ? 1 : 0;
          batch.images.set(isCover ? [40, 90, 220] : [230, 190, 160], at + 3 * p);
        }
      }
    }
    batch.boxes.push(Float32Array.from(boxes));
    batch.ignore.push(new Uint8Array(count));
    batch.segLabels.push(n === 0 ? labels : null);
    batch.ids.push(`drawn-${step}-${n}`);
  }
  return batch;
}

/** Drawn pictures as a loader. */
export class DrawnLoader implements StepLoader {
  readonly waitedMs = 0;
  #step: number;
  readonly #period: number;

  constructor(startStep: number, period = Infinity) {
    this.#step = startStep;
    this.#period = period;
  }

  nextAsync(): Promise<StepBatch> {
    const step = this.#step++;
    return Promise.resolve(drawBatch(Number.isFinite(this.#period) ? step % this.#period : step));
  }

  closeAsync(): Promise<void> {
    return Promise.resolve();
  }
}
