/** What plots are made of: plain data. */

/** Ours are drawn strong, peers coloured, published ones grey in the background. */
export type SeriesRole = 'ours' | 'peer' | 'published';

export type Point = readonly [x: number, y: number];

/** An axis of numbers. */
export interface AxisSpec {
  label: string;
  /** Ends of the axis; default: from the data. */
  min?: number;
  max?: number;
  /** Default linear. Values up to 0 cannot be shown on a logarithmic axis and are left out. */
  scale?: 'linear' | 'log';
}

/** What all plots have in common. */
export interface ChartFrame {
  title: string;
  /** One line below the title. */
  subtitle?: string;
  /** Pixels; default 880 x 500. */
  width?: number;
  height?: number;
  /** Prefix of the ids inside, to keep several plots of one page apart; default: from the title. */
  id?: string;
}

/** A curve. */
export interface LineSeries {
  name: string;
  points: readonly Point[];
  /** Default `ours`. */
  role?: SeriesRole;
  isDashed?: boolean;
  /** A dot at each point: for curves of few points. */
  hasMarkers?: boolean;
  /** Printed behind the name, e.g. the area under the curve. */
  note?: string;
}

export interface LineChartSpec extends ChartFrame {
  x: AxisSpec;
  y: AxisSpec;
  series: readonly LineSeries[];
}

/** One bar for each category. */
export interface BarSeries {
  name: string;
  /** By category; null leaves a gap. */
  values: readonly (number | null)[];
  /** Ends of an interval around each value. */
  intervals?: readonly (readonly [low: number, high: number] | null)[];
  role?: SeriesRole;
}

export interface BarChartSpec extends ChartFrame {
  categories: readonly string[];
  /** The axis of the values. */
  value: AxisSpec;
  series: readonly BarSeries[];
  /** Bars lie, for long category names; default false. */
  isHorizontal?: boolean;
  /** Series are put on top of each other; default false. */
  isStacked?: boolean;
  /** Prints each value at its bar; default: up to 24 bars. */
  hasLabels?: boolean;
  /** How values are printed; default up to four digits. */
  format?: (value: number) => string;
}

/** Dots of one kind. */
export interface ScatterSeries {
  name: string;
  points: readonly { x: number; y: number; label?: string }[];
  role?: SeriesRole;
}

/** A line to compare with, e.g. the ceiling of a roofline. */
export interface ReferenceLine {
  name: string;
  points: readonly Point[];
  isDashed?: boolean;
}

export interface ScatterChartSpec extends ChartFrame {
  x: AxisSpec;
  y: AxisSpec;
  series: readonly ScatterSeries[];
  lines?: readonly ReferenceLine[];
}
