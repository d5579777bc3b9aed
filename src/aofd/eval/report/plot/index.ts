/**
 * Plots as SVG text from plain data; the same data give the same text. `png.ts` makes pixels of
 * them.
 */
export { barChart } from './bar-chart.js';
export { lineChart } from './line-chart.js';
export { scatterChart } from './scatter-chart.js';
export { darkPlotCss } from './theme.js';
export { escapeXml, slug } from './render.js';
export type * from './types.js';
