/** The samples' faces, computed while the page is built: shown until the visitor's browser has looked itself. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Detector } from '../../../src/aofd/index.js';
import type { StoredFace } from '../src/stored.js';
import { readSpecs } from './samples.js';

/** Detects faces in the samples of `folder` and writes them, by sample, to a JSON file. */
export async function writeFacesAsync(folder: string, file: string): Promise<void> {
  const stored: Record<string, { faces: StoredFace[] }> = {};
  await using detector = await Detector.createAsync();
  for (const { name } of readSpecs()) {
    const { faces } = await detector.detectAsync(path.join(folder, `${name}.jpg`));
    stored[name] = {
      faces: faces.map((face) => ({ ...face.toJSON(), coveredShare: face.coveredShare })),
    };
  }
  fs.writeFileSync(file, JSON.stringify(stored));
}
