/** Temporary folders for tests; whatever is written there is removed again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Turns names into a path in a temporary folder; no name: the folder itself. */
export interface TempFolder {
  (...names: string[]): string;
  /** Writes a file, its folders too. @returns its path */
  write(name: string, content: string | Uint8Array): string;
}

/** A folder of its own for each test of a suite. */
export function useTempFolder(): TempFolder {
  return folderBetween(beforeEach, afterEach);
}

/** One folder for all tests of a suite. */
export function useSuiteFolder(): TempFolder {
  return folderBetween(before, after);
}

function folderBetween(begin: Mocha.HookFunction, end: Mocha.HookFunction): TempFolder {
  let root: string;
  begin(() => void (root = mkdtempSync(join(tmpdir(), 'aofd-test-'))));
  end(() => rmSync(root, { recursive: true, force: true }));
  const at = (...names: string[]): string => join(root, ...names);
  return Object.assign(at, {
    write(name: string, content: string | Uint8Array): string {
      const file = at(name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  });
}
