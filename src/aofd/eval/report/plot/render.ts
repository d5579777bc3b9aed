/** From a chart's options to SVG text that is the same each time. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GraphicComponent, GridComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import type { EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { textWidth } from './theme.js';
import type { ChartFrame } from './types.js';

echarts.use([
  LineChart,
  BarChart,
  ScatterChart,
  CustomChart,
  GridComponent,
  GraphicComponent,
  SVGRenderer,
]);

// The widths of the font that plots are set in, the same on every machine.
echarts.setPlatformAPI({
  measureText: (text: string, font?: string) => {
    const size = Number(/([\d.]+)px/.exec(font ?? '')?.[1] ?? 12);
    return { width: textWidth(text, size, /bold|[6-9]00/.test(font ?? '')) };
  },
});

/** Draws a chart; the size is that of the frame. */
export function renderSvg(
  option: EChartsCoreOption,
  frame: ChartFrame & { width: number; height: number },
): string {
  const { width, height } = frame;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return tidy(chart.renderToSVGString(), frame);
  } finally {
    chart.dispose();
  }
}

/**
 * Ids that do not depend on how many plots were drawn before, no style sheet for pointers, and the
 * title for screen readers.
 */
function tidy(svg: string, frame: ChartFrame): string {
  const id = frame.id ?? slug(frame.title);
  return svg
    .replace(/<style\b[^]*?<\/style>\n?/g, '')
    .replace(/ class="zr\d+-cls-\d+"| pointer-events="\w+"/g, '')
    .replace(/\bzr\d+-([a-z]+\d+)\b/g, `${id}-$1`)
    .replace(/<defs >\s*<\/defs>\n?/g, '')
    .replace(/<svg /, '<svg role="img" ')
    .replace('>\n', `>\n<title>${escapeXml(frame.title)}</title>\n`);
}

/** `Recall, FDDB` becomes `recall-fddb`. */
export function slug(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? ['plot'];
  return words.join('-').replace(/^(?=\d)/, 'p');
}

/** Text for elements and attributes of XML and HTML. */
export function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] as string);
}
