export { fastest, tunePassAsync, type TuneOptions } from './measure.js';
export {
  adapterName,
  kernelHash,
  observePlans,
  setTuningTables,
  tuningTables,
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
