/** `aofd eval`: how good a detector is on annotated pictures. */
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { DataError } from '../errors.js';
import { unitWarnings } from '../eval/detections/unit-warnings.js';
import { PROTOCOLS, type ProtocolEntry } from '../eval/protocols.js';
import type {
  DetectionSet,
  EvalProtocol,
  EvalSet,
  Evaluation,
  ProtocolOptions,
} from '../eval/protocol.js';
import type { ReportInput } from '../eval/report/model.js';
import { packageVersion, printLine, printNotice, withInterrupt } from './common.js';
import { InterruptedError } from './errors.js';
import {
  addEvalOptions,
  checkFlags,
  optionFacts,
  parseCompared,
  parsePeers,
  protocolOptions,
  type EvalFlags,
  type NamedFiles,
} from './eval-options.js';
import { checkOutFolder, refuseOverwriting } from './outputs.js';
import { describeRun, duration, Progress } from './eval-progress.js';

/** Written for every protocol; further names are checked before they are written. */
const REPORT_FILES = ['report.html', 'report.json', 'detections.csv'];

/** Adds the command with one subcommand for each protocol. */
export function register(program: Command): void {
  const command = program
    .command('eval')
    .description('measure a detector on annotated pictures, by the rules of a benchmark');
  for (const [name, entry] of Object.entries(PROTOCOLS)) {
    command
      .command(name)
      .summary(entry.summary)
      .argument('[options...]')
      // The options are the protocol's; it is loaded first.
      .helpOption(false)
      .allowUnknownOption()
      .action(async (args: string[]) => runProtocolAsync(name, entry, args, command));
  }
}

async function runProtocolAsync(
  name: string,
  entry: ProtocolEntry,
  args: readonly string[],
  parent: Command,
): Promise<void> {
  const protocol = await entry.loadAsync();
  const command = new Command(name).copyInheritedSettings(parent).description(protocol.summary);
  command.parent = parent;
  addEvalOptions(command, protocol).allowExcessArguments(false);
  command.action(async () => evaluateAsync(protocol, command));
  await command.parseAsync([...args], { from: 'user' });
}

async function evaluateAsync(protocol: EvalProtocol, command: Command): Promise<void> {
  const flags = command.opts<EvalFlags>();
  checkFlags(flags);
  const peers = parsePeers(flags.peer ?? []);
  const compared = flags.compare ? parseCompared(flags.compare) : null;
  const own = protocolOptions(command, protocol);
  const inputs = checkedInputs(flags, [...peers, ...(compared ? [compared] : [])], own);
  const whole = await protocol.loadAsync(flags.data, own);
  const { limit } = flags;
  const set = limit === undefined || limit >= whole.images.length ? whole : whole.take(limit);
  const read = async ({ name, files }: NamedFiles): Promise<DetectionSet> => {
    for (const file of files) checkPresent(file);
    const detections = await set.readDetectionsAsync(files, name);
    const doubts = unitWarnings(detections, set.images);
    for (const text of doubts) printNotice(`warning: ${name}: ${text}`);
    return { ...detections, warnings: [...detections.warnings, ...doubts] };
  };
  // Files first: a mistake in one of them shall not cost the run of the detector.
  const peerSets: DetectionSet[] = [];
  for (const peer of peers) peerSets.push(await read(peer));
  const against = compared ? await read(compared) : null;
  const detections = flags.detections
    ? await read({ name: flags.name ?? nameOf(flags.detections), files: flags.detections })
    : await detectAsync(protocol, set, flags);
  const { evaluateSet } = await import('../eval/evaluate-set.js');
  const { writeReportAsync } = await import('../eval/report/write.js');
  const progress = new Progress(process.stderr);
  const report = evaluateSet({
    protocol,
    set,
    detections,
    peers: peerSets,
    ...(against ? { against } : {}),
    options: [
      ...optionFacts(own),
      ...(limit === undefined ? [] : [{ name: '--limit', value: String(limit) }]),
    ],
    settings: {
      bootstrap: flags.bootstrap,
      level: flags.level,
      seed: flags.seed,
      onProgress: (share) => progress.show(`evaluating: ${Math.round(100 * share)} %`),
    },
  });
  progress.close();
  warnOfNothing(report, detections, peerSets, against);
  const files = await writeReportAsync(flags.out, report, {
    images: set.images,
    detections,
    inputs,
  });
  if (flags.json) {
    const { readFile } = await import('node:fs/promises');
    process.stdout.write(await readFile(path.join(flags.out, 'report.json'), 'utf8'));
  } else {
    const { summaryLines } = await import('../eval/report/summary.js');
    for (const line of summaryLines(report)) printLine(line);
  }
  printNotice(`wrote ${path.join(flags.out, files[0] as string)} (${duration(progress.seconds)})`);
}

/** The files that are read. @throws UsageError where the report would replace one, or cannot be written */
function checkedInputs(
  { data, weights, detections = [], out }: EvalFlags,
  others: readonly NamedFiles[],
  own: ProtocolOptions,
): (string | undefined)[] {
  const inputs = [
    ...[data, weights, ...detections],
    ...others.flatMap(({ files }) => files),
    // Options of protocols that name files: what is no file is no input.
    ...Object.values(own).filter((value) => typeof value === 'string'),
  ];
  checkOutFolder(out);
  refuseOverwriting(
    inputs,
    REPORT_FILES.map((name) => path.join(out, name)),
  );
  return inputs;
}

/** Doubts each detector whose boxes all miss: the one evaluated, its peers, the one compared with. */
function warnOfNothing(
  { evaluation, peers, paired }: ReportInput,
  detections: DetectionSet,
  peerSets: readonly DetectionSet[],
  against: DetectionSet | null,
): void {
  const valuesOf = ({ headlines }: Evaluation): number[] => headlines.map(({ value }) => value);
  warnOfZeros(valuesOf(evaluation), detections);
  peers.forEach((peer, i) => warnOfZeros(valuesOf(peer.evaluation), peerSets[i]!));
  if (against) warnOfZeros(paired?.differences.map(({ b }) => b) ?? [], against);
}

/** Boxes of which none touches a face are hardly boxes of these pictures. */
function warnOfZeros(figures: readonly number[], { name, byImage }: DetectionSet): void {
  const boxes = [...byImage.values()].flat().length;
  if (boxes === 0 || figures.length === 0 || figures.some((value) => value !== 0)) return;
  printNotice(
    `warning: ${name}: every figure is 0 although there are ${boxes} boxes: are they in the units and the order ` +
      '(corners, or left, top, width, height) of this format, and of these pictures?',
  );
}

/** Readers would call whatever is not there an annotation file. */
function checkPresent(file: string): void {
  if (existsSync(file)) return;
  throw new DataError('file-missing', 'there is no such detections file.', {
    where: file,
    fix: 'check the path given to --detections, --peer or --compare',
  });
}

/** Runs the detector over the set; Ctrl-C keeps what is done. */
async function detectAsync(
  protocol: EvalProtocol,
  set: EvalSet,
  flags: EvalFlags,
): Promise<DetectionSet> {
  const weights = flags.weights as string;
  const { detectSetAsync } = await import('../eval/detections/runner.js');
  return withInterrupt(async (signal) => {
    const progress = new Progress(process.stderr);
    const detections = await detectSetAsync(set.images, flags.name ?? nameOf([weights]), {
      weights,
      ...(flags.device === undefined ? {} : { device: flags.device }),
      ...(flags.longSide === undefined ? {} : { longSide: flags.longSide }),
      scoreFloor: flags.scoreFloor,
      maxDetections: flags.maxDetections,
      scales: (flags.scales ?? [1]).map(Number),
      flip: flags.flip ?? false,
      needsMasks: protocol.needsMasks,
      tellsMissing: set.tellsMissing ?? false,
      cache: path.join(flags.out, 'cache'),
      version: packageVersion(),
      signal,
      onProgress: (run) => progress.show(describeRun(run), run.done === run.total),
      onNotice: printNotice,
    });
    progress.close();
    if (detections === null) {
      throw new InterruptedError('interrupted', 'stopped; the same command goes on where it was');
    }
    return detections;
  });
}

/** `weights/aofd-lite.safetensors` becomes `aofd-lite`. */
function nameOf(files: readonly string[]): string {
  const file = path.basename(files[0] as string);
  return file.slice(0, file.length - path.extname(file).length) || file;
}
