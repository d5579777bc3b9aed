/** Losses of every update of a stage while it trains, and the curve that a report shows of them. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseJsonText } from '../../nn/json.js';

const updateSchema = z.object({ step: z.int(), losses: z.record(z.string(), z.number()) });
const progressSchema = z.object({
  kind: z.literal('progress'),
  step: z.number(),
  stageStep: z.number(),
  msPerStep: z.number(),
});

/** A training curve: means over equal parts of a stage. */
export const curveSchema = z.array(updateSchema);
/** `step` is the last update of the part, over all stages. */
export type CurvePoint = z.infer<typeof updateSchema>;

/** Parts of a stage's curve at most. */
const MOST_POINTS = 60;

/** Appends the losses of an update to a file. */
export function appendUpdate(file: string, step: number, losses: CurvePoint['losses']): void {
  const short = Object.entries(losses).map(([name, value]) => [name, Number(value.toPrecision(6))]);
  appendFileSync(file, `${JSON.stringify({ step, losses: Object.fromEntries(short) })}\n`);
}

/**
 * The curve of a stage whose updates were appended to a file. An update that a resumed run did again is
 * counted once, so that an interrupted run has the curve of an uninterrupted one.
 */
export function readCurve(file: string): CurvePoint[] {
  const byStep = new Map<number, CurvePoint>();
  for (const update of readLines(file, updateSchema)) byStep.set(update.step, update);
  const updates = [...byStep.values()].sort((a, b) => a.step - b.step);
  const size = Math.max(1, Math.ceil(updates.length / MOST_POINTS));
  const points: CurvePoint[] = [];
  for (let i = 0; i < updates.length; i += size) {
    const part = updates.slice(i, i + size);
    points.push({ step: (part.at(-1) as CurvePoint).step, losses: meanLosses(part) });
  }
  return points;
}

/** Means of each loss over the updates that have it. */
function meanLosses(updates: readonly CurvePoint[]): Record<string, number> {
  const sums = new Map<string, [sum: number, count: number]>();
  for (const { losses } of updates) {
    for (const [name, value] of Object.entries(losses)) {
      const [sum, count] = sums.get(name) ?? [0, 0];
      sums.set(name, [sum + value, count + 1]);
    }
  }
  const means = [...sums].map(([name, [sum, count]]) => [
    name,
    Number((sum / count).toPrecision(4)),
  ]);
  return Object.fromEntries(means) as Record<string, number>;
}

/** Time of a stage's updates from `metrics.jsonl`, ms; those done again after a stop count once. */
export function readTimeMs(file: string): number {
  const byStep = new Map<number, z.infer<typeof progressSchema>>();
  for (const event of readLines(file, progressSchema)) byStep.set(event.step, event);
  const events = [...byStep.values()].sort((a, b) => a.step - b.step);
  let timeMs = 0;
  let before = events[0] ? events[0].step - events[0].stageStep : 0;
  for (const { step, msPerStep } of events) {
    timeMs += (step - before) * msPerStep;
    before = step;
  }
  return timeMs;
}

/** Lines of JSON that have the form; others, such as one that was cut off, are passed over. */
function readLines<T>(file: string, schema: z.ZodType<T>): T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const parsed = schema.safeParse(parse(line));
      return parsed.success ? [parsed.data] : [];
    });
}

function parse(line: string): unknown {
  try {
    return parseJsonText(line);
  } catch {
    return null;
  }
}
