import type { GpuContext } from '../../gpu/context.js';
import { NnError } from '../../errors.js';
import type { TuningFile } from '../../platform/types.js';
import { lookup, parseTable, slugOf, type TunedLayer, type TuningTable } from './table.js';

/** Folders of kernels whose text decides how fast a choice is. */
const timedFolders = /^(conv|gemm|wino|pack)\//;

/** The tables in force by device, the user's before the shipped one. */
const inForce = new WeakMap<GpuContext, readonly TuningTable[]>();
/** Tables that could not be read, by device; one line each. */
const warnings = new WeakMap<GpuContext, readonly string[]>();
/** Called with the key of each layer that is planned. */
const observers = new WeakMap<GpuContext, (key: string) => void>();

/** What the adapter says of itself, with the driver's version where it tells. */
export function adapterName(context: GpuContext): string {
  const { description, device, architecture } = context.adapter;
  return description || device || architecture || 'unknown';
}

/** Hash (FNV-1a, 2 x 32 bits) of the text of every kernel that a table chooses among. */
export function kernelHash(context: GpuContext): string {
  const { platform } = context;
  let [low, high] = [0x811c9dc5, 0x1b873593];
  for (const name of platform.kernelNames().filter((n) => timedFolders.test(n))) {
    for (const char of platform.loadKernelSource(name)) {
      const code = char.codePointAt(0) as number;
      low = Math.imul(low ^ code, 0x01000193) >>> 0;
      high = Math.imul(high ^ (code + 0x9e37), 0x01000193) >>> 0;
    }
  }
  return low.toString(16).padStart(8, '0') + high.toString(16).padStart(8, '0');
}

/**
 * The tables of this device: the user's own, if it was made with this driver and these kernels, then
 * the one that ships for this kind of adapter. Read once; no timing happens here. A table that cannot be
 * read is left out: it is advice (see `tuningWarnings`).
 */
export function tuningTables(context: GpuContext): readonly TuningTable[] {
  const known = inForce.get(context);
  if (known) return known;
  const { platform } = context;
  const adapter = adapterName(context);
  const tables: TuningTable[] = [];
  const problems: string[] = [];
  const files = platform.tuningFiles?.(slugOf(adapter), context.adapter.kind) ?? [];
  for (const file of files) {
    const table = parsed(file, problems);
    if (!table) continue;
    // A shipped table is advice by shape for the whole kind of adapter; a user's is exact or stale.
    const isCurrent =
      file.isShipped || (table.adapter === adapter && table.kernels === kernelHash(context));
    if (isCurrent) tables.push(table);
  }
  inForce.set(context, tables);
  warnings.set(context, problems);
  return tables;
}

function parsed({ text, where }: TuningFile, problems: string[]): TuningTable | null {
  try {
    if (typeof text === 'string') return parseTable(text, where);
    throw text;
  } catch (error) {
    if (!(error instanceof NnError)) throw error;
    problems.push(`going on without this tuning table: ${error.message}`);
    return null;
  }
}

/** What is wrong with the device's tables, for people; reads them. */
export function tuningWarnings(context: GpuContext): readonly string[] {
  tuningTables(context);
  return warnings.get(context) ?? [];
}

/** Puts other tables in force; none: the rules alone decide. For the tuner and tests. */
export function setTuningTables(context: GpuContext, tables: readonly TuningTable[]): void {
  inForce.set(context, tables);
}

/** Calls `observer` with the key of each layer that is planned, until the returned function is. */
export function observePlans(context: GpuContext, observer: (key: string) => void): () => void {
  observers.set(context, observer);
  return () => void observers.delete(context);
}

/** What the tables say of a layer. */
export function tunedLayer(context: GpuContext, key: string): TunedLayer | undefined {
  observers.get(context)?.(key);
  return lookup(tuningTables(context), key);
}
