/** How the programs of this folder end. */
import process from 'node:process';
import { formatError } from '../../../src/aofd/cli/errors.js';

/** Runs a program, prints its error as commands do, and ends the process, which the GPU binding may keep alive. */
export async function endWithAsync(mainAsync: () => Promise<number>): Promise<void> {
  let code = 1;
  try {
    code = await mainAsync();
  } catch (error) {
    process.stderr.write(`${formatError(error)}\n`);
  }
  process.stdout.write('', () => process.exit(code));
}
