/**
 * Makes batch k from (options, k): the whole of the input pipeline but the thread it runs on.
 * Every image has a random stream of its own, keyed (seed, step, slot), so nothing depends on what
 * was made before.
 */
import {
  drawTile,
  finishCanvas,
  fullTile,
  mosaicTiles,
  newCanvas,
  nineTiles,
  type Canvas,
} from '../augment/augment.js';
import {
  COVER_COVERED,
  COVER_NONE,
  COVER_UNKNOWN,
  type Batch,
  type BatchOptions,
  type BatchSource,
} from './batch.js';
import { chooseWindow, mapFaces, type Tile } from '../augment/crop-window.js';
import { putHeadsInFront } from '../augment/heads-in-front.js';
import { loadCutoutBank } from './load-cutouts.js';
import { loadHeads } from './load-heads.js';
import { loadObjectBanks, type ObjectBanks } from './load-objects.js';
import type { CutoutBank } from '../occluders/cutout-bank.js';
import { DataError } from '../../errors.js';
import { ImageCache, type DecodedSample } from './image-cache.js';
import { UsableSamples, type UsableSample } from './usable-samples.js';
import { paintOccluders } from '../occluders/painter.js';
import { chance, KeyedRng, pick, pickWeighted, type Rng } from '../rng.js';
import { isPortrait, type DecodedImage, type Sample } from '../sample.js';
import { sampleLabels } from './sample-labels.js';

/** Throws DataError on options that cannot work. */
export function checkBatchOptions(options: BatchOptions): void {
  const bad = (what: string, fix: string): never => {
    throw new DataError('option-invalid', `${what}.`, { where: 'batch options', fix });
  };
  const { batchSize, width, height, segFraction } = options;
  if (![batchSize, width, height].every((v) => Number.isInteger(v) && v > 0)) {
    bad(
      `batchSize, width, height must be positive integers (${batchSize}, ${width}, ${height})`,
      'set them',
    );
  }
  if (!(segFraction >= 0 && segFraction <= 1)) bad(`segFraction is ${segFraction}`, 'use 0..1');
  const usable = options.sources.filter((s) => s.weight > 0);
  for (const s of usable) {
    if (s.samples.length === 0)
      bad(`source "${s.name}" has no samples`, 'remove it or check its list');
  }
  if (usable.some((s) => s.samples.some((sample) => sample.source === 'fddb'))) {
    bad('FDDB is among the sources, an evaluation set', 'train on other data sets');
  }
  if (segFraction < 1 && !usable.some((s) => !isPortraitSource(s))) {
    bad('no detection source with a positive weight', 'add one or set segFraction to 1');
  }
  if (segFraction > 0 && !usable.some(isPortraitSource)) {
    bad('segFraction > 0 but no source has segmentation files', 'add one or set segFraction to 0');
  }
  checkHeads(options, bad);
}

/** Heads are cut out of portraits with a class per pixel. */
function checkHeads(
  { augment, cutoutSamples = [] }: BatchOptions,
  bad: (what: string, fix: string) => void,
): void {
  const isOn = (augment.headsInFront?.probability ?? 0) > 0;
  if (isOn && !cutoutSamples.some(({ pixelMap }) => pixelMap?.extent === 'portrait')) {
    const what = 'augment.headsInFront is on but no portrait has pixel classes';
    bad(what, 'add a parsing source or turn it off');
  }
}

const isPortraitSource = ({ samples: [first] }: BatchSource): boolean =>
  first !== undefined && isPortrait(first);

/** A picture after painting. */
interface Painted {
  image: DecodedImage;
  /** [H, W], painted pixels; null when nothing was painted. */
  mask: Uint8Array | null;
  /** Indices of the painted faces. */
  faces: Set<number>;
}

/** Makes batches one after the other in the calling thread; keeps decoded pictures. */
export class BatchMaker {
  readonly cache: ImageCache;
  private readonly usable: UsableSamples;
  private readonly detection: BatchSource[];
  private readonly portraits: BatchSource[];
  private bank: Promise<CutoutBank> | undefined;
  private heads: Promise<CutoutBank> | undefined;
  private objects: Promise<ObjectBanks> | undefined;

  constructor(private readonly options: BatchOptions) {
    checkBatchOptions(options);
    this.cache = new ImageCache(options.cacheBytes, options.segmentationForm);
    this.usable = new UsableSamples(this.cache, options.skipBroken ?? false);
    const usable = options.sources.filter((s) => s.weight > 0);
    this.detection = usable.filter((s) => !isPortraitSource(s));
    this.portraits = usable.filter(isPortraitSource);
  }

  /** Batch of one step. Throws DataError naming the picture that cannot be used. */
  async makeAsync(step: number): Promise<Batch> {
    const started = performance.now();
    const { batchSize, width, height } = this.options;
    const size = 3 * width * height;
    const batch: Batch = {
      step,
      width,
      height,
      images: new Uint8Array(batchSize * size),
      boxes: [],
      ignore: [],
      covers: [],
      segLabels: [],
      ids: [],
      sources: [],
      skipped: [],
      timeMs: 0,
    };
    for (let slot = 0; slot < batchSize; slot++) {
      const made = await this.makeImageAsync(step, slot);
      batch.images.set(made.canvas.image.data, slot * size);
      const faces = made.canvas.faces;
      batch.boxes.push(Float32Array.from(faces.flatMap((face) => face.box)));
      batch.ignore.push(Uint8Array.from(faces, (face) => (face.ignore ? 1 : 0)));
      batch.covers.push(Uint8Array.from(made.covers));
      batch.segLabels.push(made.canvas.labels);
      batch.ids.push(made.samples.map((s) => s.id).join('+'));
      batch.sources.push(made.samples.map((s) => s.source).join('+'));
    }
    batch.skipped.push(...this.usable.takeNews());
    batch.timeMs = performance.now() - started;
    return batch;
  }

  private async makeImageAsync(
    step: number,
    slot: number,
  ): Promise<{ canvas: Canvas; covers: number[]; samples: Sample[] }> {
    const { batchSize, width, height, seed, augment, segFraction } = this.options;
    const rng = new KeyedRng(seed, step, slot);
    // Portrait slots are spread evenly: slot t is one where floor(t f) steps up.
    const t = step * batchSize + slot;
    const isPortrait = Math.floor((t + 1) * segFraction) > Math.floor(t * segFraction);
    const { mosaic, portraitMosaic = mosaic, mosaicOfNine = 0 } = augment;
    const isMosaic = chance(rng, isPortrait ? portraitMosaic : mosaic);
    const isNine = isMosaic && mosaicOfNine > 0 && chance(rng, mosaicOfNine);
    const canvas = newCanvas(width, height);
    const mosaicOf = isNine ? nineTiles : mosaicTiles;
    const tiles = isMosaic ? mosaicOf(width, height, rng) : [fullTile(width, height)];
    const covers: number[] = [];
    const samples: Sample[] = [];
    for (const [i, tile] of tiles.entries()) {
      const fromPortraits =
        this.detection.length === 0 || (isPortrait && (i === 0 || chance(rng, 0.5)));
      const sources = fromPortraits ? this.portraits : this.detection;
      const source = sources[
        pickWeighted(
          rng,
          sources.map((s) => s.weight),
        )
      ] as BatchSource;
      const picked = await this.pickAsync(source.samples, rng, fromPortraits);
      samples.push(picked.sample);
      covers.push(...(await this.drawSampleAsync(canvas, tile, picked, rng, isMosaic)));
    }
    await this.addHeadsAsync(canvas, covers, rng, isMosaic);
    finishCanvas(canvas, rng, augment);
    return { canvas, covers, samples };
  }

  /** Heads before faces (`augment.headsInFront`); `covers` follows. */
  private async addHeadsAsync(
    canvas: Canvas,
    covers: number[],
    rng: Rng,
    isMosaic: boolean,
  ): Promise<void> {
    const { augment, cutoutSamples = [], segmentationForm: form = 'covered' } = this.options;
    const { headsInFront, minFacePx, crop } = augment;
    // Drawn only where it is on, so that options of old runs give their old batches.
    if (!headsInFront || !(headsInFront.probability > 0)) return;
    if (!chance(rng, headsInFront.probability)) return;
    const heads = await (this.heads ??= loadHeads(cutoutSamples, this.options.skipBroken));
    if (heads.cutouts.length === 0) return;
    const clipBoxes = isMosaic || (crop.clipBoxes ?? true);
    const settings = { ...headsInFront, form, leastFacePx: minFacePx, clipBoxes };
    const { covered, added } = putHeadsInFront(canvas, heads, rng, settings);
    for (let i = 0; i < added; i++) covers.push(COVER_UNKNOWN);
    for (const i of covered) covers[i] = COVER_COVERED;
  }

  /** A sample of a source; of portraits now and then the most covered of several (`portraitFocus`). */
  private async pickAsync(
    samples: readonly Sample[],
    rng: Rng,
    isPortrait: boolean,
  ): Promise<UsableSample> {
    const { portraitFocus } = this.options;
    const { probability = 0, draws = 1 } = portraitFocus ?? {};
    // Drawn only where it is on, so that options of old runs give their old batches.
    const isFocused = isPortrait && probability > 0 && chance(rng, probability);
    let best = await this.usable.getAsync(pick(rng, samples), samples);
    for (let drawn = 1; isFocused && drawn < draws; drawn++) {
      const other = await this.usable.getAsync(pick(rng, samples), samples);
      if (other.decoded.coveredShare > best.decoded.coveredShare) best = other;
    }
    return best;
  }

  /** Draws a sample into a tile; returns the cover code of each face added. */
  private async drawSampleAsync(
    canvas: Canvas,
    tile: Tile,
    { sample, decoded }: UsableSample,
    rng: Rng,
    isMosaic: boolean,
  ): Promise<number[]> {
    const { augment, portraitRatios } = this.options;
    const { width, height } = decoded.image;
    const isPortrait = decoded.mask !== null;
    const ratios = isPortrait
      ? portraitRatios
      : isMosaic
        ? augment.mosaicRatios
        : augment.crop.ratios;
    const crop = { ...augment.crop, ratios };
    const window = chooseWindow(width, height, sample.faces, tile, rng, crop, sample.decoys);
    const visible = mapFaces(sample.faces, window, tile, augment.minFacePx);
    const antialias = chance(rng, augment.antialias);
    const painted = await this.paintAsync(
      decoded,
      sample,
      new Set(visible.map((f) => f.index)),
      rng,
    );
    const labels = sampleLabels(decoded, sample.faces, painted, this.options);
    const source = { image: painted.image, faces: sample.faces, labels };
    const { minFacePx } = augment;
    // Beyond a tile of a mosaic lies another picture, not the rest of the face.
    const clipBoxes = isMosaic || (crop.clipBoxes ?? true);
    drawTile(canvas, tile, source, window, { antialias, minFacePx, clipBoxes });
    return visible.map(({ index }) => {
      if (painted.faces.has(index)) return COVER_COVERED;
      const attributes = sample.faces[index]?.attributes;
      if (attributes?.cover === 'unmasked') return COVER_NONE;
      const isCovered = attributes?.cover !== undefined || (attributes?.occludedShare ?? 0) > 0.02;
      return isCovered ? COVER_COVERED : COVER_UNKNOWN;
    });
  }

  private async paintAsync(
    decoded: DecodedSample,
    sample: Sample,
    visible: ReadonlySet<number>,
    rng: Rng,
  ): Promise<Painted> {
    const { painter, paintProbability, portraitPaintProbability = 0 } = this.options;
    const isChosen = chance(rng, paintProbability);
    // Drawn only where portraits may be painted, so that options of old runs give their old batches.
    const isPainted =
      decoded.mask && decoded.labels && portraitPaintProbability > 0
        ? chance(rng, portraitPaintProbability)
        : isChosen && !decoded.mask;
    if (!painter || !isPainted) {
      return { image: decoded.image, mask: null, faces: new Set() };
    }
    // Masked faces are left alone: their own mask has no pixel label.
    const indices = sample.faces.flatMap((face, i) => {
      const cover = face.attributes?.cover;
      const isFree = cover === undefined || cover === 'unmasked';
      return visible.has(i) && isFree && !face.ignore && !face.invalid ? [i] : [];
    });
    const boxes = indices.map((i) => sample.faces[i]!);
    const bank = await this.bankAsync();
    const result = paintOccluders(decoded.image, boxes, rng, {
      ...painter,
      bank,
      objects: await this.objectsAsync(),
      avoid: sample.faces,
    });
    const faces = new Set(result.painted.map((p) => indices[p.face] as number));
    const isChanged = result.image !== decoded.image;
    return { image: result.image, mask: isChanged ? result.mask : null, faces };
  }

  private async bankAsync(): Promise<CutoutBank | undefined> {
    const samples = this.options.cutoutSamples;
    if (!samples || samples.length === 0) return undefined;
    this.bank ??= loadCutoutBank(samples, this.options.skipBroken);
    return this.bank;
  }

  private async objectsAsync(): Promise<ObjectBanks> {
    const { objectFolders = [], seed } = this.options;
    this.objects ??= loadObjectBanks(objectFolders, seed);
    return this.objects;
  }
}
