/** `aofd/browser/inspect`: a look inside of the network, and every layer against its float64 reference. */
import './surroundings.js';

export { inspectAsync, type Inspection } from '../detect/inspect/inspect.js';
export { checkModelAsync, formatReport, type ModelCheck } from '../detect/inspect/check-model.js';
export { heatColor, heatOver } from '../detect/inspect/heat.js';
export type { StoredTensor } from '../../nn/io/index.js';
