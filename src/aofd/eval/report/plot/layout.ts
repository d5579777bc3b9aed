/** Where things are in a plot: title, plotting area, legend, axes. */
import {
  FONT_FAMILY,
  INK,
  OUR_COLORS,
  PEER_COLORS,
  fitText,
  shortNumber,
  textWidth,
} from './theme.js';
import type { Extent } from './simplify.js';
import type { AxisSpec, ChartFrame, SeriesRole } from './types.js';

export const DEFAULT_WIDTH = 880;
export const DEFAULT_HEIGHT = 500;
/** Greatest width of the column of names at the right. */
const LEGEND_WIDTH = 248;
/** Length of a line or dot before a name. */
const SWATCH = 20;
const STRONG_SIZE = 11.5;
const GREY_SIZE = 8.5;
const GREY_ROW = 10.5;
const MARGIN = 18;

/** The plotting area inside the picture. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Sizes that the frame leaves open. */
export function sized<T extends ChartFrame>(frame: T): T & { width: number; height: number } {
  return {
    ...frame,
    width: frame.width ?? DEFAULT_WIDTH,
    height: frame.height ?? DEFAULT_HEIGHT,
  };
}

/** Room around the plotting area; the right side holds the names, `left` the labels of that axis. */
export function areaOf(frame: ChartFrame, legend: readonly LegendEntry[], left = 66): Area {
  return {
    left,
    right: legend.length > 1 ? legendWidth(legend) + MARGIN : 26,
    top: frame.subtitle ? 66 : 50,
    bottom: 56,
  };
}

/** Width of the column of names: what they need, up to a limit. */
function legendWidth(legend: readonly LegendEntry[]): number {
  if (legend.some((entry) => entry.role === 'published')) return LEGEND_WIDTH;
  const needed = legend.map(
    ({ name, note }) => textWidth(name, STRONG_SIZE, true) + noteWidth(note, STRONG_SIZE),
  );
  return Math.min(LEGEND_WIDTH, Math.max(80, ...needed.map((w) => w + SWATCH + 10 + MARGIN)));
}

const noteWidth = (note: string | undefined, size: number): number =>
  note ? textWidth(note, size) + 10 : 0;

/** The `grid` of ECharts. */
export const gridOf = (area: Area): Record<string, unknown> => ({ ...area, containLabel: false });

/** An element of ECharts' graphic component. */
export type Graphic = Record<string, unknown>;

export interface TextStyle {
  size: number;
  color: string;
  isBold?: boolean;
  align?: 'left' | 'center' | 'right';
}

/** A line of text; `y` is its middle. */
export function textAt(x: number, y: number, text: string, style: TextStyle): Graphic {
  return {
    type: 'text',
    x,
    y,
    silent: true,
    style: {
      text,
      fill: style.color,
      fontSize: style.size,
      fontFamily: FONT_FAMILY,
      ...(style.isBold ? { fontWeight: 'bold' } : {}),
      verticalAlign: 'middle',
      align: style.align ?? 'left',
    },
  };
}

/** Title and subtitle. */
export function headOf(frame: ChartFrame & { width: number }): Graphic[] {
  const room = frame.width - 2 * MARGIN;
  const title = fitText(frame.title, 15, room, true);
  const head = [textAt(MARGIN, 22, title, { size: 15, color: INK.title, isBold: true })];
  if (frame.subtitle) {
    const text = fitText(frame.subtitle, 11, room);
    head.push(textAt(MARGIN, 42, text, { size: 11, color: INK.muted }));
  }
  return head;
}

/** How a series is drawn. */
export interface Stroke {
  color: string;
  width: number;
  /** Higher is in front. */
  z: number;
}

/** Colours in the order of the series, each role from its own list. */
export function strokesOf(roles: readonly (SeriesRole | undefined)[]): Stroke[] {
  let ours = 0;
  let peers = 0;
  return roles.map((role = 'ours') => {
    if (role === 'published') return { color: INK.published, width: 1, z: 2 };
    if (role === 'peer') {
      return { color: PEER_COLORS[peers++ % PEER_COLORS.length] as string, width: 1.6, z: 3 };
    }
    return { color: OUR_COLORS[ours++ % OUR_COLORS.length] as string, width: 2.6, z: 4 };
  });
}

/** Number axis for ECharts. */
export function axisOption(spec: AxisSpec, side: 'x' | 'y', extent?: Extent): Graphic {
  const isLog = spec.scale === 'log';
  return {
    type: isLog ? 'log' : 'value',
    ...(extent ? { min: extent.min, max: extent.max } : {}),
    name: spec.label,
    nameLocation: 'middle',
    nameGap: side === 'x' ? 32 : 46,
    nameTextStyle: { color: INK.text, fontSize: 12, fontFamily: FONT_FAMILY },
    axisLine: { show: true, lineStyle: { color: INK.axis } },
    axisTick: { show: true, lineStyle: { color: INK.axis } },
    axisLabel: {
      color: INK.text,
      fontSize: 11,
      fontFamily: FONT_FAMILY,
      hideOverlap: true,
      formatter: shortNumber,
    },
    splitLine: { show: true, lineStyle: { color: INK.grid } },
    minorTick: { show: isLog, splitNumber: 10, lineStyle: { color: INK.axis } },
    minorSplitLine: { show: false },
    silent: true,
  };
}

/**
 * Ends of an axis: as asked, else the data's, rounded outwards.
 * @param values what is shown; those that the axis cannot show are left out
 */
export function extentOf(spec: AxisSpec, values: Iterable<number>, pixels: number): Extent {
  const isLog = spec.scale === 'log';
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = isLog ? [1, 10] : [0, 1];
  let { min, max } = isLog ? decades(low, high) : roundEnds(low, high);
  if (spec.min !== undefined && !(isLog && spec.min <= 0)) min = spec.min;
  if (spec.max !== undefined) max = spec.max;
  if (!(max > min)) max = isLog ? min * 10 : min + 1;
  return { min, max, pixels, ...(spec.scale ? { scale: spec.scale } : {}) };
}

function decades(low: number, high: number): { min: number; max: number } {
  return { min: 10 ** Math.floor(Math.log10(low)), max: 10 ** Math.ceil(Math.log10(high)) };
}

/** Ends at round numbers; 0 is an end where it is near. */
function roundEnds(low: number, high: number): { min: number; max: number } {
  if (low > 0 && low < 0.6 * high) low = 0;
  const span = high - low || Math.abs(high) || 1;
  const step = niceStep(span / 5);
  return {
    min: plain(Math.floor(low / step) * step),
    max: plain(Math.ceil(high / step - 1e-9) * step),
  };
}

/** Without the last digits that products leave (0.30000000000000004), which the chart's axes refuse. */
const plain = (value: number): number => Number(value.toPrecision(12));

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((f) => f * power >= rough * 0.999) ?? 10;
  return factor * power;
}

/** One name of the legend. */
export interface LegendEntry {
  name: string;
  note?: string;
  role: SeriesRole;
  stroke: Stroke;
  shape: 'line' | 'dashed' | 'bar' | 'dot';
}

/** Names at the right: ours, peers, then the published ones small; none where there is one only. */
export function legendOf(
  entries: readonly LegendEntry[],
  frame: { width: number; height: number },
  area: Area,
): Graphic[] {
  if (entries.length <= 1) return [];
  const left = frame.width - area.right + MARGIN;
  const room = area.right - 2 * MARGIN;
  const bottom = frame.height - 12;
  const out: Graphic[] = [];
  let y = area.top + 6;
  const strong = entries.filter((entry) => entry.role !== 'published');
  const grey = entries.filter((entry) => entry.role === 'published');
  const strongRow = Math.min(20, Math.max(11, (bottom - y) / Math.max(1, strong.length)));
  const hasPeers = strong.some((entry) => entry.role === 'peer');
  for (const entry of strong) {
    if (y > bottom) break;
    const look = { size: STRONG_SIZE, isBold: entry.role === 'ours' && hasPeers, swatch: SWATCH };
    out.push(...legendRow(entry, left, y, room, look));
    y += strongRow;
  }
  if (strong.length > 0) y += 6;
  return grey.length === 0 ? out : [...out, ...publishedRows(grey, { left, y, room, bottom })];
}

/** One line for all published curves, and their names below it in one or two columns. */
function publishedRows(
  grey: readonly LegendEntry[],
  at: { left: number; y: number; room: number; bottom: number },
): Graphic[] {
  const head: LegendEntry = {
    ...(grey[0] as LegendEntry),
    name: `published (${grey.length})`,
    note: '',
  };
  const out = legendRow(head, at.left, at.y, at.room, { size: 10, isBold: false, swatch: SWATCH });
  const top = at.y + 15;
  const rows = Math.max(0, Math.floor((at.bottom - top) / GREY_ROW) + 1);
  const columns = grey.length <= rows ? 1 : 2;
  const width = at.room / columns;
  const perColumn = columns === 1 ? rows : Math.min(rows, Math.ceil(grey.length / 2));
  const fitting = perColumn * columns;
  const shown = grey.length <= fitting ? grey : grey.slice(0, Math.max(0, fitting - 1));
  const place = (i: number): [number, number] => [
    at.left + Math.floor(i / perColumn) * width,
    top + (i % perColumn) * GREY_ROW,
  ];
  for (const [i, entry] of shown.entries()) {
    const [x, y] = place(i);
    const look = { size: GREY_SIZE, isBold: false, swatch: 0 };
    out.push(...legendRow(entry, x, y, width - 6, look));
  }
  if (shown.length < grey.length && fitting > 0) {
    const text = `and ${grey.length - shown.length} more`;
    out.push(textAt(...place(shown.length), text, { size: GREY_SIZE, color: INK.muted }));
  }
  return out;
}

function legendRow(
  entry: LegendEntry,
  left: number,
  y: number,
  room: number,
  look: { size: number; isBold: boolean; swatch: number },
): Graphic[] {
  const { size, isBold, swatch } = look;
  const start = left + (swatch > 0 ? swatch + 8 : 0);
  const width = left + room - start - noteWidth(entry.note, size);
  const name = fitText(entry.name, size, width, isBold);
  const color = swatch > 0 && entry.role !== 'published' ? INK.title : INK.muted;
  const row = [textAt(start, y, name, { size, color, isBold })];
  if (entry.note) {
    row.push(textAt(left + room, y, entry.note, { size, color: INK.muted, align: 'right' }));
  }
  if (swatch > 0) row.push(swatchOf(entry, left, y, swatch));
  return row;
}

function swatchOf({ shape, stroke }: LegendEntry, left: number, y: number, width: number): Graphic {
  if (shape === 'bar') {
    return {
      type: 'rect',
      silent: true,
      shape: { x: left + 4, y: y - 5, width: width - 8, height: 10 },
      style: { fill: stroke.color },
    };
  }
  if (shape === 'dot') {
    return {
      type: 'circle',
      silent: true,
      shape: { cx: left + width / 2, cy: y, r: 4 },
      style: { fill: stroke.color },
    };
  }
  return {
    type: 'line',
    silent: true,
    shape: { x1: left, y1: y, x2: left + width, y2: y },
    style: {
      stroke: stroke.color,
      lineWidth: stroke.width,
      ...(shape === 'dashed' ? { lineDash: [5, 3] } : {}),
    },
  };
}
