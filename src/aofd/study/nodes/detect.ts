/** A trained detector on the pictures of a set: `detections.json` in the node's folder. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { atomicWriteFile } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { detectSetAsync } from '../../eval/detections/runner.js';
import type { DetectionSet } from '../../eval/protocol.js';
import type { DetectNode } from '../plan.js';
import type { NodeContext } from './context.js';
import { weightsOf } from './train.js';
import { parseJsonText } from '../../../nn/json.js';

const FILE = 'detections.json';
const FORMAT = 'aofd-study-detections/1';

const number4 = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const faceSchema = z.strictObject({
  box: number4,
  score: z.number(),
  occlusion: z.number().optional(),
  mask: z
    .strictObject({
      x: z.number(),
      y: z.number(),
      width: z.number(),
      height: z.number(),
      counts: z.array(z.number()),
    })
    .optional(),
});
const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  facts: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  warnings: z.array(z.string()),
  images: z.record(z.string(), z.array(faceSchema)),
});

/**
 * Runs the detector over the set, going on where it was stopped.
 * @returns time of the node, ms; null when the signal ended it
 */
export async function detectNodeAsync(
  node: DetectNode,
  context: NodeContext,
): Promise<number | null> {
  const { folder, sets, store, device, version, signal, onEvent } = context;
  const { protocol, config } = node;
  const loaded = sets.get(protocol.name);
  if (!loaded || 'problem' in loaded) {
    throw new DataError('file-missing', loaded?.problem ?? 'the set was not loaded.', {
      where: `protocols.${protocol.name}`,
    });
  }
  const { longSide, scoreFloor = 0.02, maxDetections = 300 } = protocol.detector ?? {};
  const cache = join(folder, 'cache');
  const found = await detectSetAsync(loaded.set.images, protocol.name, {
    weights: weightsOf(store, node.parent),
    config,
    device,
    ...(longSide === undefined ? {} : { longSide }),
    scoreFloor,
    maxDetections,
    needsMasks: protocol.protocol === 'occlusion',
    tellsMissing: loaded.set.tellsMissing ?? false,
    cache,
    version,
    ...(signal ? { signal } : {}),
    onProgress: (progress) => onEvent?.({ kind: 'detecting', node, progress }),
  });
  if (found === null) return null;
  writeDetections(join(folder, FILE), found);
  rmSync(cache, { recursive: true, force: true });
  const seconds = found.facts.find(({ name }) => name === 'time per picture')?.value ?? '';
  const mean = Number(/mean ([\d.]+) ms/.exec(seconds)?.[1] ?? 0);
  return mean * loaded.set.images.length;
}

/** Facts that name what may differ from run to run stay out: they are told elsewhere. */
const PASSING_FACTS = ['weights', 'adapter', 'time per picture'];

function writeDetections(file: string, { facts, warnings, byImage }: DetectionSet): void {
  const value = {
    format: FORMAT,
    facts: facts.filter(({ name }) => !PASSING_FACTS.includes(name)),
    warnings,
    images: Object.fromEntries(byImage),
  };
  atomicWriteFile(file, `${JSON.stringify(value)}\n`);
}

/**
 * The detections that a finished node left.
 * @param name how reports call the detector
 * @throws DataError for a file that is damaged
 */
export function readDetections(folder: string, name: string): DetectionSet {
  const file = join(folder, FILE);
  let value: z.infer<typeof fileSchema>;
  try {
    value = fileSchema.parse(parseJsonText(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new DataError('list-malformed', 'cannot be read as detections of a study.', {
      where: file,
      fix: `remove the folder ${folder} to detect again`,
      cause,
    });
  }
  const { facts, warnings, images } = value;
  return {
    name,
    facts,
    warnings,
    byImage: new Map(Object.entries(images)) as DetectionSet['byImage'],
  };
}
