/** How a covered share is called and coloured: the same words and colours everywhere on the page. */

export type ShareLevel = 'clear' | 'some' | 'much';

/** Colours on pictures, whatever the page's own scheme. */
export const LEVEL_COLORS: Readonly<Record<ShareLevel, string>> = {
  clear: '#2fd477',
  some: '#ffb02e',
  much: '#ff3d7f',
};

/** The share that the shipped weights were calibrated to, for faces that do not say theirs. */
export const COVERED_FROM = 0.13;

/** Uncovered up to where the library says so; much covered from twice that share on. */
export function levelOf({
  occlusion,
  coveredShare,
}: {
  occlusion: { ratio: number } | null;
  coveredShare: number;
}): ShareLevel {
  const ratio = occlusion?.ratio ?? 0;
  if (ratio < coveredShare) return 'clear';
  return ratio < 2 * coveredShare ? 'some' : 'much';
}

export const LEVEL_WORDS: Readonly<Record<ShareLevel, string>> = {
  clear: 'uncovered',
  some: 'partly covered',
  much: 'covered',
};
