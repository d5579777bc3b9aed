/** Evaluation: protocols, the run of a detector over a set, and the report. */
export { evaluateSet, type EvaluationPlan } from './evaluate-set.js';
export { PROTOCOLS, type ProtocolEntry } from './protocols.js';
export { writeReportAsync } from './report/write.js';
export { detectSetAsync, type RunProgress, type RunSettings } from './detections/runner.js';
export type * from './protocol.js';
export type { ReportInput } from './report/model.js';
