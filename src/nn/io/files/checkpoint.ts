/**
 * Checkpoints: one safetensors file per saved step (names: `state.ts`) and a pointer, `latest.json`,
 * written after it. Both appear atomically, so a folder always holds a usable checkpoint, whatever
 * kills the run.
 *
 *     step-00001200.safetensors   parameters + optimiser state; `__metadata__`: format, step, meta ...
 *     latest.json                 { formatVersion, latest, checkpoints: [{ file, step, sha256 ... }] }
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { atomicWriteFile, removeStaleTemps } from './atomic.js';
import * as z from 'zod';
import { diskError } from './disk-errors.js';
import { IoError } from '../errors.js';
import {
  readSafetensorsFile,
  writeSafetensorsFileAsync,
  type LazyTensor,
} from './safetensors-file.js';
import { sha256FileAsync, sha256Hex } from './sha256.js';
import { metaToJson, type StateDict } from '../state.js';
import type { StoredTensor } from '../stored-tensor.js';
import { parseJsonText } from '../../json.js';

export const CHECKPOINT_FORMAT = 'nn-checkpoint';
export const CHECKPOINT_VERSION = 1;
const POINTER = 'latest.json';
const CHECKPOINT_NAME = /^step-\d+\.safetensors$/;

/** A state whose tensors may be read back from the device one by one while they are written. */
export interface SavableState {
  readonly tensors: Readonly<Record<string, StoredTensor | LazyTensor>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** The name of a file in the same folder: it leads nowhere else. */
const plainName = z.string().refine((name) => basename(name) === name);

const pointerSchema = z.looseObject({
  latest: plainName,
  checkpoints: z.array(z.looseObject({ file: plainName })),
});

/** One line of `latest.json`. */
export interface CheckpointRecord {
  readonly file: string;
  readonly step: number;
  readonly stage: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

interface Pointer {
  readonly formatVersion: number;
  readonly latest: string;
  readonly checkpoints: CheckpointRecord[];
}

export interface LoadedCheckpoint extends StateDict {
  /** Path of the safetensors file. */
  readonly file: string;
  /** Its record, when it was loaded through `latest.json`. */
  readonly record?: CheckpointRecord;
}

/**
 * Writes one checkpoint file atomically. `meta.step`, `meta.stage` and `meta.config` (where given)
 * are also put into the metadata as plain text, with a hash of the config, for other tools.
 */
export async function saveCheckpointFileAsync(
  path: string,
  state: SavableState,
): Promise<{ sizeBytes: number; sha256: string }> {
  const { step, stage, config } = state.meta;
  const metadata: Record<string, string> = {
    format: CHECKPOINT_FORMAT,
    format_version: String(CHECKPOINT_VERSION),
    meta: metaToJson(state.meta),
  };
  if (step !== undefined) metadata['step'] = String(step as number);
  if (stage !== undefined) metadata['stage'] = String(stage as string);
  if (config !== undefined) metadata['config_sha256'] = sha256Hex(JSON.stringify(config));
  return writeSafetensorsFileAsync(path, state.tensors, metadata);
}

/** Reads one checkpoint file. */
export function readCheckpointFile(path: string): LoadedCheckpoint {
  const { tensors, metadata } = readSafetensorsFile(path);
  if (metadata['format'] !== CHECKPOINT_FORMAT) {
    throw new IoError(
      'io/format',
      `not a checkpoint: metadata "format" is ${JSON.stringify(metadata['format'])}, expected "${CHECKPOINT_FORMAT}".`,
      { where: path, fix: 'a plain weight file can start a run, but not resume one.' },
    );
  }
  const version = Number(metadata['format_version']);
  if (version !== CHECKPOINT_VERSION) {
    throw new IoError(
      'io/format',
      `checkpoint format version ${metadata['format_version']}, this program reads ${CHECKPOINT_VERSION}.`,
      { where: path, fix: 'use the program version that wrote it.' },
    );
  }
  const meta = parseJson(metadata['meta'] ?? '', `${path}: metadata "meta"`);
  return { tensors, meta, file: path };
}

function parseJson(text: string, where: string, fix?: string): Record<string, unknown> {
  try {
    const value: unknown = parseJsonText(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const end = fix === undefined ? '' : '.';
    throw new IoError('io/format', `${where} is not valid JSON: ${why}${end}`, { fix, cause });
  }
  throw new IoError('io/format', `${where} must be a JSON object${fix === undefined ? '' : '.'}`, {
    fix,
  });
}

/** A folder of checkpoints of which the newest `keep` stay. */
export class CheckpointStore {
  /** Creates the folder if needed and removes half-written files of processes that are gone. */
  constructor(
    readonly folder: string,
    private readonly options: { keep?: number } = {},
  ) {
    const keep = options.keep ?? 3;
    if (!Number.isInteger(keep) || keep < 1) {
      throw new IoError('io/argument', `checkpoints: keep must be at least 1, got ${keep}`);
    }
    try {
      mkdirSync(folder, { recursive: true });
      removeStaleTemps(folder);
    } catch (cause) {
      throw diskError('write', folder, cause);
    }
  }

  /** Saves `state` as the newest checkpoint; `meta.step` (a count from 0) is required. */
  async saveAsync(state: SavableState): Promise<CheckpointRecord> {
    const { step, stage } = state.meta;
    if (!Number.isSafeInteger(step) || (step as number) < 0) {
      throw new IoError(
        'io/argument',
        `checkpoint: meta.step must be a count, got ${String(step)}`,
      );
    }
    const file = `step-${String(step as number).padStart(8, '0')}.safetensors`;
    const written = await saveCheckpointFileAsync(join(this.folder, file), state);
    const record: CheckpointRecord = {
      file,
      step: step as number,
      stage: typeof stage === 'string' || typeof stage === 'number' ? String(stage) : '',
      ...written,
      savedAt: new Date().toISOString(),
    };
    const older = (readPointer(this.folder)?.checkpoints ?? []).filter((r) => r.file !== file);
    const keep = this.options.keep ?? 3;
    const checkpoints = [...older, record].slice(-keep);
    const pointer: Pointer = { formatVersion: CHECKPOINT_VERSION, latest: file, checkpoints };
    atomicWriteFile(join(this.folder, POINTER), `${JSON.stringify(pointer, null, 2)}\n`);
    for (const gone of older.slice(0, Math.max(0, older.length + 1 - keep))) {
      rmSync(join(this.folder, gone.file), { force: true });
    }
    return record;
  }

  /** The kept checkpoints, oldest first. */
  list(): CheckpointRecord[] {
    return readPointer(this.folder)?.checkpoints ?? [];
  }

  /**
   * Removes checkpoints that `latest.json` does not list: left where a process was killed between writing
   * one and listing it, or between listing and removing an old one. For whoever alone writes here.
   */
  removeUnlisted(): string[] {
    const pointer = readPointer(this.folder);
    if (!pointer) return [];
    const listed = new Set(pointer.checkpoints.map(({ file }) => file));
    const gone = readdirSync(this.folder).filter(
      (name) => CHECKPOINT_NAME.test(name) && name !== pointer.latest && !listed.has(name),
    );
    for (const name of gone) rmSync(join(this.folder, name), { force: true });
    return gone;
  }

  /** Whether there is anything to resume from. */
  get isEmpty(): boolean {
    return findLatest(this.folder) === undefined;
  }

  loadLatestAsync(options: { verify?: boolean } = {}): Promise<LoadedCheckpoint> {
    return loadCheckpointAsync(this.folder, options);
  }
}

function readPointer(folder: string): Pointer | undefined {
  const path = join(folder, POINTER);
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  const fix = 'delete it: the newest complete checkpoint of the folder is then used.';
  const value = parseJson(text, path, fix);
  if (!pointerSchema.safeParse(value).success) {
    throw new IoError('io/format', 'damaged checkpoint list.', { where: path, fix });
  }
  return value as unknown as Pointer;
}

function findLatest(folder: string): { file: string; record?: CheckpointRecord } | undefined {
  const pointer = readPointer(folder);
  if (pointer) {
    const record = pointer.checkpoints.find((r) => r.file === pointer.latest);
    return { file: pointer.latest, ...(record && { record }) };
  }
  const files = readdirSync(folder).filter((name) => CHECKPOINT_NAME.test(name));
  const newest = files.sort((a, b) => stepOf(a) - stepOf(b)).at(-1);
  return newest === undefined ? undefined : { file: newest };
}

const stepOf = (file: string): number => Number(/\d+/.exec(file)?.[0]);

/**
 * Loads a checkpoint file, or the latest one of a checkpoint folder (or of a run's folder that has
 * a `checkpoints` folder inside).
 * @param options.verify compare the SHA-256 with `latest.json` (default true)
 */
export async function loadCheckpointAsync(
  path: string,
  options: { verify?: boolean } = {},
): Promise<LoadedCheckpoint> {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (cause) {
    throw diskError('read', path, cause);
  }
  let folder = isFolder ? path : dirname(path);
  if (isFolder && !findLatest(folder) && existsSync(join(folder, 'checkpoints'))) {
    folder = join(folder, 'checkpoints');
  }
  const latest = isFolder ? findLatest(folder) : undefined;
  if (isFolder && !latest) {
    throw new IoError(
      'io/missing',
      `no checkpoint in this folder (neither ${POINTER} nor step-*.safetensors).`,
      { where: path, fix: 'start a new run without --resume.' },
    );
  }
  const file = latest ? join(folder, latest.file) : path;
  const record =
    latest?.record ??
    (isFolder
      ? undefined
      : readPointer(folder)?.checkpoints.find((r) => r.file === basename(path)));
  if (record?.sha256 !== undefined && (options.verify ?? true)) {
    const sha256 = await sha256FileAsync(file);
    if (sha256 !== record.sha256) throw damaged(file, folder, record, sha256);
  }
  return { ...readCheckpointFile(file), ...(record && { record }) };
}

function damaged(file: string, folder: string, record: CheckpointRecord, sha256: string): IoError {
  const others = (readPointer(folder)?.checkpoints ?? []).filter((r) => r.file !== record.file);
  const previous = others.at(-1)?.file;
  return new IoError(
    'io/checksum',
    `damaged: its SHA-256 is ${sha256}, ${POINTER} recorded ${record.sha256}.`,
    {
      where: file,
      fix:
        previous === undefined
          ? 'start the run again; no older checkpoint is left.'
          : `delete it and ${join(folder, POINTER)}, then resume: ${previous} is the one before.`,
    },
  );
}
