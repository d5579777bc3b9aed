/** One run from the device to the finished report: the machine's ceilings, the cases, the whole jobs. */
import * as os from 'node:os';
import { Device } from '../src/nn/index.js';
import { benchCases } from './cases/index.js';
import { detectFiguresAsync } from './jobs/detect.js';
import { kernelTimesAsync } from './jobs/kernels.js';
import type { JobOptions } from './jobs/options.js';
import { trainFiguresAsync } from './jobs/train.js';
import type { CaseResult } from './measure/case.js';
import { measureCeilingsAsync, peakProbeAsync, type PeakProbe } from './measure/ceilings.js';
import { describeEnvironment, usableCores } from './measure/environment.js';
import type { Figure } from './measure/figure.js';
import { measureCaseAsync } from './measure/turns.js';
import type { Peers } from './peers/peers.js';
import type { Report } from './report/report.js';
import { stepFigures } from './report/step-against-stack.js';

export interface BenchOptions {
  isQuick: boolean;
  /** Only cases and jobs whose name matches. */
  only?: RegExp;
  /** Adapter; default: the automatic choice. */
  device?: string;
  /** Rounds; default 9, in quick runs 5. */
  repeats?: number;
  /** Photographs or folders to detect on; default: samples, or drawn ones. */
  pictures?: readonly string[];
  /** Opens the other libraries, once the device is there. */
  openPeersAsync?: (device: Device, name: string | undefined) => Promise<Peers>;
}

/** Whom a run tells what. */
export interface BenchListener {
  /** A line that stays. */
  print(line: string): void;
  /** What is going on. */
  progress(text: string): void;
  /** A finished case and the report so far. */
  onCase(report: Report, result: CaseResult): void;
  /** Called after every case and job, so that a run that is stopped leaves a report. */
  save(report: Report): void;
}

/** Winograd F(4x4) in float32 stays below 1e-5 of the outputs' size; a wrong kernel is far above. */
const ERROR_BOUND = 2e-4;
const MIN_SAMPLE_MS = 20;

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
export async function benchAsync(options: BenchOptions, listener: BenchListener): Promise<Report> {
  const device = await Device.createAsync({ adapter: options.device });
  if (device.notice) listener.print(device.notice);
  const run = new BenchRun(device, options, listener);
  try {
    await run.measureAsync();
  } finally {
    await run.closeAsync();
    await device.destroyAsync();
  }
  return run.report;
}

class BenchRun {
  readonly report: Report;
  readonly #device: Device;
  readonly #options: BenchOptions;
  readonly #listener: BenchListener;
  readonly #cores = usableCores();
  readonly #repeats: number;
  readonly #start = performance.now();
  #peers: Peers | null = null;

  constructor(device: Device, options: BenchOptions, listener: BenchListener) {
    this.#device = device;
    this.#options = options;
    this.#listener = listener;
    this.#repeats = options.repeats ?? (options.isQuick ? 5 : 9);
    this.report = {
      format: 'aofd-bench/1',
      environment: describeEnvironment(device),
      protocol: {
        mode: options.isQuick ? 'quick' : 'full',
        repeats: this.#repeats,
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
  }

  async measureAsync(): Promise<void> {
    const { report } = this;
    this.#listener.progress('the machine');
    const probe = await peakProbeAsync(this.#device, this.#cores);
    try {
      const limits = { cores: this.#cores, repeats: this.#repeats };
      const { ceilings, figures } = await measureCeilingsAsync(this.#device, probe, limits);
      report.ceilings = ceilings;
      report.figures.push(...figures);
      const { openPeersAsync, device } = this.#options;
      this.#peers = (await openPeersAsync?.(this.#device, device)) ?? null;
      Object.assign(report.environment.versions, this.#peers?.versions);
      await this.#casesAsync(probe);
    } finally {
      await probe.disposeAsync();
    }
    await this.#jobsAsync();
  }

  async closeAsync(): Promise<void> {
    await this.#peers?.closeAsync();
    this.#save();
  }

  async #casesAsync(probe: PeakProbe): Promise<void> {
    const { isQuick, only } = this.#options;
    const withStep = this.#peers !== null && !isQuick;
    const cases = benchCases(this.#device, { isQuick, only, withStep });
    const start = performance.now();
    for (const [i, bench] of cases.entries()) {
      const spent = (performance.now() - start) / 1000;
      const left = i > 0 ? `, about ${Math.ceil((spent / i) * (cases.length - i))} s left` : '';
      this.#listener.progress(`${i + 1} of ${cases.length}: ${bench.name}${left}`);
      bench.contestants.push(...(this.#peers?.contestants(bench.work, isQuick) ?? []));
      const result = await measureCaseAsync(bench, {
        repeats: this.#repeats,
        cores: this.#cores,
        errorBound: ERROR_BOUND,
        slowMs: isQuick ? 1500 : 4000,
        minSampleMs: MIN_SAMPLE_MS,
        probe,
      });
      this.report.cases.push(result);
      this.#listener.onCase(this.report, result);
      this.#save();
    }
  }

  async #jobsAsync(): Promise<void> {
    const { report } = this;
    const jobs: JobOptions = {
      device: this.#device,
      deviceName: this.#options.device,
      isQuick: this.#options.isQuick,
      cores: this.#cores,
      pictures: this.#options.pictures ?? [],
      progress: (text) => this.#listener.progress(text),
    };
    const figures = (made: Figure[]): void => void report.figures.push(...made);
    await this.#jobAsync('detect', async () => figures(await detectFiguresAsync(jobs)));
    await this.#jobAsync('kernels', async () => {
      report.kernels = await kernelTimesAsync(jobs);
    });
    await this.#jobAsync('train', async () => figures(await trainFiguresAsync(jobs)));
    figures(stepFigures(report));
    const peers = this.#peers;
    if (peers) await this.#jobAsync('peers', async () => figures(await peers.figuresAsync(jobs)));
  }

  /** Runs a job that is asked for; one that fails is named and leaves the others alone. */
  async #jobAsync(name: string, work: () => Promise<void>): Promise<void> {
    const { only } = this.#options;
    if (only && !only.test(name)) return;
    try {
      await work();
    } catch (error) {
      this.#listener.print(`${name}: failed: ${(error as Error).message}`);
    }
    this.#save();
  }

  #save(): void {
    this.report.environment.load.end = os.loadavg()[0] ?? 0;
    this.report.protocol.durationMs = Math.round(performance.now() - this.#start);
    this.#listener.save(this.report);
  }
}
