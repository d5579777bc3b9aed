import type { BenchCase, Prepared } from '../measure/case.js';

/** A case of which there is only what the library chooses by itself. */
export interface MapCase extends Pick<BenchCase, 'name' | 'shape' | 'flops' | 'bytes'> {
  work?: BenchCase['work'];
  prepareAsync(): Promise<Prepared>;
}
