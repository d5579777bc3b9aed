/**
 * COCO's measure written a second time for tests, slowly and after the description of the reference:
 * plain records, every precision read off the definition. Shares no code with the library.
 */
export interface SlowObject {
  image: number;
  category: number;
  box: number[];
  area: number;
  crowd: boolean;
  ignore: boolean;
}
export interface SlowDetection {
  image: number;
  category: number;
  box: number[];
  score: number;
}

interface Judged {
  score: number;
  right: boolean;
}

const overlap = (d: number[], g: number[], crowd: boolean): number => {
  const side = (at: number): number =>
    Math.min(d[at]! + d[at + 2]!, g[at]! + g[at + 2]!) - Math.max(d[at]!, g[at]!);
  if (side(0) <= 0 || side(1) <= 0) return 0;
  const shared = side(0) * side(1);
  const own = d[2]! * d[3]!;
  return shared / (crowd ? own : own + g[2]! * g[3]! - shared);
};

function judgeImage(
  objects: SlowObject[],
  found: SlowDetection[],
  threshold: number,
  low: number,
  high: number,
  most: number,
): { judged: Judged[]; positives: number } {
  const left = objects.map((object) => ({
    ...object,
    out: object.ignore || object.crowd || object.area < low || object.area > high,
    used: false,
  }));
  const positives = left.filter((object) => !object.out).length;
  const ranked = found.map((d, i) => ({ d, i })).sort((a, b) => b.d.score - a.d.score || a.i - b.i);
  const judged: Judged[] = [];
  for (const { d } of ranked.slice(0, most)) {
    const pickFrom = (isOut: boolean): (typeof left)[number] | undefined => {
      let pick: (typeof left)[number] | undefined;
      for (const object of left) {
        if (object.out !== isOut || (object.used && !object.crowd)) continue;
        const value = overlap(d.box, object.box, object.crowd);
        if (value < threshold) continue;
        if (!pick || value >= overlap(d.box, pick.box, pick.crowd)) pick = object;
      }
      return pick;
    };
    const counting = pickFrom(false);
    const pick = counting ?? pickFrom(true);
    if (pick) pick.used = true;
    const area = d.box[2]! * d.box[3]!;
    if (counting) judged.push({ score: d.score, right: true });
    else if (!pick && area >= low && area <= high) judged.push({ score: d.score, right: false });
  }
  return { judged, positives };
}

/** AP and AR of one category, one threshold, one range; null without objects. */
export function slowCell(
  images: number,
  objects: SlowObject[],
  found: SlowDetection[],
  threshold: number,
  [low, high]: [number, number],
  most: number,
): { ap: number; ar: number } | null {
  const all: Judged[] = [];
  let positives = 0;
  for (let image = 0; image < images; image++) {
    const result = judgeImage(
      objects.filter((object) => object.image === image),
      found.filter((d) => d.image === image),
      threshold,
      low,
      high,
      most,
    );
    all.push(...result.judged);
    positives += result.positives;
  }
  if (positives === 0) return null;
  const ranked = all.map((j, i) => ({ ...j, i })).sort((a, b) => b.score - a.score || a.i - b.i);
  const points = ranked.map((_, k) => {
    const hits = ranked.slice(0, k + 1).filter((j) => j.right).length;
    return { recall: hits / positives, precision: hits / (k + 1) };
  });
  let sum = 0;
  for (let t = 0; t <= 100; t++) {
    const least = t === 100 ? 1 : t * 0.01;
    const reached = points.filter((point) => point.recall >= least);
    sum += Math.max(0, ...reached.map((point) => point.precision));
  }
  return { ap: sum / 101, ar: points[points.length - 1]?.recall ?? 0 };
}
