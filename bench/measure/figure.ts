import type { Spread } from './stats.js';

/** A single figure about the machine or a whole job. */
export interface Figure {
  /** `ceilings`, `detect`, `train`, `scaling` or `peers`. */
  group: string;
  name: string;
  value: number;
  unit: string;
  spread?: Spread;
  note?: string;
}

/** Makes figures of a group. `measured`: a value, or repeated samples, whose median is the value. */
export const figuresOf =
  (group: string) =>
  (name: string, measured: number | Spread, unit: string, note?: string): Figure => {
    const [value, spread] = typeof measured === 'number' ? [measured] : [measured.median, measured];
    return { group, name, value, unit, spread, note };
  };
