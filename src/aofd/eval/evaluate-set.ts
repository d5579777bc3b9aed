/** One detector on one set, beside others. */
import type { DetectionSet, EvalSet, Evaluation, Fact } from './protocol.js';
import type { EvaluateSettings } from './statistics/measures.js';
import type { ReportDetector, ReportInput } from './report/model.js';

/** What is evaluated. */
export interface EvaluationPlan {
  protocol: { name: string; summary: string };
  set: EvalSet;
  detections: DetectionSet;
  /** Evaluated and drawn beside it. */
  peers?: readonly DetectionSet[];
  /** Compared with it picture by picture. */
  against?: DetectionSet;
  settings: EvaluateSettings;
  /** Options as they were given, for the report. */
  options?: readonly Fact[];
}

/**
 * Evaluates a detector, its peers with the same code, and the paired test.
 * @returns what a report is made of
 */
export function evaluateSet(plan: EvaluationPlan): ReportInput {
  const { set, detections, peers = [], against, settings } = plan;
  const steps = 1 + peers.length + (against ? 1 : 0);
  let step = 0;
  const next = (): EvaluateSettings => {
    const before = step++;
    const { onProgress, ...rest } = settings;
    if (!onProgress) return rest;
    return { ...rest, onProgress: (share) => onProgress((before + share) / steps) };
  };
  const evaluation: Evaluation = set.evaluate(detections, next());
  const measured = peers.map((peer) => ({
    ...detectorOf(peer),
    evaluation: set.evaluate(peer, next()),
  }));
  const paired = against
    ? { other: detectorOf(against), differences: set.compare(detections, against, next()) }
    : null;
  const { name, images, facts, warnings } = set;
  return {
    protocol: plan.protocol,
    set: { name, images: images.length, facts, warnings },
    options: [...(plan.options ?? []), ...settingFacts(settings)],
    detector: detectorOf(detections),
    evaluation,
    peers: measured,
    paired,
  };
}

const detectorOf = ({ name, facts, warnings }: DetectionSet): ReportDetector => ({
  name,
  facts,
  warnings,
});

function settingFacts({ bootstrap, level, seed }: EvaluateSettings): Fact[] {
  const value =
    bootstrap === 0
      ? 'none'
      : `${level * 100} % percentile bootstrap, ${bootstrap} samples of pictures, seed ${seed}`;
  return [{ name: 'intervals', value }];
}
