/** A study made ready: read, checked against its sets, and planned. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import { loadSetsAsync, planFacts, type LoadedSet } from './facts.js';
import { FileHashes } from './file-hashes.js';
import { loadStudy, type LoadedStudy } from './load.js';
import { planStudy, shardOf, type Run, type StudyPlan } from './plan.js';
import { measuresOf } from './results.js';

export interface OpenStudy {
  loaded: LoadedStudy;
  sets: ReadonlyMap<string, LoadedSet>;
  plan: StudyPlan;
}

/**
 * Reads a study, loads its sets, hashes what it reads, and plans it.
 * @param out its folder, where hashes of files are remembered
 * @throws ConfigError for everything in the study that cannot be: before anything is trained
 */
export async function openStudyAsync(
  file: string,
  out: string,
  sets: readonly string[] = [],
): Promise<OpenStudy> {
  const loaded = loadStudy(file, sets);
  const loadedSets = await loadSetsAsync(loaded);
  checkMeasures(loaded, loadedSets);
  mkdirSync(out, { recursive: true });
  const hashes = new FileHashes(join(out, 'hashes.json'));
  const facts = planFacts(loaded, loadedSets, hashes);
  const plan = planStudy(loaded.study, loaded.configs, facts);
  hashes.save();
  return { loaded, sets: loadedSets, plan };
}

/** Figures that tables and claims name must be figures of their protocols. */
function checkMeasures({ file, study }: LoadedStudy, sets: ReadonlyMap<string, LoadedSet>): void {
  const wanted = [
    ...study.protocols.flatMap(({ name, measures }) =>
      measures.map((key, i) => ({ place: `protocols.${name}.measures.${i}`, protocol: name, key })),
    ),
    ...study.claims.map(({ name, protocol, measure }) => ({
      place: `claims.${name}.measure`,
      protocol,
      key: measure,
    })),
  ];
  const keys = new Map(
    [...sets].flatMap(([name, entry]) =>
      'set' in entry ? [[name, measuresOf(entry.set).map(({ key }) => key)] as const] : [],
    ),
  );
  for (const { place, protocol, key } of wanted) {
    const known = keys.get(protocol);
    if (!known || known.includes(key)) continue;
    throw new ConfigError('config', `protocol "${protocol}" has no figure "${key}".`, {
      where: `${file}: ${place}`,
      fix: `use one of ${known.join(', ')}.`,
      paths: [place],
    });
  }
}

/** Which runs of a plan are wanted. */
export interface Selection {
  /** Names of settings, or `setting@seed`. */
  only?: readonly string[];
  shard?: { index: number; count: number };
}

/**
 * The wanted runs.
 * @throws ConfigError for a name that no run has
 */
export function selectRuns({ runs }: StudyPlan, { only = [], shard }: Selection): Run[] {
  const namesOf = ({ setting, seed }: Run): string[] => [setting, `${setting}@${seed}`];
  const known = new Set(runs.flatMap(namesOf));
  for (const name of only) {
    if (known.has(name)) continue;
    throw new ConfigError('config', `the study has no run "${name}".`, {
      where: '--only',
      fix: `use names of settings, also with a seed: ${[...known].slice(0, 40).join(', ')}.`,
    });
  }
  const wanted =
    only.length === 0 ? runs : runs.filter((run) => namesOf(run).some((n) => only.includes(n)));
  return shard ? shardOf(wanted, shard.index, shard.count) : [...wanted];
}
