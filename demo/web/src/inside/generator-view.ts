/** The mask generator on one face: its heat, its mask, and what the mask does to the detector's score. */
import { maskedCells } from '../../../../src/nn/index.js';
import { randomMask, smallestMask } from '../../../../src/aofd/boxes/masking.js';
import { cropSquare, heatOver } from '../../../../src/aofd/detect/inspect/heat.js';
import { maskedScoresAsync } from '../../../../src/aofd/detect/inspect/masked-scores.js';
import type { Network } from '../../../../src/aofd/detect/network.js';
import { KeyedRng } from '../../../../src/aofd/data/rng.js';
import type { DecodedImage } from '../../../../src/aofd/data/sample.js';
import { byId } from '../dom.js';
import { drawChart } from './chart.js';
import { showRaster } from './rasters.js';

/** One face as the generator sees it. */
export interface GeneratorFace {
  image: DecodedImage;
  box: readonly [number, number, number, number];
  /** Pooled features [C * cells]. */
  pooled: ArrayLike<number>;
  channels: number;
  /** [cells], small values are worth hiding. */
  heat: ArrayLike<number>;
  /** Cells along one side. */
  side: number;
}

/** Side of the face's picture, in pixels. */
const FACE = 280;
/** Random masks whose mean stands beside the generator's. */
const RANDOM = 8;

type Curve = [share: number, score: number][];

export class GeneratorView {
  readonly #cells = byId('cells', HTMLInputElement);
  readonly #value = byId('cells-value', HTMLOutputElement);
  readonly #text = byId('harm-text', HTMLElement);
  #face: GeneratorFace | null = null;
  #curves: { generator: Curve; random: Curve } | null = null;

  constructor() {
    this.#cells.addEventListener('input', () => this.#draw());
    new ResizeObserver(() => this.#drawCurves()).observe(
      byId('harm', HTMLCanvasElement).parentElement as Element,
    );
  }

  async showAsync(network: Network, face: GeneratorFace): Promise<void> {
    this.#face = face;
    this.#curves = null;
    const cells = face.side ** 2;
    this.#cells.disabled = false;
    this.#cells.min = String(maskedCells(1 / 6, cells));
    this.#cells.max = String(maskedCells(1 / 2, cells));
    this.#draw();
    const curves = await curvesAsync(network, face);
    if (this.#face !== face) return; // another was chosen meanwhile
    this.#curves = curves;
    this.#drawCurves();
  }

  /** Takes away what is shown of an earlier face, and says why. */
  clear(why: string): void {
    this.#face = null;
    this.#curves = null;
    this.#cells.disabled = true;
    this.#value.value = '';
    this.#text.textContent = why;
    for (const id of ['face', 'heat', 'hidden', 'harm']) {
      const canvas = byId(id, HTMLCanvasElement);
      canvas.width = Number(canvas.width); // empties it
    }
  }

  #draw(): void {
    const face = this.#face;
    if (!face) return;
    const count = this.#cells.valueAsNumber;
    const { side } = face;
    this.#value.value = `${count} of ${side ** 2} cells`;
    const picture = cropSquare({ ...face.image, channels: 3 }, face.box, FACE);
    const { mask } = smallestMask(face.heat, count);
    showRaster(byId('face', HTMLCanvasElement), picture);
    const worth = { values: worthOf(face.heat), height: side, width: side, scale: side / FACE };
    showRaster(byId('heat', HTMLCanvasElement), heatOver(picture, worth));
    const hidden = picture.data.slice();
    for (let y = 0; y < FACE; y++) {
      for (let x = 0; x < FACE; x++) {
        const cell = Math.floor((y * side) / FACE) * side + Math.floor((x * side) / FACE);
        if (mask[cell] !== 0) continue;
        for (let c = 0; c < 3; c++) hidden[(y * FACE + x) * 3 + c]! >>= 3;
      }
    }
    showRaster(byId('hidden', HTMLCanvasElement), { ...picture, data: hidden });
    this.#drawCurves();
  }

  #drawCurves(): void {
    const [face, curves] = [this.#face, this.#curves];
    if (!face || !curves) return;
    const share = this.#cells.valueAsNumber / face.side ** 2;
    const least = Math.min(...[...curves.generator, ...curves.random].map(([, score]) => score));
    const low = Math.max(0, Math.floor(10 * least - 0.01) / 10);
    drawChart(
      byId('harm', HTMLCanvasElement),
      [
        { color: '--soft', points: curves.random, name: 'at random', dashed: true },
        { color: '--much', points: curves.generator, name: 'by the generator' },
        { color: '--accent', points: [[share, low], [share, 1]] }, // prettier-ignore
      ],
      {
        x: [0, 0.75],
        y: [low, 1],
        xLabel: 'share hidden, 0 to 75 %',
        yTicks: [[low, low.toFixed(1)], [1, 'score 1']], // prettier-ignore
      },
    );
    const at = (curve: Curve): string => {
      const near = [...curve].sort((a, b) => Math.abs(a[0] - share) - Math.abs(b[0] - share))[0];
      return (near?.[1] ?? 0).toFixed(2);
    };
    const whole = curves.generator[0]?.[1] ?? 0;
    this.#text.textContent =
      `The detector’s score of this face: ${whole.toFixed(2)} with all features, ${at(curves.generator)} ` +
      `without those that the generator hides, ${at(curves.random)} without as many random ones.`;
  }
}

/** 1 where hiding is worth most. */
function worthOf(heat: ArrayLike<number>): number[] {
  const values = Array.from(heat);
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  return values.map((v) => 1 - (v - low) / range);
}

/** Scores by hidden share, every second cell from none to three quarters. */
async function curvesAsync(
  network: Network,
  { pooled, channels, heat, side }: GeneratorFace,
): Promise<{ generator: Curve; random: Curve }> {
  const cells = side * side;
  const counts = Array.from({ length: Math.floor((0.75 * cells) / 2) + 1 }, (_, i) => 2 * i);
  const masks = counts.flatMap((count, i) => [
    smallestMask(heat, count).mask,
    ...Array.from({ length: RANDOM }, (_, r) => randomMask(uniform(i, r), side, count)),
  ]);
  const scores = await maskedScoresAsync(network, { data: pooled, channels }, masks);
  const generator: Curve = [];
  const random: Curve = [];
  counts.forEach((count, i) => {
    const from = i * (RANDOM + 1);
    const others = scores.subarray(from + 1, from + 1 + RANDOM);
    generator.push([count / cells, scores[from]!]);
    random.push([count / cells, others.reduce((sum, s) => sum + s, 0) / RANDOM]);
  });
  return { generator, random };
}

function uniform(...keys: [number, number]): { next(): number; int(n: number): number } {
  const rng = new KeyedRng(7, ...keys);
  return { next: () => rng.next(), int: (n) => Math.floor(rng.next() * n) };
}
