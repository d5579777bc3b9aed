/** What a plan needs to know: hashes of data, sets and pictures. Problems are kept, not thrown. */
import { existsSync } from 'node:fs';
import { NnError } from '../../nn/index.js';
import { DataError } from '../errors.js';
import type { EvalSet, ProtocolOptions } from '../eval/protocol.js';
import { PROTOCOLS } from '../eval/protocols.js';
import { codeVersions } from './code-version.js';
import { DataHashes } from './data-hash.js';
import { hashPictures } from './figure-pictures.js';
import { hashOfFile, type FileHashes } from './file-hashes.js';
import { keyOf } from './keys.js';
import { studyPath, type LoadedStudy } from './load.js';
import type { Hashed, PlanFacts } from './plan.js';
import type { StudyProtocol } from './schema.js';

/** A protocol's set, or why it is not at hand. */
export type LoadedSet = { set: EvalSet } | { problem: string };

/** Loads the sets of all protocols. */
export async function loadSetsAsync({ study, root }: LoadedStudy): Promise<Map<string, LoadedSet>> {
  const sets = new Map<string, LoadedSet>();
  for (const protocol of study.protocols)
    sets.set(protocol.name, await loadSetAsync(root, protocol));
  return sets;
}

async function loadSetAsync(root: string, given: StudyProtocol): Promise<LoadedSet> {
  try {
    const protocol = await PROTOCOLS[given.protocol].loadAsync();
    const data = studyPath(root, given.data);
    if (!existsSync(data)) {
      throw new DataError('file-missing', 'not found.', {
        where: data,
        fix: `put the set there, or change protocols.${given.name}.data`,
      });
    }
    const whole = await protocol.loadAsync(data, withPaths(root, given.options ?? {}));
    checkPictures(whole, given.name);
    const { limit } = given;
    return { set: limit === undefined || limit >= whole.images.length ? whole : whole.take(limit) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** Options that name a file or folder; as all paths of a study they start from its root. */
const PATH_OPTIONS = ['images', 'annotations', 'imageRoot', 'imageSizes'];

function withPaths(root: string, options: ProtocolOptions): ProtocolOptions {
  const entries = Object.entries(options).map(([key, value]) => {
    if (!PATH_OPTIONS.includes(key) || typeof value !== 'string') return [key, value];
    const path = studyPath(root, value);
    // What is no path from the root may be a word of the protocol, such as `original`.
    return [key, existsSync(path) ? path : value];
  });
  return Object.fromEntries(entries) as ProtocolOptions;
}

/** Some pictures may be missing, as the set's warnings tell; without any, every figure would be 0. */
function checkPictures({ images }: EvalSet, protocol: string): void {
  if (images.some(({ file }) => file !== null && existsSync(file))) return;
  throw new DataError('file-missing', `none of the ${images.length} pictures is there.`, {
    where: images[0]?.file ?? images[0]?.name ?? protocol,
    fix: `put the pictures there, or correct protocols.${protocol} (option "images" or "imageRoot": a folder from the study's root)`,
  });
}

/** The error in one line, if it is one that a user can mend; others are thrown on. */
export function problemOf(error: unknown): string {
  if (error instanceof NnError && error.kind !== 'internal') return error.message;
  throw error;
}

/** Hashes of everything that the runs of a study read. */
export function planFacts(
  loaded: LoadedStudy,
  sets: ReadonlyMap<string, LoadedSet>,
  files: FileHashes,
): PlanFacts {
  const data = new DataHashes(files);
  const { initialWeights } = loaded.study;
  return {
    code: codeVersions(),
    ofData: (config, stage) => hashed(() => data.ofStage(config, stage)),
    initialWeights:
      initialWeights == null
        ? null
        : hashed(() => hashOfFile(files, studyPath(loaded.root, initialWeights), 'initialWeights')),
    ofSet: ({ name }) => {
      const entry = sets.get(name);
      if (!entry || 'problem' in entry) return { problem: entry?.problem ?? 'was not loaded.' };
      return hashed(() =>
        keyOf(
          entry.set.images.map(({ name: image, file }) => [
            image,
            file !== null && existsSync(file) ? files.of(file) : null,
          ]),
        ),
      );
    },
    ofPictures: (figure) => hashed(() => hashPictures(loaded.root, figure, files)),
  };
}

function hashed(compute: () => string): Hashed {
  try {
    return { hash: compute() };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
