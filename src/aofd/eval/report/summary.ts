/** The result of an evaluation for a terminal. */
import { formatHeadline, formatNumber, formatP, type ReportInput } from './model.js';

/** Lines: a table of headlines beside the peers', the paired test, warnings. */
export function summaryLines(input: ReportInput): string[] {
  const { set, detector, evaluation, peers, paired } = input;
  const all = [{ name: detector.name, evaluation }, ...peers];
  const lines = [
    `${set.name}: ${set.images} pictures`,
    '',
    ...columns([
      ['', ...all.map(({ name }) => name)],
      ...evaluation.headlines.map(({ key, label }) => [
        label,
        ...all.map(({ evaluation: { headlines } }) => {
          const same = headlines.find((headline) => headline.key === key);
          return same ? formatHeadline(same) : '–';
        }),
      ]),
    ]),
  ];
  if (paired) {
    lines.push('', `${detector.name} - ${paired.other.name}, picture by picture:`);
    lines.push(
      ...columns(
        paired.differences.map(({ label, difference, interval, p }) => [
          label,
          `${formatNumber(difference)} [${formatNumber(interval.low)}, ${formatNumber(interval.high)}]`,
          `p ${formatP(p)}`,
        ]),
      ),
    );
  }
  const warnings = new Set([...set.warnings, ...detector.warnings, ...evaluation.warnings]);
  if (warnings.size > 0) lines.push('', ...[...warnings].map((text) => `note: ${text}`));
  return lines;
}

/** Rows with their columns one below the other, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, [...cell].length)));
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] as number) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}
