/** The command line of run.sh. */
import * as path from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  /** Folder for everything that is written. */
  out: string;
  /** For all parts together. */
  minutes: number;
  /** Folder of training data, or null. */
  data: string | null;
  /** Adapter, as `--device` of the commands; null: the automatic choice. */
  device: string | null;
  /** Names of the parts to run; null: all. */
  only: readonly string[] | null;
}

export const USAGE = `run.sh [--out FOLDER] [--minutes 8] [--data FOLDER] [--device NAME] [--only PART,PART]

  --out      where results go, each as it comes (default: $OUT, else aofd-results here)
  --minutes  for everything together (default: 8)
  --data     training data for the last part (default: data beside run.sh, if it is there)
  --device   adapter: auto, gpu, lavapipe, or part of its name (default: auto)
  --only     parts: doctor, kernels, bench, tune, paper, train (default: all)
`;

/** A mistake in the command line. */
export class UsageError extends Error {}

/**
 * @param args of the command line
 * @param env the environment; `OUT` is a default
 * @param parts names of all parts
 * @throws UsageError
 */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  parts: readonly string[],
): Options | 'help' {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
  if (values.help) return 'help';
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60)) {
    throw new UsageError(`--minutes is "${values.minutes}". Fix: pass minutes, such as 8.`);
  }
  const only = values.only?.split(',').map((name) => name.trim()) ?? null;
  const unknown = only?.filter((name) => !parts.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`no part is named ${unknown.join(', ')}. Fix: use ${parts.join(', ')}.`);
  }
  return {
    out: path.resolve(values.out ?? (env.OUT || 'aofd-results')),
    minutes,
    data: values.data === undefined ? null : path.resolve(values.data),
    device: values.device ?? null,
    only,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      out: { type: 'string' },
      minutes: { type: 'string', default: '8' },
      data: { type: 'string' },
      device: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
