/** A detector's results on MAFA, matched and judged once in every setting. */
import { detectionArrays } from '../detections/arrays.js';
import type { DetectionSet } from '../protocol.js';
import {
  matchDetections,
  type ApMode,
  type ImageDetections,
  type MatchResult,
} from '../statistics/ap.js';
import type { Measure, PairedMeasure } from '../statistics/measures.js';
import { recordsOf, type ScoredRecords } from '../statistics/records.js';
import { pooledAp, weightedAp } from '../statistics/weighted-ap.js';
import {
  mafaMatching,
  mafaView,
  MAFA_SETTINGS,
  type MafaImage,
  type MafaSetting,
  type SquareRule,
} from './match.js';
import type { MafaSet } from './set.js';

/** What the paper leaves open. */
export interface MafaChoices {
  square: SquareRule;
  iou: number;
  ap: ApMode;
}

export interface JudgedMafa {
  set: MafaSet;
  choices: MafaChoices;
  images: readonly MafaImage[];
  views: Readonly<Record<MafaSetting, readonly ImageDetections[]>>;
  matches: Readonly<Record<MafaSetting, readonly MatchResult[]>>;
  records: Readonly<Record<MafaSetting, ScoredRecords>>;
}

/** The settings as reports call them. */
export const SETTING_LABELS: Readonly<Record<MafaSetting, string>> = {
  all: 'all',
  masked: "'masked' only",
  'without-ignored': 'without Ignored (not judged)',
  'without-ignored-strict': 'without Ignored (wrong)',
};

/** Matches detections in every setting. */
export function judgeMafa(
  set: MafaSet,
  detections: DetectionSet,
  choices: MafaChoices,
): JudgedMafa {
  const found = detectionArrays(set.images, detections);
  const images = set.images.map(({ gt, types }, i): MafaImage => ({ ...found[i]!, gt, types }));
  const bySetting = <T>(make: (setting: MafaSetting) => T): Record<MafaSetting, T> =>
    Object.fromEntries(MAFA_SETTINGS.map((s) => [s, make(s)])) as Record<MafaSetting, T>;
  const matching = mafaMatching(choices.iou);
  const scores = found.map((image) => image.scores);
  const views = bySetting((setting) => mafaView(images, setting, choices.square));
  const matches = bySetting((setting) => views[setting].map((v) => matchDetections(v, matching)));
  const records = bySetting((setting) => recordsOf(scores, matches[setting]));
  return { set, choices, images, views, matches, records };
}

const headline = (setting: MafaSetting, { iou }: MafaChoices): { key: string; label: string } => ({
  key: `ap-${setting}`,
  label: `AP ${SETTING_LABELS[setting]}, IoU ${iou}`,
});

/** AP of the settings. */
export function mafaMeasures({ records, choices }: JudgedMafa): Measure[] {
  return MAFA_SETTINGS.map((setting) => ({
    ...headline(setting, choices),
    statistic: (weights) => weightedAp(records[setting], weights, choices.ap),
  }));
}

/** AP of the settings for two detectors. */
export function pairedMafaMeasures(a: JudgedMafa, b: JudgedMafa): PairedMeasure[] {
  const ofB = mafaMeasures(b);
  return mafaMeasures(a).map(({ key, label, statistic }, i) => {
    const setting = MAFA_SETTINGS[i]!;
    return {
      key,
      label,
      a: statistic,
      b: ofB[i]!.statistic,
      pooled: pooledAp(a.records[setting], b.records[setting], a.choices.ap),
    };
  });
}
