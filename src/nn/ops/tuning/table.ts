import { NnError } from '../../errors.js';
import { presentName } from '../algorithm-names.js';
import { tileShapes } from '../tile-plan.js';
import { parseJsonText } from '../../json.js';

/** The three products of a layer that is trained. */
export const passes = ['forward', 'inputGradient', 'weightGradient'] as const;

export type Pass = (typeof passes)[number];

/** What was fastest for one pass. */
export interface PassChoice {
  algorithm: string;
  /** Index of the tile (`tileShapes`) for algorithm `tile`. */
  tile?: number;
  /** Median of the timings, in milliseconds; for people. */
  ms?: number;
}

export type TunedLayer = Partial<Record<Pass, PassChoice>>;

/** Measured choices by the key of a layer's shape. Plain JSON. */
export interface TuningTable {
  version: 1;
  /** What the adapter says of itself, with the driver's version. */
  adapter: string;
  /** Hash of the kernels' text that were timed. */
  kernels: string;
  layers: Record<string, TunedLayer>;
}

/** Sizes by which a convolution is looked up. */
export interface ConvKey {
  n: number;
  c: number;
  h: number;
  w: number;
  o: number;
  kh: number;
  kw: number;
  stride: number;
  pad: number;
  dilation: number;
}

export function convKey(s: ConvKey): string {
  return `conv ${s.n}x${s.c}x${s.h}x${s.w} ${s.o}x${s.kh}x${s.kw} s${s.stride} p${s.pad} d${s.dilation}`;
}

export function linearKey(s: { r: number; i: number; o: number }): string {
  return `linear ${s.r}x${s.i} ${s.o}`;
}

/** The sizes of a key that convKey made, or null. */
export function parseConvKey(key: string): ConvKey | null {
  const match = /^conv (\d+)x(\d+)x(\d+)x(\d+) (\d+)x(\d+)x(\d+) s(\d+) p(\d+) d(\d+)$/.exec(key);
  if (!match) return null;
  const [n, c, h, w, o, kh, kw, stride, pad, dilation] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { n, c, h, w, o, kh, kw, stride, pad, dilation };
}

/** The sizes of a key that linearKey made, or null. */
export function parseLinearKey(key: string): { r: number; i: number; o: number } | null {
  const match = /^linear (\d+)x(\d+) (\d+)$/.exec(key);
  return match ? { r: Number(match[1]), i: Number(match[2]), o: Number(match[3]) } : null;
}

/** What the first table that knows the layer says of each pass; undefined: the rules decide. Pure. */
export function lookup(tables: readonly TuningTable[], key: string): TunedLayer | undefined {
  let found: TunedLayer | undefined;
  // Earlier tables win, pass by pass.
  for (const table of tables) {
    const layer = Object.hasOwn(table.layers, key) ? table.layers[key] : undefined;
    if (layer) found = { ...layer, ...found };
  }
  return found;
}

/**
 * Reads a table from its JSON text.
 * @throws NnError `tuning-table` when it is no table
 */
export function parseTable(text: string, where: string): TuningTable {
  const fail = (what: string): never => {
    throw new NnError('tuning-table', `${what}.`, {
      where,
      fix: 'delete the file; `aofd tune` makes a new one.',
    });
  };
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (cause) {
    return fail(`not JSON: ${(cause as Error).message}`);
  }
  const table = value as Partial<TuningTable>;
  if (!isObject(value) || table.version !== 1) {
    return fail('a tuning table has "version": 1');
  }
  const { adapter, kernels, layers } = table;
  if (typeof adapter !== 'string' || typeof kernels !== 'string') {
    return fail('"adapter" and "kernels" must be text');
  }
  if (!isObject(layers)) return fail('"layers" must be an object');
  // Without a prototype: the keys are those of a file.
  const read = Object.create(null) as Record<string, TunedLayer>;
  for (const [key, layer] of Object.entries(layers)) {
    if (!isObject(layer)) return fail(`"${key}" must be an object`);
    const choices: TunedLayer = {};
    for (const [name, choice] of Object.entries(layer)) {
      const pass = passes.find((p) => p === name);
      if (!pass || !isChoice(choice)) return fail(`"${key}" has a bad entry "${name}"`);
      choices[pass] = { ...choice, algorithm: presentName(choice.algorithm) };
    }
    read[key] = choices;
  }
  return { version: 1, adapter, kernels, layers: read };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isChoice(value: unknown): value is PassChoice {
  if (!isObject(value) || typeof value['algorithm'] !== 'string') return false;
  const { tile, ms } = value;
  const isTile = typeof tile === 'number' && Object.hasOwn(tileShapes, tile);
  return (tile === undefined || isTile) && (ms === undefined || typeof ms === 'number');
}

/** A table's JSON, one layer a line, layers in the order of their keys. */
export function formatTable(table: TuningTable): string {
  const layers = Object.keys(table.layers)
    .sort()
    .map((key) => `    ${JSON.stringify(key)}: ${JSON.stringify(table.layers[key])}`);
  const head = [
    '  "version": 1',
    `  "adapter": ${JSON.stringify(table.adapter)}`,
    `  "kernels": ${JSON.stringify(table.kernels)}`,
    `  "layers": {\n${layers.join(',\n')}\n  }`,
  ];
  return `{\n${head.join(',\n')}\n}\n`;
}

/** A name for files: letters, digits and single dashes. */
export function slugOf(adapter: string): string {
  return adapter
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
