/** What an evaluation on MAFA needs to know of the set. */

/** Labels of masked faces that recall is split by. */
export type MafaLabel = 'degree' | 'occluder' | 'orientation';

/** Names of the labels' values, from 1 on. */
export const MAFA_LABELS: Readonly<Record<MafaLabel, readonly string[]>> = {
  degree: ['1 part covered', '2 parts', '3 parts', '4 parts'],
  occluder: ['1 simple', '2 complex', '3 human body'],
  orientation: ['1 left', '2 left-frontal', '3 frontal', '4 right-frontal', '5 right'],
};

/** MAFA's face types, from 1 on. */
export const MAFA_TYPES = ['1 masked', '2 unmasked', '3 invalid'] as const;

export interface MafaSetImage {
  name: string;
  file: string | null;
  /** [G*4] continuous corners x, y, x + w, y + h. */
  gt: Float64Array;
  /** [G]: 1 masked, 2 unmasked, 3 invalid. */
  types: Uint8Array;
  /** [G], 0 or out of range where unknown. */
  labels: Record<MafaLabel, Int16Array>;
}

export interface MafaSet {
  name: string;
  split: 'test' | 'train';
  images: readonly MafaSetImage[];
}
