/** One look for all plots: colours, type, and the widths of the letters. */

/** Verdana has the widths of DejaVu Sans, so that plots look alike where that font is missing. */
export const FONT_FAMILY = "'DejaVu Sans', Verdana, sans-serif";

/** Colours of everything that is not data. */
export const INK = {
  title: '#1b2430',
  text: '#44505f',
  muted: '#7a8594',
  axis: '#9aa4b1',
  grid: '#e6e9ee',
  published: '#b9c1cc',
} as const;

/** Series of ours, strong; most plots need the first only. */
export const OUR_COLORS = ['#0b62b0', '#c2362b', '#1c8a5a', '#8a4fb5', '#b36b00', '#0e8a96'];

/** Other detectors that were measured with the same code. */
export const PEER_COLORS = [
  '#d9791e',
  '#3f9b63',
  '#9a68c4',
  '#c9527f',
  '#6f7f2a',
  '#4f8fc7',
  '#a3704a',
  '#5c6b7c',
];

/** What each colour becomes on a dark page. */
const DARK: Readonly<Record<string, string>> = {
  [INK.title]: '#eef2f7',
  [INK.text]: '#c2cad5',
  [INK.muted]: '#95a0ae',
  [INK.axis]: '#6d7886',
  [INK.grid]: '#2c343e',
  [INK.published]: '#55606e',
  '#0b62b0': '#58a6f0',
  '#c2362b': '#f0766c',
  '#1c8a5a': '#4fc791',
  '#8a4fb5': '#c195e6',
  '#b36b00': '#e5a33d',
  '#0e8a96': '#4cc4cf',
};

/**
 * Style rules that recolour inline plots for a dark page.
 * @param scope selector of what the plots are in, e.g. `figure`
 */
export function darkPlotCss(scope: string): string {
  return Object.entries(DARK)
    .flatMap(([light, dark]) =>
      ['fill', 'stroke'].map((part) => `${scope} svg [${part}="${light}"]{${part}:${dark}}`),
    )
    .join('\n');
}

/** Advance widths of DejaVu Sans for the characters from space to tilde, in 1/1000 em. */
const WIDTHS =
  '318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838'
    .split(' ')
    .map(Number);

/** Width of a line of text in pixels. Bold is about a tenth wider. */
export function textWidth(text: string, size: number, isBold = false): number {
  let width = 0;
  for (const character of text) width += WIDTHS[(character.codePointAt(0) ?? 0) - 32] ?? 700;
  return (width / 1000) * size * (isBold ? 1.1 : 1);
}

/** The text, or as much of its beginning as fits, with an ellipsis. */
export function fitText(text: string, size: number, width: number, isBold = false): string {
  if (textWidth(text, size, isBold) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size, isBold) > width) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}…`;
}

/** 1, 10, 1k, 2.5M; small numbers keep what they need: 0.05, 1e-6. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential().replace('e+', 'e');
  for (const [unit, suffix] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const) {
    const by = suffix === 'k' ? 1e3 : unit;
    if (size >= unit) return `${Number((value / by).toPrecision(4))}${suffix}`;
  }
  return String(Number(value.toPrecision(6)));
}
