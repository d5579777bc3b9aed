/** Options of `aofd eval`: those that all protocols share, and a protocol's own. */
import { Option, type Command } from 'commander';
import type { EvalProtocol, Fact, ProtocolOptions } from '../eval/protocol.js';
import { addDeviceOption, parseInteger, parseNumber } from './common.js';
import { UsageError } from './errors.js';

/** What is given for every protocol. */
export interface EvalFlags {
  data: string;
  out: string;
  weights?: string;
  detections?: string[];
  name?: string;
  peer?: string[];
  compare?: string[];
  bootstrap: number;
  level: number;
  seed: number;
  limit?: number;
  device?: string;
  scales?: number[];
  flip?: boolean;
  longSide?: number;
  scoreFloor: number;
  maxDetections: number;
  json?: boolean;
}

/** A detector's files under a name. */
export interface NamedFiles {
  name: string;
  files: string[];
}

/** Adds the shared options, then those of the protocol. */
export function addEvalOptions(command: Command, protocol: EvalProtocol): Command {
  command
    .requiredOption('--data <path>', 'folder of the data set, or its label file')
    .requiredOption('--out <folder>', 'where the report goes')
    .option('--weights <file>', 'run the detector with these weights')
    .option('--detections <files...>', 'score these result files instead; needs no GPU')
    .option('--name <text>', 'how the report calls the detector')
    .option('--peer <name=file...>', 'another detector to draw beside it; repeatable')
    .option('--compare <[name=]file...>', 'paired test against this detector')
    .option('--bootstrap <count>', 'samples of the intervals, 0 = none', parseInteger(0, 1e6), 1000)
    .option('--level <share>', 'level of the intervals', parseNumber(0.01, 0.9999), 0.95)
    .option('--seed <number>', 'seed of the samples', parseInteger(0), 0)
    .option(
      '--limit <count>',
      'only so many pictures, at even distances over the list: a quick look',
      parseInteger(1),
    )
    .option('--scales <factors...>', 'with --weights: multiples of the input size')
    .option('--flip', 'with --weights: look at the mirrored pictures too')
    .option('--long-side <pixels>', 'with --weights: size of the input', parseInteger(32, 8192))
    .option('--score-floor <score>', 'with --weights: least score', parseNumber(0, 1), 0.001)
    .option('--max-detections <count>', 'with --weights: boxes per picture', parseInteger(1), 800)
    .option('--json', 'print report.json to standard output instead of the table');
  addDeviceOption(command);
  for (const option of protocol.options) {
    const own = new Option(option.flags, option.description);
    if (option.choices) own.choices([...option.choices]);
    if (option.default !== undefined) own.default(option.default);
    command.addOption(own);
  }
  return command;
}

/** The protocol's own options out of all that were parsed. */
export function protocolOptions(command: Command, protocol: EvalProtocol): ProtocolOptions {
  const values = command.opts<Record<string, string | boolean | undefined>>();
  const names = protocol.options.map(({ flags }) => new Option(flags).attributeName());
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/** The protocol's options as lines of the report. */
export function optionFacts(options: ProtocolOptions): Fact[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [{ name: dashed(name), value: textOf(value) }],
  );
}

const dashed = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const textOf = (value: string | boolean): string => (value === true ? 'yes' : String(value));

/** @throws UsageError for options that do not go together */
export function checkFlags(flags: EvalFlags): void {
  if ((flags.weights === undefined) === (flags.detections === undefined)) {
    throw new UsageError(
      'usage',
      flags.weights === undefined
        ? 'what shall be evaluated?'
        : '--weights and --detections are both given.',
      {
        fix: 'give --weights FILE to run the detector, or --detections FILE... to score result files.',
      },
    );
  }
  for (const factor of flags.scales ?? []) {
    if (!(Number(factor) >= 0.1 && Number(factor) <= 8)) {
      throw new UsageError('usage', `--scales: ${factor} is not a number from 0.1 to 8.`);
    }
  }
}

/**
 * Reads `NAME=FILE FILE... NAME=FILE ...`: a value with a name begins a detector, further files
 * belong to it.
 * @throws UsageError for a file before the first name, a name without a file, or one given twice
 */
export function parsePeers(values: readonly string[]): NamedFiles[] {
  const peers: NamedFiles[] = [];
  for (const value of values) {
    const [name, file] = splitName(value);
    if (name !== null) {
      if (file === '' || peers.some((peer) => peer.name === name)) {
        const what = file === '' ? 'has no file' : 'is given twice';
        throw new UsageError('usage', `--peer: "${name}" ${what}.`, {
          fix: 'write --peer NAME=FILE FILE...',
        });
      }
      peers.push({ name, files: [file] });
    } else if (peers.length > 0) (peers.at(-1) as NamedFiles).files.push(file);
    else {
      throw new UsageError('usage', `--peer: "${value}" has no name.`, {
        fix: `write --peer NAME=${value}`,
      });
    }
  }
  return peers;
}

/** Reads `[NAME=]FILE FILE...`; without a name it is called by its first file. */
export function parseCompared(values: readonly string[]): NamedFiles {
  const [name, first] = splitName(values[0] as string);
  const second = values.slice(1).find((value) => splitName(value)[0] !== null);
  if (second !== undefined) {
    throw new UsageError('usage', `--compare names two detectors (${values[0]} and ${second}).`, {
      fix: 'compare with one at a time, and draw others with --peer NAME=FILE.',
    });
  }
  return { name: name ?? first, files: [first, ...values.slice(1)] };
}

/** `a=b/c` is a name and a file; `b/c=d` is a file. */
function splitName(value: string): [name: string | null, file: string] {
  const at = value.indexOf('=');
  return at > 0 && !value.slice(0, at).includes('/')
    ? [value.slice(0, at), value.slice(at + 1)]
    : [null, value];
}
