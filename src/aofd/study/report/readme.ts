/** The table of claims for a README, drawn from a study's report.json between two markers. */
import * as z from 'zod';
import { parseJsonText } from '../../../nn/json.js';
import { DataError } from '../../errors.js';
import { insertBetween } from '../../eval/report/between-markers.js';
import type { Verdict } from '../statistics/combine.js';
import { signed } from './tables.js';

export const BEGIN = '<!-- study:begin -->';
export const END = '<!-- study:end -->';

const WORDS = ['agrees', 'disagrees', 'not resolved'] as const satisfies readonly Verdict[];

/** What the table needs of report.json. */
const documentSchema = z.object({
  format: z.literal('aofd-study/1'),
  study: z.object({
    seeds: z.array(z.number()),
    settings: z.array(z.object({ name: z.string() })),
    claims: z.array(
      z.object({
        name: z.string(),
        where: z.string(),
        text: z.string(),
        isLowerBetter: z.boolean().optional(),
        paper: z
          .object({
            better: z.number().optional(),
            worse: z.number().optional(),
            difference: z.number().optional(),
          })
          .optional(),
      }),
    ),
  }),
  runs: z.array(z.object({ status: z.object({ state: z.string() }) })),
  claims: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      result: z
        .object({
          difference: z.number(),
          interval: z.object({ low: z.number(), high: z.number() }),
          level: z.number(),
          verdict: z.enum(WORDS),
        })
        .nullable(),
      note: z.string().nullable(),
    }),
  ),
  making: z.object({ created: z.string(), totalMs: z.number() }),
});

type Document = z.infer<typeof documentSchema>;
type Claim = Document['study']['claims'][number];

/**
 * Reads a report.
 * @param where its file, for errors
 * @throws DataError where it is no report of a study
 */
export function parseStudyDocument(text: string, where: string): Document {
  try {
    return documentSchema.parse(parseJsonText(text));
  } catch (cause) {
    throw new DataError('list-malformed', 'is not a report of a study.', {
      where,
      fix: 'write it again with aofd reproduce --report',
      cause,
    });
  }
}

/** A sentence on the whole, and a row for each claim. */
export function claimsMarkdown({ study, runs, claims, making }: Document): string {
  const known = new Map(claims.map((entry) => [entry.name, entry]));
  const count = (word: (typeof WORDS)[number]): number =>
    claims.filter(({ result }) => result?.verdict === word).length;
  const done = runs.filter(({ status }) => status.state === 'done').length;
  const level = Math.round(100 * (claims.find(({ result }) => result)?.result?.level ?? 0.95));
  const hours = (making.totalMs / 3.6e6).toFixed(1);
  const rows = study.claims.map((claim) => {
    const entry = known.get(claim.name);
    const result = entry?.result;
    const ours = result
      ? `${signed(result.difference, 3)} [${signed(result.interval.low, 3)}, ${signed(result.interval.high, 3)}]`
      : '–';
    const word = [result ? `**${result.verdict}**` : 'no result', entry?.note].filter(Boolean);
    return `| ${[claim.text, claim.where, entry?.label ?? '–', paperOf(claim), ours, word.join('; ')].map(escapeCell).join(' | ')} |`;
  });
  return [
    `Of ${study.claims.length} claims ${count('agrees')} agree, ${count('disagrees')} disagree and ` +
      `${count('not resolved')} are not resolved (${done} of ${runs.length} runs: ${study.settings.length} settings, ` +
      `${study.seeds.length} seeds; ${hours} h, ${making.created.slice(0, 10)}).`,
    '',
    `| claim | in the paper | figure | paper | ours [${level} %] | |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function paperOf({ paper, isLowerBetter }: Claim): string {
  const { better, worse, difference } = paper ?? {};
  const known =
    better !== undefined && worse !== undefined
      ? (better - worse) * (isLowerBetter ? -1 : 1)
      : difference;
  return known === undefined ? 'no number' : signed(known, 3);
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/**
 * Puts a table between the markers of a text.
 * @throws DataError where the markers are not there, once each and in order
 */
export function insertClaims(text: string, table: string, where: string): string {
  return insertBetween(text, { begin: BEGIN, end: END }, table, where);
}
