/** A whole benchmark run: machine, kernels, jobs, files. `npm run bench` calls it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Device, Profiler } from '../src/nn/index.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { decodeImage } from '../src/aofd/data/files/decode.js';
import { Detector } from '../src/aofd/detect/detector.js';
import { svgToPng } from '../src/aofd/eval/report/plot/png.js';
import { measureCeilingsAsync, peakProbeAsync, type PeakProbe } from './cases/ceilings.js';
import { convCases } from './cases/conv.js';
import { detectFiguresAsync, type JobOptions } from './jobs/detect.js';
import { describeEnvironment, usableCores } from './measure/environment.js';
import { linearCases } from './cases/linear.js';
import { mapCases } from './cases/map.js';
import { measureCaseAsync, type BenchCase, type Contestant } from './measure/measure.js';
import { preparePicturesAsync } from './jobs/pictures.js';
import { reportPlots } from './report/plots.js';
import { stackCases } from './cases/stack.js';
import { stepFigures } from './cases/stack-sum.js';
import { trainFiguresAsync } from './jobs/train.js';
import type { CaseResult, Figure, Report, Work } from './measure/types.js';
import * as os from 'node:os';

/** Other libraries, measured in the same rounds. */
export interface Peers {
  versions: Record<string, string>;
  /** Their way of doing a case's work; none where they cannot. */
  contestants(work: Work, isQuick: boolean): Contestant[];
  /** Whole jobs, such as detection by other detectors. */
  figuresAsync(options: JobOptions): Promise<Figure[]>;
  closeAsync(): Promise<void>;
}

export interface BenchOptions {
  isQuick: boolean;
  /** Only cases and groups whose name matches. */
  only?: RegExp;
  device?: string;
  repeats?: number;
  /** Pictures to detect on; default: samples, or drawn ones. */
  pictures?: readonly string[];
  /** Opens the other libraries, once the device is there. */
  openPeersAsync?: (device: Device, name: string | undefined) => Promise<Peers>;
  /** A line that stays. */
  print(line: string): void;
  /** What is going on. */
  progress(text: string): void;
  /** Called after every case, so that a run that is stopped leaves a report. */
  save?(report: Report): void;
  /** Called with each finished case and the report so far. */
  onCase?(report: Report, result: CaseResult): void;
}

/** Side of the picture whose VGG16 maps are measured; SwiftShader would need hours for the usual one. */
const sideOf = ({ adapter }: Device): number => (adapter.kind === 'swiftshader' ? 128 : 512);
/** Winograd F(4x4) in float32 stays below 1e-5 of the outputs' size; a wrong kernel is far above. */
const ERROR_BOUND = 2e-4;

const RULES = [
  'same adapter, same shapes, inputs from a seed',
  'every result is compared with a float64 reference on sampled outputs before it is timed; pools and elementwise too, RoI pooling by the kernel tests',
  'contestants of a case take turns in one process, a run of the multiply-add peak among them; medians and quartiles of the rounds; ratios and shares are paired round by round',
  'a turn begins when the process has come to rest (less than 0.3 of a core for 10 ms); a sample in which other programs had more than a tenth of the cores is taken again, twice at most; after a pause of more than a second an untimed run goes before',
  'gradients of the stack are compared with those of the direct kernels, as vectors, within 1e-2; memory is that of a process which does nothing else',
  'cold = the first call, compilation included; warm = after it and one more',
  'cpu ms = processor time of the process over its cores; shares go by it on software adapters',
  'convolutions: with bias and ReLU forward; gradients alone, forward recorded and settled before',
  'contestants slower than 4 s (1.5 s in quick runs) get fewer rounds, four times slower ones only their first run',
  'peers: TensorFlow.js NHWC, fused convolution, waiting as we wait; onnxruntime with as many threads as cores',
];

/** Measures everything that `only` lets through. */
export async function benchAsync(options: BenchOptions): Promise<Report> {
  const start = performance.now();
  const device = await Device.createAsync(options.device ? { adapter: options.device } : {});
  if (device.notice) options.print(device.notice);
  const cores = usableCores();
  const repeats = options.repeats ?? (options.isQuick ? 5 : 9);
  const report: Report = {
    format: 'aofd-bench/1',
    environment: describeEnvironment(device),
    protocol: {
      mode: options.isQuick ? 'quick' : 'full',
      repeats,
      only: options.only?.source ?? null,
      seed: 1,
      peers: options.openPeersAsync !== undefined,
      errorBound: ERROR_BOUND,
      rules: RULES,
      durationMs: 0,
    },
    ceilings: { peakGflops: 0, bandwidthGbs: 0, probeFlops: 0 },
    figures: [],
    cases: [],
  };
  const finish = (): void => {
    report.environment.load.end = os.loadavg()[0] ?? 0;
    report.protocol.durationMs = Math.round(performance.now() - start);
    options.save?.(report);
  };
  let peers: Peers | null = null;
  try {
    options.progress('the machine');
    const probe = await peakProbeAsync(device, cores);
    const measured = await measureCeilingsAsync(device, probe, { cores, repeats });
    report.ceilings = measured.ceilings;
    report.figures.push(...measured.figures);
    peers = (await options.openPeersAsync?.(device, options.device)) ?? null;
    Object.assign(report.environment.versions, peers?.versions);
    await casesAsync(device, options, report, { probe, cores, repeats, peers }, finish);
    await probe.disposeAsync();
    await jobsAsync(device, options, report, cores, peers, finish);
  } finally {
    await peers?.closeAsync();
    finish();
    await device.destroyAsync();
  }
  return report;
}

const wants = (options: BenchOptions, ...names: string[]): boolean =>
  !options.only || names.some((name) => options.only?.test(name));

/** Cases that are wanted, peers' contestants among them. */
function allCases(device: Device, options: BenchOptions, peers: Peers | null): BenchCase[] {
  const { isQuick } = options;
  const side = sideOf(device);
  return [
    ...convCases(device, side, isQuick),
    ...linearCases(device, isQuick),
    ...mapCases(device, isQuick),
    ...stackCases(device, side, isQuick, peers !== null && !isQuick),
  ]
    .filter(({ group, name }) => wants(options, `${group}/${name}`))
    .filter((bench) => !isQuick || options.only || isQuickCase(bench))
    .map((bench) => ({
      ...bench,
      contestants: [...bench.contestants, ...(peers?.contestants(bench.work, isQuick) ?? [])],
    }));
}

/** What a quick run keeps: three convolutions of different kinds, fc7, the maps, the stack forward. */
function isQuickCase({ group, name }: BenchCase): boolean {
  if (group === 'conv') return /^conv(2_2|3_2|5_1)/.test(name);
  if (group === 'stack') return name.endsWith('forward');
  return true;
}

async function casesAsync(
  device: Device,
  options: BenchOptions,
  report: Report,
  parts: { probe: PeakProbe; cores: number; repeats: number; peers: Peers | null },
  save: () => void,
): Promise<void> {
  const { probe, cores, repeats, peers } = parts;
  const cases = allCases(device, options, peers);
  const start = performance.now();
  for (const [i, bench] of cases.entries()) {
    const spent = (performance.now() - start) / 1000;
    const left = i > 0 ? `, about ${Math.ceil((spent / i) * (cases.length - i))} s left` : '';
    options.progress(`${i + 1} of ${cases.length}: ${bench.name}${left}`);
    const result = await measureCaseAsync(bench, {
      ...{ repeats, cores, errorBound: ERROR_BOUND, minSampleMs: 20 },
      slowMs: options.isQuick ? 1500 : 4000,
      probe,
    });
    report.cases.push(result);
    options.onCase?.(report, result);
    save();
  }
}

async function jobsAsync(
  device: Device,
  options: BenchOptions,
  report: Report,
  cores: number,
  peers: Peers | null,
  save: () => void,
): Promise<void> {
  const jobs: JobOptions = {
    device,
    ...(options.device === undefined ? {} : { deviceName: options.device }),
    isQuick: options.isQuick,
    cores,
    pictures: options.pictures ?? [],
    progress: options.progress,
  };
  const run = async (name: string, work: () => Promise<Figure[]>): Promise<void> => {
    if (!wants(options, name)) return;
    try {
      report.figures.push(...(await work()));
    } catch (error) {
      options.print(`${name}: failed: ${(error as Error).message}`);
    }
    save();
  };
  await run('detect', () => detectFiguresAsync(jobs));
  if (wants(options, 'kernels')) report.kernels = await kernelTimesAsync(jobs);
  await run('train', () => trainFiguresAsync(jobs));
  report.figures.push(...stepFigures(report));
  if (peers) await run('peers', () => peers.figuresAsync(jobs));
}

/** Device time of one warm detection by kernel. */
async function kernelTimesAsync(options: JobOptions): Promise<NonNullable<Report['kernels']>> {
  options.progress('time by kernel');
  const set = await preparePicturesAsync(options.pictures, { width: 640, height: 480 }, 1);
  const detector = await Detector.createAsync({ device: options.device });
  try {
    const image = await decodeImage(set.files[0]?.file ?? '', { autoOrient: true });
    await detector.detectAsync(image);
    const profiler = await Profiler.startAsync(options.device);
    await detector.detectAsync(image);
    const profile = await profiler.stopAsync();
    return profile.kernels
      .map(({ name, count, totalMs }) => ({ name, count, totalMs }))
      .sort((a, b) => b.totalMs - a.totalMs);
  } finally {
    detector.dispose();
    set.dispose();
  }
}

/** Writes `report.json`. */
export function writeReport(folder: string, report: Report): string {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'report.json');
  atomicWriteFile(file, `${JSON.stringify(report, null, 1)}\n`);
  return file;
}

/** Writes every plot as SVG and PNG; returns their names. */
export function writePlots(folder: string, report: Report): string[] {
  const names: string[] = [];
  for (const [name, svg] of reportPlots(report)) {
    atomicWriteFile(path.join(folder, `${name}.svg`), svg);
    atomicWriteFile(path.join(folder, `${name}.png`), svgToPng(svg));
    names.push(name);
  }
  return names;
}

/**
 * Reads a report.
 * @throws Error that names the file when it is none
 */
export function readReport(file: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file}: cannot be read as JSON. Fix: pass the report.json of a run.`, {
      cause,
    });
  }
  if ((value as Partial<Report>).format !== 'aofd-bench/1') {
    throw new Error(`${file}: not a benchmark report. Fix: pass the report.json of a run.`);
  }
  return value as Report;
}
