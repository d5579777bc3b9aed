/**
 * A small stroke font of our own: each glyph is a set of polylines, so text is crisp at any size.
 *
 * Grid: x to the right from 0, y downwards; 0 is the top of capitals, 4 of small letters, 12 the
 * base line, 16 the lowest descender. A point is two base-36 digits (`4c` is x 4, y 12), points are
 * joined by lines, `|` starts a new stroke, a stroke of one point is a dot.
 */
const GLYPHS: Record<string, string> = {
  A: '0c 03 30 50 83 8c|07 87',
  B: '00 0c 6c 8a 88 66 84 82 60 00|06 66',
  C: '82 60 20 02 0a 2c 6c 8a',
  D: '00 0c 5c 89 83 50 00',
  E: '80 00 0c 8c|06 66',
  F: '80 00 0c|06 66',
  G: '82 60 20 02 0a 2c 6c 8a 87 57',
  H: '00 0c|80 8c|06 86',
  I: '00 40|20 2c|0c 4c',
  J: '70 7a 5c 2c 0a',
  K: '00 0c|80 07|34 8c',
  L: '00 0c 7c',
  M: '0c 00 57 a0 ac',
  N: '0c 00 8c 80',
  O: '20 60 82 8a 6c 2c 0a 02 20',
  P: '0c 00 60 82 85 67 07',
  Q: '20 60 82 8a 6c 2c 0a 02 20|58 8c',
  R: '0c 00 60 82 85 67 07|47 8c',
  S: '82 60 20 02 04 26 66 88 8a 6c 2c 0a',
  T: '00 80|40 4c',
  U: '00 0a 2c 6c 8a 80',
  V: '00 4c 80',
  W: '00 2c 53 8c a0',
  X: '00 8c|80 0c',
  Y: '00 46 80|46 4c',
  Z: '00 80 0c 8c',
  a: '15 24 54 76 7c|78 28 0a 0b 1c 5c 7a',
  b: '00 0c|06 24 54 76 7a 5c 2c 0a',
  c: '76 54 24 06 0a 2c 5c 7a',
  d: '70 7c|76 54 24 06 0a 2c 5c 7a',
  e: '08 78 76 54 24 06 0a 2c 5c 7b',
  f: '60 40 22 2c|04 54',
  g: '74 7e 5g 2g 0f|76 54 24 06 0a 2c 5c 7a',
  h: '00 0c|06 24 54 76 7c',
  i: '04 0c|01',
  j: '34 3e 1g 0g|31',
  k: '00 0c|64 09|38 7c',
  l: '00 0a 2c',
  m: '04 0c|06 24 34 56 5c|56 74 84 a6 ac',
  n: '04 0c|06 24 54 76 7c',
  o: '24 54 76 7a 5c 2c 0a 06 24',
  p: '04 0g|06 24 54 76 7a 5c 2c 0a',
  q: '74 7g|76 54 24 06 0a 2c 5c 7a',
  r: '04 0c|06 24 44 55',
  s: '75 64 14 05 07 18 68 79 7b 6c 1c 0b',
  t: '20 2a 4c 6c|04 64',
  u: '04 0a 2c 5c 7a|74 7c',
  v: '04 3c 64',
  w: '04 2c 46 6c 84',
  x: '04 6c|64 0c',
  y: '04 3c|64 3c 2f 0g',
  z: '04 64 0c 6c',
  '0': '20 50 72 7a 5c 2c 0a 02 20',
  '1': '02 30 3c|0c 6c',
  '2': '02 20 50 72 74 0c 7c',
  '3': '02 20 50 72 74 56 78 7a 5c 2c 0a|36 56',
  '4': '5c 50 08 78',
  '5': '70 00 05 55 77 7a 5c 2c 0a',
  '6': '71 60 20 02 0a 2c 5c 7a 78 56 26 08',
  '7': '00 70 2c',
  '8': '26 04 02 20 50 72 74 56 26 08 0a 2c 5c 7a 78 56',
  '9': '0b 1c 5c 7a 72 50 20 02 04 26 56 74',
  '!': '00 08|0c',
  '"': '00 03|30 33',
  '#': '30 1c|70 5c|14 84|08 78',
  $: '82 60 20 02 04 26 66 88 8a 6c 2c 0a|4f 40',
  '%': '10 20 31 33 24 14 03 01 10|68 78 89 8b 7c 6c 5b 59 68|0c 80',
  '&': '8c 13 11 20 40 51 53 07 0a 2c 4c 88',
  "'": '00 03',
  '(': '20 03 09 2c',
  ')': '00 23 29 0c',
  '*': '31 37|02 66|62 06',
  '+': '34 3a|07 67',
  ',': '1c 0e',
  '-': '07 57',
  '.': '0c',
  '/': '0c 60',
  ':': '05|0c',
  ';': '15|1c 0e',
  '<': '63 07 6b',
  '=': '05 65|09 69',
  '>': '03 67 0b',
  '?': '02 20 50 72 74 46 48|4c',
  '@': '8a 6c 2c 0a 02 20 60 82 88 69 58 54 34 25 28 39 58',
  '[': '20 00 0c 2c',
  '\\': '00 6c',
  ']': '00 20 2c 0c',
  '^': '04 30 64',
  _: '0e 7e',
  '`': '00 22',
  '{': '30 11 15 06 17 1b 3c',
  '|': '00 0e',
  '}': '00 21 25 36 27 2b 0c',
  '~': '08 16 26 48 58 66',
  '×': '15 6a|65 1a',
};

/** Shown for characters that the font lacks. */
const UNKNOWN = '00 60 6c 0c 00';
const SPACE_WIDTH = 5;
/** Space between two glyphs, in grid units. */
const TRACKING = 4;

/** Height of a capital in grid units; sizes of text are given as the height of a capital. */
export const CAP_HEIGHT = 12;
/** How far descenders reach below the base line, in grid units. */
export const DESCENT = 4;

/** One glyph: line segments x1, y1, x2, y2 in grid units, and its width. */
export interface Glyph {
  segments: readonly (readonly [number, number, number, number])[];
  width: number;
}

const parsed = new Map<string, Glyph>();

/** The glyph of one character; a box for characters the font lacks. */
export function glyphOf(character: string): Glyph {
  let glyph = parsed.get(character);
  if (!glyph) {
    glyph =
      character === ' ' || character === '\u00a0'
        ? { segments: [], width: SPACE_WIDTH }
        : parseGlyph(GLYPHS[character === '–' || character === '—' ? '-' : character] ?? UNKNOWN);
    parsed.set(character, glyph);
  }
  return glyph;
}

/** True when the font has a glyph of its own for the character. */
export function hasGlyph(character: string): boolean {
  return character === ' ' || character in GLYPHS;
}

/** Width of a line of text in grid units, without the space after the last glyph. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += glyphOf(character).width + TRACKING;
  return Math.max(0, width - TRACKING);
}

/** Calls `visit` for every glyph of a line with its left edge in grid units. */
export function layoutText(text: string, visit: (glyph: Glyph, left: number) => void): void {
  let left = 0;
  for (const character of text) {
    const glyph = glyphOf(character);
    visit(glyph, left);
    left += glyph.width + TRACKING;
  }
}

function parseGlyph(text: string): Glyph {
  const segments: [number, number, number, number][] = [];
  let width = 0;
  for (const stroke of text.split('|')) {
    const points = stroke
      .split(' ')
      .map((point) => [parseInt(point.charAt(0), 36), parseInt(point.charAt(1), 36)] as const);
    for (const [x] of points) width = Math.max(width, x);
    points.forEach(([x, y], i) => {
      const [x2, y2] = points[i + 1] ?? (points.length === 1 ? [x, y] : [NaN, NaN]);
      if (!Number.isNaN(x2)) segments.push([x, y, x2, y2]);
    });
  }
  return { segments, width };
}
