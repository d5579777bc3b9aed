/** What the verifications share: expected figures beside ours, counted and printed. */

/** What a verification found. */
export interface Verified {
  checked: number;
  failed: number;
  /** Data that was not there: files, or sentences. */
  missing: string[];
}

/** Prints `expected, ours, difference` and counts. */
export class Comparison {
  readonly result: Verified = { checked: 0, failed: 0, missing: [] };

  constructor(readonly print: (line: string) => void) {}

  heading(text: string): void {
    this.print(text);
    this.print(
      `  ${'figure'.padEnd(WIDTH)}${['expected', 'ours', 'difference'].map(right).join('')}`,
    );
  }

  /** @param tolerance largest allowed difference; default 0 */
  check(what: string, expected: number, ours: number, tolerance = 0): void {
    const difference = ours - expected;
    const verdict = this.count(Math.abs(difference) <= tolerance);
    const cells = [
      short(expected),
      short(ours),
      difference === 0 ? '0' : difference.toExponential(1),
    ];
    this.print(`  ${what.padEnd(WIDTH)}${cells.map(right).join('')}  ${verdict}`);
  }

  /** Counts checks that are told in other words; gives the word for their line. */
  count(isRight: boolean, checks = 1, failed = isRight ? 0 : checks): 'ok' | 'WRONG' {
    this.result.checked += checks;
    this.result.failed += failed;
    return isRight ? 'ok' : 'WRONG';
  }

  /** Notes what is missing, once. */
  missing(what: string): void {
    if (this.result.missing.includes(what)) return;
    this.result.missing.push(what);
    this.print(`  missing: ${what}`);
  }
}

/** Letters of a figure's name. */
const WIDTH = 66;

const right = (text: string): string => text.padStart(16);
const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(12).replace(/0+$/, '');
