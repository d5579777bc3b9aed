/** What every protocol gives to `aofd eval`, and what an evaluation hands to its report. */
import type { RunLengthMask } from '../detect/rle.js';
import type {
  EvaluateSettings,
  Headline,
  Measure,
  PairedDifference,
} from './statistics/measures.js';

/** One face that a detector found, whichever detector it was. */
export interface Detection {
  /** x1, y1, x2, y2 in continuous pixels of the stored picture. */
  box: readonly [number, number, number, number];
  /** Any finite number, higher is surer. */
  score: number;
  /** FDDB ellipses only: major radius, minor radius, angle (radians), centre x, centre y. */
  ellipse?: readonly [number, number, number, number, number];
  /** Category of the detection where the format has one (COCO), else undefined. */
  category?: number;
  /** Covered share of the box, 0..1, where the detector tells it. */
  occlusion?: number;
  /** Covered pixels, where the detector tells them. */
  mask?: RunLengthMask;
}

/** A detector's results on a set. */
export interface DetectionSet {
  /** How reports call the detector. */
  name: string;
  /** By the image names of the set; a missing key means that nothing was found there. */
  byImage: ReadonlyMap<string, readonly Detection[]>;
  /** Where they came from: files with hashes, or weights, adapter and settings. */
  facts: readonly Fact[];
  /** Counted oddities that were tolerated, as sentences. */
  warnings: readonly string[];
}

/** A named line of a protocol. */
export interface Fact {
  name: string;
  value: string;
}

export interface EvalImage {
  /** Name by which detections refer to the picture. */
  name: string;
  /** Its file, or null where the set has annotations only. */
  file: string | null;
}

export interface ReportTable {
  title: string;
  columns: readonly string[];
  /** Numbers are printed with the digits of `digits`, default 4. */
  rows: readonly (readonly (string | number | null)[])[];
  digits?: number;
  note?: string;
}

export interface PlotSeries {
  name: string;
  points: readonly (readonly [number, number])[];
  role: 'ours' | 'peer' | 'published';
  /** For lines that no detector drew, such as a diagonal to compare with. */
  isDashed?: boolean;
}

export interface ReportPlot {
  /** Name of its files, without extension. */
  key: string;
  title: string;
  x: PlotAxis;
  y: PlotAxis;
  series: readonly PlotSeries[];
}

export interface PlotAxis {
  label: string;
  min?: number;
  max?: number;
  scale?: 'linear' | 'log';
}

/** A detection or a face to look at. */
export interface Finding {
  kind: 'false-positive' | 'missed';
  image: string;
  /** x1, y1, x2, y2 in continuous pixels. */
  box: readonly [number, number, number, number];
  /** Score of a false positive; for a missed face the reason it is shown, as in `label`. */
  score?: number;
  label: string;
}

/** The result of one evaluation of one detector. */
export interface Evaluation {
  headlines: readonly Headline[];
  tables: readonly ReportTable[];
  plots: readonly ReportPlot[];
  /** Protocol: thresholds, matching rule, box convention, AP rule, what was ignored. */
  facts: readonly Fact[];
  warnings: readonly string[];
  /** Highest-scored false positives and missed faces, most telling first; the report takes some. */
  findings: readonly Finding[];
  /** Further files to write beside the report, e.g. DiscROC.txt. */
  files: readonly { name: string; content: string }[];
}

/** A loaded evaluation set. */
export interface EvalSet {
  /** E.g. `FDDB`, or `masked/val`. */
  name: string;
  images: readonly EvalImage[];
  /** Data hash and counts, label file hash, what is missing. */
  facts: readonly Fact[];
  warnings: readonly string[];
  /**
   * Reads results in the benchmark's own formats, or csv.
   * @throws DataError naming file and line of what is wrong
   */
  readDetectionsAsync(files: readonly string[], name: string): Promise<DetectionSet>;
  evaluate(detections: DetectionSet, settings: EvaluateSettings): Evaluation;
  /** The headline numbers as functions of how often each picture counts, for resampling. */
  measures(detections: DetectionSet): Measure[];
  /** Paired comparison of the headline numbers. */
  compare(a: DetectionSet, b: DetectionSet, settings: EvaluateSettings): PairedDifference[];
  /** Whether `warnings` tell of pictures that are not there. */
  tellsMissing?: boolean;
  /** A fixed part of the set for a quick look, marked as one; see `evenlySpread`. */
  take(count: number): EvalSet;
}

/** A flag of one protocol, in commander's notation. */
export interface ProtocolOption {
  /** E.g. `--allow-missing`, `--square <rule>`. */
  flags: string;
  description: string;
  choices?: readonly string[];
  default?: string | boolean;
}

/** Values of a protocol's options by their camelCase name. */
export type ProtocolOptions = Readonly<Record<string, string | boolean | undefined>>;

/** One benchmark. */
export interface EvalProtocol {
  name: 'fddb' | 'mafa' | 'wider' | 'coco' | 'occlusion';
  summary: string;
  options: readonly ProtocolOption[];
  /** What the detector must deliver besides boxes. */
  needsMasks: boolean;
  /**
   * Reads the annotations under `data` (a folder, or the label file itself).
   * @throws DataError that says which files were looked for
   */
  loadAsync(data: string, options: ProtocolOptions): Promise<EvalSet>;
}
