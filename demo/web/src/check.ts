/** "Please uncover your face": whether exactly one face is there and whether it is uncovered. */

import { COVERED_FROM } from './shares.js';

export { COVERED_FROM };

/** Once uncovered, a face must be covered this many times as much before the frame changes back. */
const LINGER = 1.2;

export type Verdict = 'none' | 'many' | 'covered' | 'clear';

/** What the judgement needs of a face. */
export interface JudgedFace {
  occlusion: { ratio: number } | null;
  /** Covered share from which it counts as covered; detected faces bring that of their weights. */
  coveredShare?: number;
}

/** Judges one picture; `before` is the verdict on the frame before it, where there was one. */
export function verdictOf(faces: readonly JudgedFace[], before: Verdict | null = null): Verdict {
  const [face] = faces;
  if (!face) return 'none';
  if (faces.length > 1) return 'many';
  return isCovered(face, before === 'clear' ? LINGER : 1) ? 'covered' : 'clear';
}

/** As the library's `isOccluded`, with a limit that is so many times as high. */
function isCovered({ occlusion, coveredShare = COVERED_FROM }: JudgedFace, times = 1): boolean {
  return (occlusion?.ratio ?? 0) >= times * coveredShare;
}

/** The verdict in words. */
export function verdictText(verdict: Verdict, faces: readonly JudgedFace[]): string {
  if (verdict === 'none') return 'Please look into the camera';
  // A verdict lingers for a moment; count and share are those of the present faces.
  if (verdict === 'many') {
    return `One person at a time, please${faces.length > 1 ? ` (${faces.length} faces)` : ''}`;
  }
  if (verdict === 'covered') {
    const [face] = faces;
    const ratio = face?.occlusion?.ratio ?? 0;
    const share = face && isCovered(face) ? ` (${Math.round(100 * ratio)} % covered)` : '';
    return `Please uncover your face${share}`;
  }
  return 'Thank you, your face is uncovered';
}

/** A verdict counts once it has held for a while: single frames err. */
export class SteadyVerdict {
  readonly #holdMs: number;
  #shown: Verdict | null = null;
  #next: Verdict | null = null;
  #since = 0;

  /** Changes show after `holdMs`; the first verdict at once. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** Takes the faces of a frame at a time in ms; gives the verdict to show. */
  next(faces: readonly JudgedFace[], now: number): Verdict {
    const verdict = verdictOf(faces, this.#shown);
    if (verdict !== this.#next) {
      this.#next = verdict;
      this.#since = now;
    }
    if (this.#shown === null || now - this.#since >= this.#holdMs) this.#shown = verdict;
    return this.#shown;
  }
}
