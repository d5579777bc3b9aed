/** Results of a study on the disk: a folder for each node, and a file in it that says that it is done. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { atomicWriteFile, removeStaleTemps } from '../../nn/io/files/index.js';
import { NnError } from '../../nn/index.js';
import type { StudyNode } from './plan.js';
import { parseJsonText } from '../../nn/json.js';

const FORMAT = 'aofd-study-node/1';

const doneSchema = z.object({
  format: z.literal(FORMAT),
  /** Net of interruptions and of work that was repeated after them. */
  timeMs: z.number(),
  adapter: z.string(),
});

const failureSchema = z.object({ format: z.literal(FORMAT), reason: z.string() });

/** What every result says of its making. */
export type Done = Omit<z.infer<typeof doneSchema>, 'format'>;

/** Where a node stands. */
export type NodeState =
  | { state: 'done'; folder: string; done: Done; isOtherCode: boolean }
  | { state: 'failed'; reason: string }
  | { state: 'open'; isBegun: boolean };

export interface StoreOptions {
  /** Folders of other machines, read only. */
  merge?: readonly string[];
  /** Results of other versions of the code will do. */
  anyCode?: boolean;
}

/** The folder of a study. */
export class StudyStore {
  readonly out: string;
  readonly #roots: readonly string[];
  readonly #anyCode: boolean;

  /** @throws NnError for a folder to merge that holds no study */
  constructor(out: string, { merge = [], anyCode = false }: StoreOptions = {}) {
    this.out = out;
    this.#anyCode = anyCode;
    for (const folder of merge) {
      if (existsSync(join(folder, 'nodes'))) continue;
      throw new NnError('study-missing', 'holds no results of a study (no folder "nodes").', {
        where: folder,
        fix: 'give --merge the --out folders of other runs of this study.',
      });
    }
    this.#roots = [out, ...merge];
  }

  /** The folder in which a node is worked on. */
  folder({ id }: StudyNode): string {
    return join(this.out, 'nodes', id);
  }

  state(node: StudyNode): NodeState {
    const found = this.#done(node);
    if (found) return found;
    const folder = this.folder(node);
    const failure = readJson(join(folder, 'failed.json'), failureSchema);
    if (failure) return { state: 'failed', reason: failure.reason };
    return { state: 'open', isBegun: existsSync(folder) };
  }

  /** Makes the folder of a node that is begun or gone on with. */
  begin(node: StudyNode): string {
    const folder = this.folder(node);
    mkdirSync(folder, { recursive: true });
    removeStaleTemps(folder);
    const { kind, base, seed, users } = node;
    const stage = node.kind === 'train' ? node.stage.name : null;
    const what = { kind, base, seed, users, stage, parent: node.parent?.id ?? null };
    atomicWriteFile(join(folder, 'node.json'), `${JSON.stringify(what, null, 1)}\n`);
    return folder;
  }

  /** Says that everything in the folder of a node is complete. Called last. */
  finish(node: StudyNode, done: Done): void {
    const folder = this.folder(node);
    atomicWriteFile(join(folder, 'done.json'), `${JSON.stringify({ format: FORMAT, ...done })}\n`);
    rmSync(join(folder, 'failed.json'), { force: true });
  }

  /** Remembers why a node failed; it is not tried again until `forget`. */
  fail(node: StudyNode, reason: string): void {
    const text = JSON.stringify({ format: FORMAT, reason });
    atomicWriteFile(join(this.begin(node), 'failed.json'), `${text}\n`);
  }

  /** Lets a failed node be tried again, from its beginning. */
  forget(node: StudyNode): void {
    rmSync(this.folder(node), { recursive: true, force: true });
  }

  #done(node: StudyNode): NodeState | null {
    const read = (folder: string, isOtherCode: boolean): NodeState | null => {
      const done = readJson(join(folder, 'done.json'), doneSchema);
      if (!done) return null;
      const { timeMs, adapter } = done;
      return { state: 'done', folder, done: { timeMs, adapter }, isOtherCode };
    };
    for (const root of this.#roots) {
      const found = read(join(root, 'nodes', node.id), false);
      if (found) return found;
    }
    if (!this.#anyCode) return null;
    const prefix = `${node.kind}-${node.base}-`;
    for (const root of this.#roots) {
      const nodes = join(root, 'nodes');
      const names = existsSync(nodes) ? readdirSync(nodes) : [];
      for (const name of names.filter((one) => one.startsWith(prefix)).sort()) {
        const found = read(join(nodes, name), true);
        if (found) return found;
      }
    }
    return null;
  }
}

/** A file of ours; null where it is not there or not what it should be. */
function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  if (!existsSync(file)) return null;
  try {
    return schema.parse(parseJsonText(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Keeps a second process out of a study's folder while it is worked in.
 * @throws NnError where another one is at work
 */
export function lockStudy(out: string): Disposable {
  mkdirSync(out, { recursive: true });
  const file = join(out, 'lock');
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : NaN;
  if (Number.isInteger(owner) && owner !== process.pid && isAlive(owner)) {
    throw new NnError('study-locked', `process ${owner} works in this folder.`, {
      where: out,
      fix: `wait for it, or share the work with --shard and an --out folder for each (if no such run exists, remove ${file}).`,
    });
  }
  atomicWriteFile(file, String(process.pid), { flush: false });
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
