export { fastest, tunePassAsync, type TuneOptions } from './measure.js';
export {
  adapterName,
  kernelHash,
  observePlans,
  setTuningTables,
  tuningTables,
  tuningWarnings,
} from './registry.js';
export {
  formatTable,
  parseTable,
  passes,
  slugOf,
  type Pass,
  type PassChoice,
  type TunedLayer,
  type TuningTable,
} from './table.js';
