/** Dots with lines to compare them with, e.g. a roofline. */
import {
  areaOf,
  axisOption,
  extentOf,
  gridOf,
  headOf,
  legendOf,
  sized,
  strokesOf,
  type LegendEntry,
  type Stroke,
} from './layout.js';
import { lineOption } from './line-chart.js';
import { renderSvg } from './render.js';
import { FONT_FAMILY, INK } from './theme.js';
import type { ScatterChartSpec, ScatterSeries } from './types.js';

const LINE: Stroke = { color: INK.text, width: 1.4, z: 2 };

/** Dots and lines over two number axes, as SVG text; give both axes `scale: 'log'` for a roofline. */
export function scatterChart(spec: ScatterChartSpec): string {
  const frame = sized(spec);
  const lines = spec.lines ?? [];
  const strokes = strokesOf(spec.series.map(({ role }) => role));
  const legend: LegendEntry[] = [
    ...spec.series.map((dots, i) => ({
      name: dots.name,
      role: dots.role ?? ('ours' as const),
      stroke: strokes[i] as Stroke,
      shape: 'dot' as const,
    })),
    ...lines.map((line) => ({
      name: line.name,
      role: 'peer' as const,
      stroke: LINE,
      shape: line.isDashed ? ('dashed' as const) : ('line' as const),
    })),
  ];
  const area = areaOf(frame, legend);
  const points = [
    ...spec.series.flatMap((dots) => dots.points.map((dot) => [dot.x, dot.y] as const)),
    ...lines.flatMap((line) => line.points),
  ];
  const x = extentOf(
    spec.x,
    points.map(([a]) => a),
    frame.width - area.left - area.right,
  );
  const y = extentOf(
    spec.y,
    points.map(([, b]) => b),
    frame.height - area.top - area.bottom,
  );
  const option = {
    grid: gridOf(area),
    xAxis: axisOption(spec.x, 'x', x),
    yAxis: axisOption(spec.y, 'y', y),
    graphic: { elements: [...headOf(frame), ...legendOf(legend, frame, area)] },
    series: [
      ...lines.map((line) => lineOption(line, LINE, x, y)),
      ...spec.series.map((dots, i) => dotsOption(dots, strokes[i] as Stroke)),
    ],
  };
  return renderSvg(option, frame);
}

function dotsOption(dots: ScatterSeries, stroke: Stroke): Record<string, unknown> {
  return {
    type: 'scatter',
    name: dots.name,
    data: dots.points.map(({ x, y, label }) => ({
      value: [x, y],
      label: { show: label !== undefined, formatter: () => label ?? '' },
    })),
    symbolSize: 8,
    silent: true,
    z: stroke.z,
    itemStyle: { color: stroke.color, opacity: 0.9 },
    label: { position: 'right', color: INK.text, fontSize: 9.5, fontFamily: FONT_FAMILY },
    labelLayout: { hideOverlap: true },
    emphasis: { disabled: true },
  };
}
