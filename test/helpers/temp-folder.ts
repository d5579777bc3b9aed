/** Temporary folders for tests; whatever is written there is removed again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that its owner removes. */
export class TempFolder {
  readonly root = mkdtempSync(join(tmpdir(), 'aofd-test-'));

  /** Writes a file, its folders too. @returns its path */
  write(name: string, content: string | Uint8Array): string {
    const file = join(this.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A folder of its own for each test of a suite. @returns what turns names into a path in it */
export function useTempFolder(): (...names: string[]) => string {
  let folder: TempFolder;
  beforeEach(() => void (folder = new TempFolder()));
  afterEach(() => folder.remove());
  return (...names) => join(folder.root, ...names);
}

/** One folder for all tests of a suite. @returns what turns names into a path in it */
export function useSuiteFolder(): (...names: string[]) => string {
  let folder: TempFolder;
  before(() => void (folder = new TempFolder()));
  after(() => folder.remove());
  return (...names) => join(folder.root, ...names);
}
