/** Everything that a study found so far, from its folder: figures of runs, claims, curves. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapValues } from '../eval/statistics/bootstrap.js';
import type { Detection, DetectionSet, EvalSet, Fact, ReportPlot } from '../eval/protocol.js';
import type { Measure } from '../eval/statistics/measures.js';
import { curveSchema, type CurvePoint } from './curve.js';
import { problemOf, type LoadedSet } from './facts.js';
import { studyPath, type LoadedStudy } from './load.js';
import { readDetections } from './nodes/detect.js';
import { readShown, type Shown } from './nodes/shown.js';
import { CURVE } from './nodes/train.js';
import type { Run, StudyNode, StudyPlan } from './plan.js';
import type { CurvesFigure, PictureFigure, StudyClaim } from './schema.js';
import { combineSeeds, type CombinedDifference, type SeedFigure } from './statistics/combine.js';
import type { StudyStore } from './store.js';
import { parseJsonText } from '../../nn/json.js';

/** Where a run stands, as its row says. */
export interface RunStatus {
  state: 'done' | 'failed' | 'open';
  /** What failed and why. */
  reasons: string[];
}

export interface RunResult {
  setting: string;
  seed: number;
  status: RunStatus;
  /** Figures by protocol and key; protocols without detections are missing. */
  figures: Record<string, Record<string, number>>;
  /** By stage. */
  curves: { stage: string; points: CurvePoint[] }[];
}

export interface ClaimResult {
  claim: StudyClaim;
  /** What the figure is called. */
  label: string;
  /** Null where there is nothing to compare yet. */
  result: CombinedDifference | null;
  /** Why there is none, or what is missing of it. */
  note: string | null;
}

export type FigureResult =
  | { kind: 'curves'; figure: CurvesFigure; plot: ReportPlot | null; note: string | null }
  | {
      kind: 'pictures';
      figure: PictureFigure;
      shown: { setting: string; folder: string; shown: Shown }[];
      note: string | null;
    };

export interface ProtocolResult {
  name: string;
  title: string;
  problem: string | null;
  facts: readonly Fact[];
  warnings: readonly string[];
  /** Labels of its figures by key. */
  labels: Record<string, string>;
}

/** What a report is made of. */
export interface StudyResults {
  runs: RunResult[];
  protocols: ProtocolResult[];
  claims: ClaimResult[];
  figures: FigureResult[];
  /** Time of each distinct node, and whose work it was. */
  times: { node: StudyNode; timeMs: number; adapter: string }[];
  /** Nodes that were made by another version of the code. */
  otherCode: number;
}

export interface CollectInput {
  loaded: LoadedStudy;
  plan: StudyPlan;
  store: StudyStore;
  sets: ReadonlyMap<string, LoadedSet>;
  onProgress?: (done: number, total: number) => void;
}

/** Figures that a protocol's detections gave. */
interface Scored {
  setting: string;
  seed: number;
  values: Record<string, number>;
  samples: Map<string, Float64Array>;
}

/** Scores everything that is done. */
export async function collectResultsAsync(input: CollectInput): Promise<StudyResults> {
  const { loaded, plan, sets } = input;
  const { study } = loaded;
  const protocols: ProtocolResult[] = [];
  const scored = new Map<string, Scored[]>();
  const total = plan.runs.length * study.protocols.length;
  let done = 0;
  for (const { name, title } of study.protocols) {
    const entry = sets.get(name);
    const set = entry && 'set' in entry ? entry.set : null;
    protocols.push({
      name,
      title: title ?? name,
      problem: entry && 'problem' in entry ? entry.problem : null,
      facts: set?.facts ?? [],
      warnings: set?.warnings ?? [],
      labels: set ? Object.fromEntries(measuresOf(set).map(({ key, label }) => [key, label])) : {},
    });
    scored.set(
      name,
      set ? scoreRuns(input, name, set, () => input.onProgress?.(++done, total)) : [],
    );
  }
  const figures: FigureResult[] = [];
  for (const figure of study.figures ?? []) {
    figures.push(
      figure.kind === 'curves' ? await curvesAsync(input, figure) : picturesShown(input, figure),
    );
  }
  return {
    runs: plan.runs.map((run) => runResult(run, input, scored)),
    protocols,
    claims: study.claims.map((claim) => claimResult(claim, input, scored, protocols)),
    figures,
    ...timesOf(input),
  };
}

/** The figures that a set has: those of a detector that found a single pixel, with its mask. */
export function measuresOf(set: EvalSet): Measure[] {
  const mask = { x: 0, y: 0, width: 1, height: 1, counts: [0, 1] };
  const face: Detection = { box: [0, 0, 1, 1], score: 1, occlusion: 1, mask };
  const byImage = new Map(set.images.slice(0, 1).map(({ name }) => [name, [face]] as const));
  return set.measures({ name: '', byImage, facts: [], warnings: [] });
}

/** Figures of every run on a set, one run's detections in memory at a time. */
function scoreRuns(
  { loaded: { study }, plan, store }: CollectInput,
  protocol: string,
  set: EvalSet,
  onDone: () => void,
): Scored[] {
  const shown = study.protocols.find(({ name }) => name === protocol)?.measures ?? [];
  const claimed = study.claims.filter((claim) => claim.protocol === protocol);
  const { bootstrap = 1000, seed = 0 } = study.statistics ?? {};
  const ones = new Float64Array(set.images.length).fill(1);
  return plan.runs.flatMap((run): Scored[] => {
    const detections = detectionsOf(run, protocol, store);
    onDone();
    if (!detections) return [];
    const users = claimed.filter(({ better, worse }) => [better, worse].includes(run.setting));
    const values: Scored['values'] = {};
    const samples: Scored['samples'] = new Map();
    for (const { key, statistic } of set.measures(detections)) {
      const isClaimed = users.some(({ measure }) => measure === key);
      if (isClaimed || shown.includes(key)) values[key] = statistic(ones);
      if (!isClaimed) continue;
      const options = { samples: bootstrap, seed };
      samples.set(key, bootstrapValues(statistic, set.images.length, options));
    }
    return [{ setting: run.setting, seed: run.seed, values, samples }];
  });
}

/** What a run found on a protocol's set; null: not done. */
function detectionsOf(run: Run, protocol: string, store: StudyStore): DetectionSet | null {
  const node = run.detections.get(protocol);
  const state = node && typeof node !== 'string' ? store.state(node) : null;
  return state?.state === 'done' ? readDetections(state.folder, run.setting) : null;
}

function runResult(
  run: Run,
  { loaded, store }: CollectInput,
  scored: ReadonlyMap<string, Scored[]>,
): RunResult {
  const { setting, seed } = run;
  const figures: RunResult['figures'] = {};
  for (const [protocol, list] of scored) {
    const own = list.find((one) => one.setting === setting && one.seed === seed);
    if (own) figures[protocol] = own.values;
  }
  const curves = run.stages.flatMap((node) => {
    const state = store.state(node);
    const file = state.state === 'done' ? join(state.folder, CURVE) : '';
    if (!existsSync(file)) return [];
    const points = readCurveFile(file);
    return points ? [{ stage: node.stage.name, points }] : [];
  });
  const optional = (name: string): boolean =>
    loaded.study.protocols.find((protocol) => protocol.name === name)?.optional ?? false;
  return { setting, seed, status: statusOf(run, store, optional), figures, curves };
}

/** A stage's curve; null for a damaged file: a curve only shows how a training went. */
function readCurveFile(file: string): CurvePoint[] | null {
  try {
    return curveSchema.parse(parseJsonText(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function statusOf(run: Run, store: StudyStore, isOptional: (name: string) => boolean): RunStatus {
  const reasons: string[] = run.problem === null ? [] : [run.problem];
  let isOpen = false;
  const look = (node: StudyNode, what: string): void => {
    const state = store.state(node);
    if (state.state === 'failed') reasons.push(`${what}: ${state.reason}`);
    else if (state.state === 'open') isOpen = true;
  };
  for (const node of run.stages) look(node, `stage ${node.stage.name}`);
  for (const [name, end] of run.detections) {
    if (typeof end !== 'string') look(end, name);
    else if (!isOptional(name)) reasons.push(`${name}: ${end}`);
  }
  for (const [name, end] of run.shows) {
    if (typeof end !== 'string') look(end, `figure ${name}`);
  }
  return { state: reasons.length > 0 ? 'failed' : isOpen ? 'open' : 'done', reasons };
}

function claimResult(
  claim: StudyClaim,
  { loaded: { study } }: CollectInput,
  scored: ReadonlyMap<string, Scored[]>,
  protocols: readonly ProtocolResult[],
): ClaimResult {
  const protocol = protocols.find(({ name }) => name === claim.protocol);
  const label = protocol?.labels[claim.measure] ?? claim.measure;
  if (protocol?.problem) return { claim, label, result: null, note: protocol.problem };
  const of = (setting: string): SeedFigure[] =>
    (scored.get(claim.protocol) ?? []).flatMap((one) => {
      const samples = one.samples.get(claim.measure);
      const value = one.values[claim.measure];
      if (one.setting !== setting || !samples || value === undefined) return [];
      return [{ seed: one.seed, value, samples }];
    });
  const result = combineSeeds(of(claim.better), of(claim.worse), {
    level: study.statistics?.level ?? 0.95,
    isLowerBetter: claim.isLowerBetter ?? false,
  });
  return { claim, label, result, note: noteOf(result, study.seeds.length) };
}

/** What a reader must know of a claim's result beside its interval; null: nothing. */
function noteOf(result: CombinedDifference | null, seeds: number): string | null {
  if (!result) return 'not both settings have results';
  const count = result.seeds.length;
  const notes = [
    ...(count < seeds ? [`${seeds - count} of ${seeds} seeds are missing`] : []),
    ...(count === 1 ? ['one seed: how much seeds differ is not known'] : []),
    ...(result.seeds.every(({ better, worse }) => better === 0 && worse === 0)
      ? ['0 in both settings: the figure tells nothing']
      : []),
  ];
  return notes.length > 0 ? notes.join('; ') : null;
}

/** Curves of the settings, first seed that is done, with those of other detectors and published ones. */
async function curvesAsync(input: CollectInput, figure: CurvesFigure): Promise<FigureResult> {
  const { loaded, plan, store, sets } = input;
  const entry = sets.get(figure.protocol);
  if (!entry || 'problem' in entry) {
    return { kind: 'curves', figure, plot: null, note: entry?.problem ?? 'no set' };
  }
  const { set } = entry;
  const notes: string[] = [];
  const plots: { name: string; isOurs: boolean; plot: ReportPlot }[] = [];
  const add = (detections: DetectionSet, isOurs: boolean): void => {
    const { plots: all } = set.evaluate(detections, { bootstrap: 0, level: 0.95, seed: 0 });
    const plot = all.find(({ key }) => key === figure.plot);
    if (plot) plots.push({ name: detections.name, isOurs, plot });
    else notes.push(`no plot "${figure.plot}" (there are ${all.map(({ key }) => key).join(', ')})`);
  };
  for (const name of figure.settings) {
    const runs = plan.runs.filter(({ setting }) => setting === name);
    const found = runs.map((run) => detectionsOf(run, figure.protocol, store)).find(Boolean);
    if (found) add({ ...found, name: titleOf(loaded, name) }, true);
    else notes.push(`${name} has no results`);
  }
  for (const { name, files } of figure.peers ?? []) {
    try {
      const paths = files.map((file) => studyPath(loaded.root, file));
      add(await set.readDetectionsAsync(paths, name), false);
    } catch (error) {
      notes.push(`${name}: ${problemOf(error)}`);
    }
  }
  const [first] = plots;
  const note = notes.length > 0 ? [...new Set(notes)].join('; ') : null;
  if (!first) return { kind: 'curves', figure, plot: null, note };
  const series = plots.flatMap(({ name, isOurs, plot }, i) =>
    plot.series
      .filter(({ role }) => role === 'ours' || (i === 0 && role === 'published'))
      .map((line) =>
        line.role === 'published'
          ? line
          : {
              ...line,
              name: line.name.includes(name) ? line.name : name,
              role: isOurs ? ('ours' as const) : ('peer' as const),
            },
      ),
  );
  const plot = { ...first.plot, key: figure.name, title: figure.title, series };
  return { kind: 'curves', figure, plot, note };
}

/** How tables and figures call a setting. */
export const titleOf = ({ study }: LoadedStudy, setting: string): string =>
  study.settings.find(({ name }) => name === setting)?.title ?? setting;

function picturesShown({ plan, store }: CollectInput, figure: PictureFigure): FigureResult {
  const notes: string[] = [];
  const shown = figure.settings.flatMap((setting) => {
    const run = plan.runs.find((one) => one.setting === setting && one.shows.has(figure.name));
    const node = run?.shows.get(figure.name) ?? run?.problem ?? 'not planned';
    if (typeof node === 'string') {
      notes.push(`${setting}: ${node}`);
      return [];
    }
    const state = store.state(node);
    if (state.state === 'done') {
      return [{ setting, folder: state.folder, shown: readShown(state.folder) }];
    }
    notes.push(`${setting}: ${state.state === 'failed' ? state.reason : 'not done'}`);
    return [];
  });
  const note = notes.length > 0 ? [...new Set(notes)].join('; ') : null;
  return { kind: 'pictures', figure, shown, note };
}

function timesOf({ plan, store }: CollectInput): Pick<StudyResults, 'times' | 'otherCode'> {
  const times: StudyResults['times'] = [];
  let otherCode = 0;
  const seen = new Set<string>();
  for (const run of plan.runs) {
    const ends = [...run.detections.values(), ...run.shows.values()];
    for (const node of [...run.stages, ...ends]) {
      if (typeof node === 'string' || seen.has(node.id)) continue;
      seen.add(node.id);
      const state = store.state(node);
      if (state.state !== 'done') continue;
      times.push({ node, ...state.done });
      if (state.isOtherCode) otherCode++;
    }
  }
  return { times, otherCode };
}
