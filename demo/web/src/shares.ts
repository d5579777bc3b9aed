/** How a covered share is called and coloured: the same words and colours everywhere on the page. */

export type ShareLevel = 'clear' | 'some' | 'much';

/** Colours on pictures, whatever the page's own scheme. */
export const LEVEL_COLORS: Readonly<Record<ShareLevel, string>> = {
  clear: '#2fd477',
  some: '#ffb02e',
  much: '#ff3d7f',
};

/** Below a tenth a face counts as uncovered, from a quarter on as covered. */
export function levelOf(ratio: number): ShareLevel {
  if (ratio < 0.1) return 'clear';
  return ratio < 0.25 ? 'some' : 'much';
}

export const LEVEL_WORDS: Readonly<Record<ShareLevel, string>> = {
  clear: 'uncovered',
  some: 'partly covered',
  much: 'covered',
};
