import { at, logistic, nd, nd4, type TwinArray } from './nd.js';

/** Goal of a label (1 covered, 0 not); null where it is unknown. */
function goalOf(label: number): number | null {
  const first = label % 4;
  const second = Math.floor(label / 4) % 4;
  if (first === 1 && second === 0) return 1;
  return first === 0 || second === 1 ? 0 : null;
}

/** One image: its known pixels, and its sums. */
interface Image {
  /** Places in x of the two logits, and the goal. */
  pixels: { first: number; second: number; goal: number }[];
  both: number;
  all: number;
  isCovered: boolean;
}

const coverAt = (x: TwinArray, first: number, second: number): number =>
  logistic(at(x, first)) * (1 - logistic(at(x, second)));

function imagesOf(x: TwinArray, labels: TwinArray): Image[] {
  const [n, , h, w] = nd4(x);
  const hw = h * w;
  return Array.from({ length: n }, (_, image) => {
    const pixels: Image['pixels'] = [];
    let [both, all, goals] = [0, 0, 0];
    for (let p = 0; p < hw; p++) {
      const goal = goalOf(at(labels, image * hw + p));
      if (goal === null) continue;
      const first = 2 * image * hw + p;
      const cover = coverAt(x, first, first + hw);
      pixels.push({ first, second: first + hw, goal });
      both += cover * goal;
      all += cover + goal;
      goals += goal;
    }
    return { pixels, both: 2 * both + 1, all: all + 1, isCovered: goals > 0 };
  });
}

/** Dice loss of the first map without the second, logits [N, 2, H, W] and packed labels [N, H, W], as [1]. */
export function coverDice(x: TwinArray, labels: TwinArray): TwinArray {
  const covered = imagesOf(x, labels).filter(({ isCovered }) => isCovered);
  const losses = covered.map(({ both, all }) => 1 - both / all);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  return nd([1], [total / Math.max(1, covered.length)]);
}

export function coverDiceBackward(x: TwinArray, labels: TwinArray, dY: TwinArray): TwinArray {
  const dX = nd(x.shape);
  const covered = imagesOf(x, labels).filter(({ isCovered }) => isCovered);
  for (const { pixels, both, all } of covered) {
    for (const { first, second, goal } of pixels) {
      const [a, b] = [logistic(at(x, first)), logistic(at(x, second))];
      const slope = (at(dY, 0) / covered.length) * (both / all ** 2 - (2 * goal) / all);
      dX.data[first] = slope * a * (1 - a) * (1 - b);
      dX.data[second] = -slope * a * b * (1 - b);
    }
  }
  return dX;
}
