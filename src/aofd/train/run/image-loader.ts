import { CounterRng } from '../../../nn/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import type { BatchSource } from '../../data/batches/batch.js';
import { DataError } from '../../errors.js';
import { ImageCache } from '../../data/batches/image-cache.js';
import { sampleLabels, type PaintedOver } from '../../data/batches/sample-labels.js';
import { UsableSamples } from '../../data/batches/usable-samples.js';
import { detectionScale, resizeImage, resizeLabels } from '../../data/resize.js';
import type { Sample } from '../../data/sample.js';
import type { StepBatch } from '../step/types.js';

const UNPAINTED: PaintedOver = { mask: null, faces: new Set() };

/**
 * The paper's input: one photograph per batch, scaled so that its short side has one of the
 * training sizes (docs/spec.md 1.2, J1), mirrored copies appended to the list (1.3), one random order
 * per pass.
 */
export class ImageLoader {
  readonly #config: Config;
  readonly #entries: { sample: Sample; isFlipped: boolean }[] = [];
  readonly #usable: UsableSamples;
  readonly #samples: readonly Sample[];
  #step: number;
  #pass = -1;
  #order = new Int32Array();
  waitedMs = 0;

  constructor(config: Config, stage: StageConfig, sources: readonly BatchSource[], startStep = 0) {
    this.#config = config;
    this.#step = startStep;
    const form = config.model.segmentation.output;
    const cache = new ImageCache(config.data.cacheMegabytes * 2 ** 20, form);
    this.#usable = new UsableSamples(cache, config.data.skipBroken ?? false);
    this.#samples = sources.flatMap(({ samples }) => samples);
    if ((stage.batch ?? config.train.batch) !== 1) {
      throw new DataError(
        'option-invalid',
        'pictures of their own size come one at a time, but the batch is larger.',
        {
          where: `stage "${stage.name}"`,
          fix: 'set train.batch to 1 (and optim.accumulate to average several), or set input.canvas',
        },
      );
    }
    for (const { samples } of sources) {
      for (const sample of samples) {
        this.#entries.push({ sample, isFlipped: false });
        if (config.data.appendFlipped) this.#entries.push({ sample, isFlipped: true });
      }
    }
    if (this.#entries.length === 0) {
      throw new DataError('option-invalid', 'has no pictures.', {
        where: `stage "${stage.name}"`,
        fix: 'name sources in its data',
      });
    }
  }

  /** Throws DataError naming the picture that cannot be used. */
  async nextAsync(): Promise<StepBatch> {
    const started = performance.now();
    const { input, train } = this.#config;
    const step = this.#step++;
    const pass = Math.floor(step / this.#entries.length);
    if (pass !== this.#pass) {
      this.#pass = pass;
      this.#order = Int32Array.from(this.#entries, (_, i) => i);
      new CounterRng(train.seed, 'data/order').fork(pass).shuffle(this.#order);
    }
    const at = this.#order[step % this.#entries.length] as number;
    const entry = this.#entries[at] as { sample: Sample; isFlipped: boolean };
    const { isFlipped } = entry;
    const { sample, decoded } = await this.#usable.getAsync(entry.sample, this.#samples);
    const { width, height } = decoded.image;
    const rng = new CounterRng(train.seed, 'data/scale').fork(step);
    const scale = detectionScale(width, height, rng.pick(input.trainShortSides), input.maxSize);
    const resized = resizeImage(decoded.image, scale);
    const [w, h] = [resized.width, resized.height];
    const boxes = new Float32Array(sample.faces.length * 4);
    sample.faces.forEach(({ box: [x1, y1, x2, y2] }, i) => {
      // Mirrored in original pixels, before scaling (docs/spec.md 1.3).
      const [left, right] = isFlipped ? [width - 1 - x2, width - 1 - x1] : [x1, x2];
      const corners = [left, y1, right, y2].map((v) => v * scale);
      boxes.set(
        [
          Math.min(corners[0] as number, w - 1),
          Math.min(corners[1] as number, h - 1),
          Math.min(corners[2] as number, w - 1),
          Math.min(corners[3] as number, h - 1),
        ],
        4 * i,
      );
    });
    const own = sampleLabels(decoded, sample.faces, UNPAINTED, {
      segmentationForm: this.#config.model.segmentation.output,
      weakMaskLabels: this.#config.data.weakMaskLabels,
    });
    const labels = own && resizeLabels(own, width, height, scale, w, h);
    if (isFlipped) {
      mirror(resized.data, w, h, 3);
      if (labels) mirror(labels, w, h, 1);
    }
    this.waitedMs += performance.now() - started;
    return {
      width: w,
      height: h,
      images: resized.data,
      boxes: [boxes],
      ignore: [Uint8Array.from(sample.faces, (face) => (face.ignore ? 1 : 0))],
      segLabels: [labels],
      ids: [isFlipped ? `${sample.id} (mirrored)` : sample.id],
      scales: [scale],
      skipped: this.#usable.takeNews(),
    };
  }

  closeAsync(): Promise<void> {
    return Promise.resolve();
  }
}

/** Mirrors interleaved rows left-right, in place. */
function mirror(data: Uint8Array, width: number, height: number, channels: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width >> 1; x++) {
      for (let c = 0; c < channels; c++) {
        const a = (y * width + x) * channels + c;
        const b = (y * width + width - 1 - x) * channels + c;
        const held = data[a] as number;
        data[a] = data[b] as number;
        data[b] = held;
      }
    }
  }
}
