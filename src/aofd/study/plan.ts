/** From a study to the graph of what must be run: pure, from hashes that were computed before. */
import type { Config, StageConfig } from '../config/index.js';
import type { CodeVersions } from './code-version.js';
import { detectionDependencies, keyOf, stageDependencies } from './keys.js';
import type { PictureFigure, Study, StudyProtocol } from './schema.js';

/** Of what is drawn and told of a figure's pictures; raised when that changes. */
const DRAWING = 3;

/** Something to run once, however many settings need it. */
interface NodeBase {
  /** Name of its folder: kind, key, code version. */
  id: string;
  /** Everything but the code that the result depends on. */
  base: string;
  seed: number;
  /** Settings that need it, in the order of the study. */
  users: string[];
}

/** One stage of training, from the weights that `parent` leaves (null: from the beginning). */
export interface TrainNode extends NodeBase {
  kind: 'train';
  parent: TrainNode | null;
  stage: StageConfig;
  /** Stages up to this one. */
  config: Config;
}

/** A trained detector on the pictures of one set. */
export interface DetectNode extends NodeBase {
  kind: 'detect';
  parent: TrainNode;
  config: Config;
  /** The first protocol that needs it: it tells the set. */
  protocol: StudyProtocol;
}

/** A trained detector on the pictures of a figure. */
export interface ShowNode extends NodeBase {
  kind: 'show';
  parent: TrainNode;
  config: Config;
  figure: PictureFigure;
}

export type StudyNode = TrainNode | DetectNode | ShowNode;

/** A hash, or why there is none. */
export type Hashed = { hash: string } | { problem: string };

/** What a plan needs to know of the world. */
export interface PlanFacts {
  code: CodeVersions;
  /** Contents of a stage's data. */
  ofData(config: Config, stage: StageConfig): Hashed;
  /** Contents of the weights that stage 0 starts from; null: from random ones. */
  initialWeights: Hashed | null;
  /** Pictures of a protocol's set. */
  ofSet(protocol: StudyProtocol): Hashed;
  /** Pictures of a figure. */
  ofPictures(figure: PictureFigure): Hashed;
}

/** One setting with one seed. */
export interface Run {
  setting: string;
  seed: number;
  /** Stages in order; empty where `problem` stands in the way. */
  stages: TrainNode[];
  /** By the names of protocols; a text says why there is none. */
  detections: ReadonlyMap<string, DetectNode | string>;
  /** By the names of figures; of the first seed only. */
  shows: ReadonlyMap<string, ShowNode | string>;
  /** Why it cannot be trained, e.g. missing data. */
  problem: string | null;
}

export interface StudyPlan {
  /** Seed by seed, so that what settings share is at hand, and a first seed is complete early. */
  runs: Run[];
}

/** Plans all runs of a study; equal work has one node. */
export function planStudy(
  study: Study,
  configs: ReadonlyMap<string, Config>,
  facts: PlanFacts,
): StudyPlan {
  const planner = new Planner(study, facts);
  const runs = study.seeds.flatMap((seed) =>
    study.settings.map(({ name }) => planner.run(name, seed, configs.get(name) as Config)),
  );
  return { runs };
}

class Planner {
  readonly #nodes = new Map<string, StudyNode>();

  constructor(
    readonly study: Study,
    readonly facts: PlanFacts,
  ) {}

  run(setting: string, seed: number, given: Config): Run {
    const config = { ...given, train: { ...given.train, seed } };
    const stages: TrainNode[] = [];
    const none = { setting, seed, stages: [], detections: new Map(), shows: new Map() };
    for (const [i, stage] of config.stages.entries()) {
      if (stage.steps === 0) continue;
      const node = this.#stage(config, i, stages.at(-1) ?? null, setting);
      if (typeof node === 'string') return { ...none, problem: `stage ${stage.name}: ${node}` };
      stages.push(node);
    }
    const model = stages.at(-1);
    if (!model) return { ...none, problem: 'no stage has any updates.' };
    const detections = new Map<string, DetectNode | string>();
    for (const protocol of this.study.protocols) {
      detections.set(protocol.name, this.#detect(model, config, protocol, setting));
    }
    const shows = new Map<string, ShowNode | string>();
    for (const figure of this.study.figures ?? []) {
      if (figure.kind === 'curves' || seed !== this.study.seeds[0]) continue;
      if (!figure.settings.includes(setting)) continue;
      shows.set(figure.name, this.#show(model, config, figure, setting));
    }
    return { setting, seed, stages, detections, shows, problem: null };
  }

  #stage(
    config: Config,
    index: number,
    parent: TrainNode | null,
    setting: string,
  ): TrainNode | string {
    const stage = config.stages[index] as StageConfig;
    const data = this.facts.ofData(config, stage);
    if ('problem' in data) return data.problem;
    const { initialWeights, code } = this.facts;
    if (parent === null && initialWeights && 'problem' in initialWeights) {
      return initialWeights.problem;
    }
    const start = parent === null ? initialWeights : { hash: parent.base };
    const before = config.stages.slice(0, index).reduce((sum, { steps }) => sum + steps, 0);
    const needs = stageDependencies(config, stage);
    const base = keyOf({ needs, before, data: data.hash, start });
    return this.#node<TrainNode>({
      kind: 'train',
      id: `train-${base}-${code.train}`,
      base,
      seed: config.train.seed,
      users: [setting],
      parent,
      stage,
      config: { ...config, stages: config.stages.slice(0, index + 1) },
    });
  }

  #detect(
    parent: TrainNode,
    config: Config,
    protocol: StudyProtocol,
    setting: string,
  ): DetectNode | string {
    const set = this.facts.ofSet(protocol);
    if ('problem' in set) return set.problem;
    const { protocol: rules, detector = {} } = protocol;
    const needs = detectionDependencies(config);
    const needsMasks = rules === 'occlusion';
    const base = keyOf({ weights: parent.base, needs, detector, needsMasks, set: set.hash });
    return this.#node<DetectNode>({
      kind: 'detect',
      id: this.#id('detect', base),
      base,
      seed: config.train.seed,
      users: [setting],
      parent,
      config,
      protocol,
    });
  }

  #show(
    parent: TrainNode,
    config: Config,
    figure: PictureFigure,
    setting: string,
  ): ShowNode | string {
    const pictures = this.facts.ofPictures(figure);
    if ('problem' in pictures) return pictures.problem;
    const { kind, longSide, score } = figure;
    const { masking } = config;
    const needs = { ...(detectionDependencies(config) as object), cells: masking.trainCells };
    const look = { kind, longSide, score, pictures: pictures.hash, drawing: DRAWING };
    const base = keyOf({ weights: parent.base, needs, look });
    return this.#node<ShowNode>({
      kind: 'show',
      id: this.#id('show', base),
      base,
      seed: config.train.seed,
      users: [setting],
      parent,
      config,
      figure,
    });
  }

  /** Detections depend on how the weights were made, and on the code that uses them. */
  #id(kind: 'detect' | 'show', base: string): string {
    const { train, detect } = this.facts.code;
    return `${kind}-${base}-${keyOf([train, detect]).slice(0, 12)}`;
  }

  /** The node, or the equal one that another run has. */
  #node<T extends StudyNode>(node: T): T {
    const known = this.#nodes.get(node.id) as T | undefined;
    if (!known) {
      this.#nodes.set(node.id, node);
      return node;
    }
    const [user = ''] = node.users;
    if (!known.users.includes(user)) known.users.push(user);
    return known;
  }
}

/** All nodes of a run in the order in which they must be done. */
export function nodesOf(run: Run): StudyNode[] {
  const ends = [...run.detections.values(), ...run.shows.values()];
  return [...run.stages, ...ends.filter((end) => typeof end !== 'string')];
}

/** The distinct nodes of runs, in order. */
export function distinctNodes(runs: readonly Run[]): StudyNode[] {
  return [...new Map(runs.flatMap(nodesOf).map((node) => [node.id, node])).values()];
}

/**
 * Part `index` of `count` (from 1): runs stay together by seed as far as possible, since those of one
 * seed share stages.
 */
export function shardOf(runs: readonly Run[], index: number, count: number): Run[] {
  return runs.filter((_, i) => Math.floor((i * count) / runs.length) === index - 1);
}
