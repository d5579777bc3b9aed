import {
  convAlgorithms,
  convFlops,
  planConv,
  type ConvCapabilities,
  type ConvShape,
} from '../conv/plan.js';
import {
  linearAlgorithms,
  planLinear,
  type LinearCapabilities,
  type LinearShape,
} from '../linear/plan.js';
import { tileShapes } from '../tile-plan.js';
import type { Pass, PassChoice } from './table.js';

/** The naive kernels are a candidate up to this many FLOPs. */
const naiveFlops = 1e7;

/** The layer that a key of convKey names, with its output size. */
export function convShapeOf(key: Omit<ConvShape, 'oh' | 'ow'>): ConvShape {
  const { h, w, kh, kw, stride, pad, dilation } = key;
  const out = (size: number, kernel: number): number =>
    Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return { ...key, oh: out(h, kh), ow: out(w, kw) };
}

/** Whether tiles can win here: on software adapters with lane kernels they are ten times slower. */
function wantsTiles(caps: { kind?: string; lanes: number }): boolean {
  return caps.lanes === 0 || caps.kind === 'gpu' || caps.kind === 'unknown';
}

/** What could be fastest for one pass of a convolution; the rules' choice comes first. Pure. */
export function convCandidates(s: ConvShape, caps: ConvCapabilities, pass: Pass): PassChoice[] {
  const found: PassChoice[] = [{ algorithm: planConv(s, caps)[pass] }];
  for (const algorithm of convAlgorithms) {
    if (algorithm === 'naive' && convFlops(s) > naiveFlops) continue;
    if (algorithm === 'tile') {
      if (wantsTiles(caps)) found.push(...tiles((tuned) => planConv(s, { ...caps, tuned }), pass));
      continue;
    }
    const tuned = { [pass]: { algorithm } };
    if (planConv(s, { ...caps, tuned })[pass] === algorithm) found.push({ algorithm });
  }
  return distinct(found);
}

/** The same for a linear layer. Pure. */
export function linearCandidates(
  s: LinearShape,
  caps: LinearCapabilities,
  pass: Pass,
): PassChoice[] {
  const found: PassChoice[] = [{ algorithm: planLinear(s, caps)[pass] }];
  for (const algorithm of linearAlgorithms) {
    if (algorithm === 'naive' && 2 * s.r * s.i * s.o > naiveFlops) continue;
    if (algorithm === 'tile') {
      if (wantsTiles(caps))
        found.push(...tiles((tuned) => planLinear(s, { ...caps, tuned }), pass));
      continue;
    }
    const tuned = { [pass]: { algorithm } };
    if (planLinear(s, { ...caps, tuned })[pass] === algorithm) found.push({ algorithm });
  }
  return distinct(found);
}

type Planned = { tuned?: Partial<Record<Pass, number>> } & Record<Pass, string>;

/** Every tile that the planner accepts for the pass. */
function tiles(
  plan: (tuned: Partial<Record<Pass, PassChoice>>) => Planned,
  pass: Pass,
): PassChoice[] {
  return tileShapes.flatMap((_, tile) => {
    const made = plan({ [pass]: { algorithm: 'tile', tile } });
    return made[pass] === 'tile' && made.tuned?.[pass] === tile
      ? [{ algorithm: 'tile', tile }]
      : [];
  });
}

function distinct(choices: PassChoice[]): PassChoice[] {
  const seen = new Set<string>();
  return choices.filter((c) => {
    const key = `${c.algorithm} ${c.tile ?? ''}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
