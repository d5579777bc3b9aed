/** Curves: ROC, precision and recall, times over sizes. */
import {
  areaOf,
  axisOption,
  extentOf,
  gridOf,
  headOf,
  legendOf,
  sized,
  strokesOf,
  type Graphic,
  type LegendEntry,
  type Stroke,
} from './layout.js';
import { renderSvg } from './render.js';
import { simplify, type Extent } from './simplify.js';
import type { LineChartSpec, LineSeries, Point } from './types.js';

/**
 * Curves over a number axis, as SVG text. Published series are grey and behind, ours in front; names
 * are at the right, published ones in the order of their last value.
 */
export function lineChart(spec: LineChartSpec): string {
  const frame = sized(spec);
  const series = ordered(spec);
  const strokes = strokesOf(series.map(({ role }) => role));
  const legend = series.map((line, i): LegendEntry => ({
    name: line.name,
    ...(line.note === undefined ? {} : { note: line.note }),
    role: line.role ?? 'ours',
    stroke: strokes[i] as Stroke,
    shape: line.isDashed ? 'dashed' : 'line',
  }));
  const area = areaOf(frame, legend);
  const values = (axis: 0 | 1): number[] =>
    series.flatMap(({ points }) => points.map((point) => point[axis]));
  const x = extentOf(spec.x, values(0), frame.width - area.left - area.right);
  const y = extentOf(spec.y, values(1), frame.height - area.top - area.bottom);
  const option = {
    grid: gridOf(area),
    xAxis: axisOption(spec.x, 'x', x),
    yAxis: axisOption(spec.y, 'y', y),
    graphic: { elements: [...headOf(frame), ...legendOf(legend, frame, area)] },
    series: series.map((line, i) => lineOption(line, strokes[i] as Stroke, x, y)),
  };
  return renderSvg(option, frame);
}

/** A line of ECharts. */
export function lineOption(
  line: LineSeries,
  stroke: Stroke,
  x: Extent,
  y: Extent,
): Record<string, unknown> {
  return {
    type: 'line',
    name: line.name,
    data: simplify(drawable(line.points, x, y), x, y).map(([a, b]) => [a, b]),
    symbol: line.hasMarkers ? 'circle' : 'none',
    symbolSize: 6,
    showAllSymbol: true,
    silent: true,
    clip: true,
    z: stroke.z,
    itemStyle: { color: stroke.color },
    lineStyle: {
      color: stroke.color,
      width: stroke.width,
      type: line.isDashed ? [6, 4] : 'solid',
      join: 'round',
    },
    emphasis: { disabled: true },
  } satisfies Graphic;
}

/** Points that the axes can show. */
function drawable(points: readonly Point[], x: Extent, y: Extent): Point[] {
  const fits = (value: number, axis: Extent): boolean =>
    Number.isFinite(value) && (axis.scale !== 'log' || value > 0);
  return points.filter(([a, b]) => fits(a, x) && fits(b, y));
}

/** Ours, peers, published; the last by their value at the right end, highest first. */
function ordered({ series, x: { max = Infinity } }: LineChartSpec): LineSeries[] {
  const of = (role: LineSeries['role']): LineSeries[] =>
    series.filter((line) => (line.role ?? 'ours') === role);
  const end = (line: LineSeries): number => valueAtEnd(line.points, max);
  const published = of('published').sort((a, b) => end(b) - end(a));
  return [...of('ours'), ...of('peer'), ...published];
}

/** Value at the greatest x up to `max`, whatever the order of the points. */
function valueAtEnd(points: readonly Point[], max: number): number {
  let end: Point = [-Infinity, -Infinity];
  for (const point of points) if (point[0] <= max && point[0] >= end[0]) end = point;
  return end[1];
}
