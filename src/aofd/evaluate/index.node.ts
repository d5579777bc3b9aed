/** Evaluation: protocols, the run of a detector over a set, and the report. */
export { evaluateSet, type EvaluationPlan } from './evaluate-set.js';
export { PROTOCOLS, type ProtocolEntry } from './protocols.node.js';
export { writeReportAsync } from './report.node.js';
export { detectSetAsync, type RunProgress, type RunSettings } from './runner.node.js';
export type * from './protocol.js';
export type { ReportInput } from './report-model.js';
