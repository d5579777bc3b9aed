/** Bars by category, with intervals where they are known. */
import {
  areaOf,
  axisOption,
  extentOf,
  gridOf,
  headOf,
  legendOf,
  sized,
  strokesOf,
  textAt,
  type LegendEntry,
  type Stroke,
} from './layout.js';
import { renderSvg } from './render.js';
import { FONT_FAMILY, INK, fitText, textWidth } from './theme.js';
import type { BarChartSpec, BarSeries } from './types.js';

/** Most bars that have their value printed where the caller does not say. */
const LABELLED_BARS = 24;

/** Bars, standing or lying, side by side or stacked, as SVG text. */
export function barChart(spec: BarChartSpec): string {
  const frame = sized(spec);
  const { isHorizontal = false, isStacked = false } = spec;
  const left = isHorizontal ? labelRoom(spec.categories, frame.width) : undefined;
  const strokes = strokesOf(spec.series.map(({ role }) => role));
  const legend = spec.series.map((bars, i): LegendEntry => ({
    name: bars.name,
    role: bars.role ?? 'ours',
    stroke: strokes[i] as Stroke,
    shape: 'bar',
  }));
  const area = areaOf(frame, legend, left);
  // Values are printed beyond the end of lying bars.
  const grid = { ...area, right: area.right + (isHorizontal && labelsOf(spec) ? 30 : 0) };
  const pixels = isHorizontal
    ? frame.width - grid.left - grid.right
    : frame.height - area.top - area.bottom;
  const extent = extentOf(spec.value, shownValues(spec, isStacked), pixels);
  const value = axisOption(spec.value, isHorizontal ? 'x' : 'y', extent);
  const category = categoryAxis(spec, frame.width - area.left - area.right);
  const option = {
    grid: gridOf(grid),
    xAxis: isHorizontal ? value : category,
    yAxis: isHorizontal ? category : value,
    graphic: { elements: [...headOf(frame), ...legendOf(legend, frame, area)] },
    series: spec.series.flatMap((bars, i) => seriesOf(spec, bars, i, strokes[i] as Stroke)),
  };
  return renderSvg(option, frame);
}

function seriesOf(
  spec: BarChartSpec,
  bars: BarSeries,
  index: number,
  stroke: Stroke,
): Record<string, unknown>[] {
  const { isHorizontal = false, isStacked = false } = spec;
  const labels = labelsOf(spec);
  const out: Record<string, unknown>[] = [
    {
      type: 'bar',
      name: bars.name,
      data: bars.values.map((value) => value ?? '-'),
      ...(isStacked ? { stack: 'all' } : {}),
      barMaxWidth: 46,
      barGap: '12%',
      silent: true,
      itemStyle: { color: stroke.color },
      label: {
        show: labels !== null,
        position: isHorizontal ? 'right' : 'top',
        distance: 4,
        // Values with an interval are printed beyond its end.
        formatter: ({ value, dataIndex }: { value: unknown; dataIndex: number }) =>
          typeof value === 'number' && !bars.intervals?.[dataIndex] ? (labels?.(value) ?? '') : '',
        color: INK.text,
        fontSize: 10,
        fontFamily: FONT_FAMILY,
      },
      emphasis: { disabled: true },
    },
  ];
  if (bars.intervals && !isStacked) out.push(intervalSeries(spec, bars, index));
  return out;
}

/** How values are printed at their bars; null where they are not. */
function labelsOf(spec: BarChartSpec): ((value: number) => string) | null {
  const count = spec.categories.length * spec.series.length;
  if (!(spec.hasLabels ?? (count <= LABELLED_BARS && !spec.isStacked))) return null;
  return spec.format ?? ((value) => String(Number(value.toPrecision(4))));
}

/** What ECharts hands to a custom series. */
interface DrawApi {
  value(dimension: number): number;
  coord(point: number[]): number[];
  barLayout(options: Record<string, unknown>): { offsetCenter: number }[];
}

/** Whiskers over the bars of one series. */
function intervalSeries(
  spec: BarChartSpec,
  bars: BarSeries,
  index: number,
): Record<string, unknown> {
  const isHorizontal = spec.isHorizontal ?? false;
  const labels = labelsOf(spec);
  return {
    type: 'custom',
    name: `${bars.name} interval`,
    silent: true,
    z: 6,
    data: (bars.intervals ?? []).flatMap((ends, i) => (ends ? [[i, ends[0], ends[1]]] : [])),
    encode: isHorizontal ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
    renderItem: (_params: unknown, api: DrawApi) => {
      const layout = api.barLayout({
        count: spec.series.length,
        barMaxWidth: 46,
        barGap: '12%',
      });
      const shift = layout[index]?.offsetCenter ?? 0;
      const at = (value: number): number[] => {
        const place = isHorizontal ? [value, api.value(0)] : [api.value(0), value];
        const [x = 0, y = 0] = api.coord(place);
        return isHorizontal ? [x, y + shift] : [x + shift, y];
      };
      const value = bars.values[api.value(0)] ?? null;
      const label = value === null ? '' : (labels?.(value) ?? '');
      return whisker(at(api.value(1)), at(api.value(2)), label, isHorizontal);
    },
  };
}

function whisker(
  low: number[],
  high: number[],
  label: string,
  isHorizontal: boolean,
): Record<string, unknown> {
  const line = (x1: number, y1: number, x2: number, y2: number): Record<string, unknown> => ({
    type: 'line',
    shape: { x1, y1, x2, y2 },
    style: { stroke: INK.title, lineWidth: 1.2 },
  });
  const [x1 = 0, y1 = 0] = low;
  const [x2 = 0, y2 = 0] = high;
  const [dx, dy] = isHorizontal ? [0, 4] : [4, 0];
  return {
    type: 'group',
    children: [
      line(x1, y1, x2, y2),
      line(x1 - dx, y1 - dy, x1 + dx, y1 + dy),
      line(x2 - dx, y2 - dy, x2 + dx, y2 + dy),
      textAt(isHorizontal ? x2 + 5 : x2, isHorizontal ? y2 : y2 - 9, label, {
        size: 10,
        color: INK.text,
        align: isHorizontal ? 'left' : 'center',
      }),
    ],
  };
}

/** All that the value axis has to show: 0, values, ends of intervals, or the sums of stacks. */
function shownValues(spec: BarChartSpec, isStacked: boolean): number[] {
  const base = spec.value.scale === 'log' ? [] : [0];
  if (isStacked) {
    const sums = spec.categories.map((_, i) =>
      spec.series.reduce((sum, bars) => sum + (bars.values[i] ?? 0), 0),
    );
    return [...base, ...sums];
  }
  return [
    ...base,
    ...spec.series.flatMap((bars) => bars.values.filter((value) => value !== null)),
    ...spec.series.flatMap((bars) => (bars.intervals ?? []).flatMap((ends) => ends ?? [])),
  ];
}

function labelRoom(categories: readonly string[], width: number): number {
  const widest = Math.max(0, ...categories.map((name) => textWidth(name, 11)));
  return Math.min(Math.ceil(widest) + 30, Math.round(width * 0.4));
}

function categoryAxis(spec: BarChartSpec, width: number): Record<string, unknown> {
  const isHorizontal = spec.isHorizontal ?? false;
  const room = isHorizontal
    ? labelRoom(spec.categories, spec.width ?? 880) - 26
    : width / Math.max(1, spec.categories.length) - 4;
  return {
    type: 'category',
    data: spec.categories.map((name) => fitText(name, 11, Math.max(24, room))),
    inverse: isHorizontal,
    axisLine: { show: true, lineStyle: { color: INK.axis } },
    axisTick: { show: false },
    axisLabel: { color: INK.text, fontSize: 11, fontFamily: FONT_FAMILY, interval: 0 },
    silent: true,
  };
}
