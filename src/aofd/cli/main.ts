#!/usr/bin/env node
/** The `aofd` command. Each command lives in a file of its own, loaded only when it is called. */
import * as fs from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { wrapDriverCalls } from '../../nn/platform/node/driver-calls.js';
import '../node.js';
import { packageVersion, type CommandModule } from './common.js';
import { EXIT, exitCodeOf, formatError, isCommanderError } from './errors.js';
import { quietly } from './quiet.js';

/** Commands by name: the file `./<name>.js` registers it. */
const COMMANDS: Record<string, string> = {
  detect: 'find faces in pictures, and what covers them',
  train: 'train a detector',
  inspect: 'write the intermediate tensors and heat maps of one picture',
  eval: 'measure a detector on annotated pictures',
  calibrate: 'make scores probabilities, on labelled pictures',
  average: 'make one weights file of several runs',
  export: 'write weights in another form, such as float16 for pages',
  reproduce: 'run a study, such as the ablations of the paper, and report which claims hold',
  tune: 'time the kernels for a network on this adapter and remember the fastest',
  doctor: 'show adapter, driver, limits and features, and test the kernels',
};

/**
 * Runs one command line.
 * @param args without node and script, e.g. `['detect', 'a.jpg']`
 * @returns the exit code; errors are printed, never thrown
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const program = new Command('aofd')
    .description('Adversarial occlusion-aware face detection on WebGPU.')
    .version(packageVersion())
    .showHelpAfterError('(add --help for all options)')
    .exitOverride();
  const name = args.find((arg) => !arg.startsWith('-'));
  const wanted = name === 'help' ? args[args.indexOf('help') + 1] : name;
  try {
    for (const [command, summary] of Object.entries(COMMANDS)) {
      if (command === wanted) await load(command, program);
      else if (isAvailable(command)) program.command(command).description(summary);
    }
    for (const command of program.commands) {
      command.exitOverride().showHelpAfterError('(add --help for all options)');
    }
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (!isCommanderError(error)) process.stderr.write(`aofd: ${formatError(error)}\n`);
    return exitCodeOf(error);
  }
}

async function load(command: string, program: Command): Promise<void> {
  if (!isAvailable(command)) return;
  const module = (await import(commandUrl(command))) as CommandModule;
  module.register(program);
}

/** The file of a command beside this one: `.ts` from sources, `.js` once built. */
function commandUrl(command: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${command}.${extension}`, import.meta.url).href;
}

function isAvailable(command: string): boolean {
  return fs.existsSync(fileURLToPath(commandUrl(command)));
}

/** True when this file is what node was asked to run, also through the link in node_modules/.bin. */
function isMain(): boolean {
  const script = process.argv[1];
  if (script === undefined) return false;
  try {
    return fs.realpathSync(script) === fs.realpathSync(fileURLToPath(import.meta.url));
  } catch {
    return false;
  }
}

if (isMain()) {
  // `aofd detect --json - | head` closes our output early: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure);
  });
  // Whoever read our messages went away (`2>&1 | head`): the work goes on without them.
  process.stderr.on('error', () => undefined);
  process.once('uncaughtException', (error) => {
    process.stderr.write(`aofd: ${formatError(error)}\n`);
    process.exit(EXIT.failure);
  });
  wrapDriverCalls(quietly);
  const code = await runCli(process.argv.slice(2));
  // The GPU binding may keep the process alive, so end it here, once everything is written.
  process.stdout.write('', () => process.exit(code));
}
