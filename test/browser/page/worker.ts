/** A module worker that detects faces in one photograph. */
import { photographsAsync } from './detect.js';

photographsAsync([1]).then(
  ({ found }) => postMessage({ outcome: found[0] }),
  (error: unknown) => postMessage({ error: String(error) }),
);
