/** The folder of data sets and published results beside the repository, for test/shared. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const SHARED = join(import.meta.dirname, '../../../shared');

/**
 * Skips a test, or from `before` all of them, where one of these files or folders of the shared
 * folder is missing; the title then says which.
 */
export function needShared(context: Mocha.Context, ...names: readonly string[]): void {
  const missing = names.filter((name) => !existsSync(join(SHARED, name)));
  if (missing.length === 0) return;
  const runnable = context.test as Mocha.Runnable;
  runnable.title = `skipped: ${missing.join(', ')} missing under ${SHARED}`;
  context.skip();
}
