/** The parts in their order, and the commands of each. */
import * as path from 'node:path';
import { givenData, type TrainingData } from './training-data.js';
import type { Findings, Part } from './part.js';
import * as results from './read-results.js';

/** Names of the parts, in order. */
export const PARTS = ['doctor', 'kernels', 'bench', 'tune', 'paper', 'train'] as const;

export interface Site {
  /** Folder of the package in the archive. */
  app: string;
  /** Folder of results; each part has one of its name in it. */
  out: string;
  /** Given training data, or null. */
  data: string | null;
  device: string | null;
  minutes: number;
  /** Threads of the processor. */
  threads: number;
  /** Configuration for drawn faces; null where they could not be drawn. */
  drawn: string | null;
}

/** Kernels whose share of the machine's peak is measured, and whole detections. */
const MEASURED = '^(conv|linear|maps)/|^detect$';
/** A software adapter has no time for more. */
const MEASURED_SLOWLY = '^conv/conv(2_2|3_2|5_1)|^linear|^maps';

// One entry a part: splitting the list would hide their order.
// eslint-disable-next-line max-lines-per-function -- see above
export function allParts(site: Site): Part[] {
  const { app, out, device } = site;
  const folder = (name: string): string => path.join(out, name);
  const cli = path.join(app, 'dist/aofd/cli/main.js');
  const here = path.join(app, 'scripts/bundle/on-site');
  const on = device === null ? [] : ['--device', device];
  const isSoftware = (): boolean =>
    results.readDoctor(folder('doctor'))?.adapter?.isSoftware ?? false;
  // What training says of its data, known once it begins.
  let data: TrainingData | null = null;
  return [
    {
      name: 'doctor',
      what: 'Which adapter there is, and whether the kernels compute right on it.',
      share: 0.12,
      commands: () => [
        [cli, 'doctor', '--report', path.join(folder('doctor'), 'doctor.json'), ...on],
      ],
      env: { VK_LOADER_DEBUG: 'error,warn' },
      findings: () => results.doctorFindings(folder('doctor')),
    },
    {
      name: 'kernels',
      what: 'Every case of the kernel tests: against float64 twins, gradients, finite differences.',
      share: 0.2,
      commands: () => [[path.join(here, 'kernel-cases.js'), '--out', folder('kernels'), ...on]],
      findings: () => results.kernelFindings(folder('kernels')),
    },
    {
      name: 'bench',
      what: "The share of the machine's peak that each kernel reaches.",
      share: 0.25,
      commands: () => [
        [
          path.join(app, 'bench/run.js'),
          '--no-plots',
          ...['--out', folder('bench')],
          ...(isSoftware() ? ['--quick', '--only', MEASURED_SLOWLY] : ['--only', MEASURED]),
          ...on,
        ],
      ],
      findings: () => results.benchFindings(folder('bench')),
    },
    {
      name: 'tune',
      what: 'The fastest kernels for the layers of lite and paper; later parts use the table.',
      share: 0.15,
      commands: () =>
        ['lite', 'paper'].map((preset) => [
          ...[cli, 'tune', '--preset', preset, '--budget', '150'],
          ...on,
        ]),
      findings: () => results.tuneFindings(folder('tune')),
    },
    {
      name: 'paper',
      what: 'Training images a second of the published system (VGG16).',
      share: 0.13,
      commands: () => [
        [
          path.join(here, 'training-rate.js'),
          ...['--preset', 'paper', '--out', folder('paper')],
          ...['--seconds', String(0.06 * 60 * site.minutes)],
          ...on,
        ],
      ],
      findings: () => results.rateFindings(folder('paper')),
    },
    {
      name: 'train',
      what: 'Training of lite for the minutes that remain.',
      share: 1,
      commands: () => {
        data = trainingData(site, folder('train'));
        const threads = Math.max(1, Math.min(12, site.threads - 2));
        return [
          [
            ...[cli, 'train', '--out', folder('train'), ...data.options],
            ...['--set', `train.workers=${threads}`, ...on],
          ],
        ];
      },
      findings: (): Findings => {
        const found = results.trainFindings(folder('train'));
        return { ...found, said: [...(data?.said ?? []), ...found.said] };
      },
    },
  ];
}

function trainingData({ data, app, drawn }: Site, runFolder: string): TrainingData {
  if (data !== null) return givenData(data, app, runFolder);
  if (drawn === null) throw new Error('no data was given, and none could be drawn');
  return {
    options: ['--config', drawn, '--set', 'train.logEverySteps=5'],
    said: ['on drawn faces, since no data was given: its speed counts, its weights are of no use'],
  };
}
