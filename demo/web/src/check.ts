/** "Please uncover your face": whether exactly one face is there and whether it is uncovered. */

/** A face at most this much covered counts as uncovered; estimates of uncovered faces are mostly below .05. */
export const COVERED_FROM = 0.1;
/** Once uncovered, a face must be covered a little more before the frame changes back. */
const LINGER = 0.05;

export type Verdict = 'none' | 'many' | 'covered' | 'clear';

/** What the judgement needs of a face. */
export interface JudgedFace {
  occlusion: { ratio: number } | null;
}

/** Judges one picture; `before` is the verdict on the frame before it, where there was one. */
export function verdictOf(faces: readonly JudgedFace[], before: Verdict | null = null): Verdict {
  const [face] = faces;
  if (!face) return 'none';
  if (faces.length > 1) return 'many';
  const limit = before === 'clear' ? COVERED_FROM + LINGER : COVERED_FROM;
  return (face.occlusion?.ratio ?? 0) > limit ? 'covered' : 'clear';
}

/** The verdict in words. */
export function verdictText(verdict: Verdict, faces: readonly JudgedFace[]): string {
  if (verdict === 'none') return 'Please look into the camera';
  if (verdict === 'many') return `One person at a time, please (${faces.length} faces)`;
  if (verdict === 'covered') {
    // A verdict lingers for a moment; the share is that of the present face.
    const ratio = faces[0]?.occlusion?.ratio ?? 0;
    const share = ratio > COVERED_FROM ? ` (${Math.round(100 * ratio)} % covered)` : '';
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
