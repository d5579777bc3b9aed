/** A part of a set for a quick look (`--limit`). */
import type { Fact } from './protocol.js';

/**
 * `count` of the items at even distances: number floor(i * n / count) for i = 0 .. count - 1. Always
 * the same ones, and from every part of a list that is sorted by event, fold or size. All of them where
 * there are no more.
 */
export function evenlySpread<T>(items: readonly T[], count: number): T[] {
  if (count >= items.length) return [...items];
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor((i * items.length) / count)] as T,
  );
}

/** What marks the report of a part: its name, a fact, and a warning. */
export function markPartial(
  whole: { name: string; facts: readonly Fact[]; warnings: readonly string[]; total: number },
  count: number,
): { name: string; facts: Fact[]; warnings: string[] } {
  const { name, facts, warnings, total } = whole;
  return {
    name: `part of ${name}`,
    facts: [
      ...facts,
      {
        name: 'limited to',
        value: `${count} of ${total} pictures, at even distances over the list; facts above are of all`,
      },
    ],
    warnings: [
      `Only ${count} of ${total} pictures were looked at: these figures are not those of ${name} ` +
        'and cannot be compared with any of the whole set.',
      ...warnings,
    ],
  };
}
