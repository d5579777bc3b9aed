import type { decodeImage } from '../../src/aofd/index.js';

export type Picture = Awaited<ReturnType<typeof decodeImage>>;

/** A face detector that takes its turn on every picture. */
export interface Candidate {
  name: string;
  note: string;
  /** @returns how many faces, where that is known */
  detectAsync(picture: Picture): Promise<number | void>;
  disposeAsync?(): Promise<void>;
}
