/** Comparing a device with the CPU references: for `aofd doctor` and `--check-kernels`. */
export { differenceOf, formatRows, type CheckRow, type Difference } from './compare.js';
export type { OperationHints } from './operation-twins.js';
export { checkNodeAsync, RecordingTape } from './recording.js';
export { selfTestAsync } from './self-test.js';
