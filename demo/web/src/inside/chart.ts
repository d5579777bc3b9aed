/** Small line charts on a canvas, in the page's colours. */
import { contextOf } from '../dom.js';

export interface Series {
  /** CSS colour, or the name of one of the page's colours: `--accent`. */
  color: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Named below the chart. */
  name?: string;
  dashed?: boolean;
}

export interface ChartOptions {
  /** Range of x and y; points outside are clamped. */
  x: readonly [number, number];
  y: readonly [number, number];
  xLabel: string;
  /** Values with a line across, with their text. */
  yTicks: readonly (readonly [number, string])[];
}

const PAD = { left: 44, right: 12, top: 12, bottom: 34 };

/** Draws at the canvas's size on the page, sharp on dense screens. */
export function drawChart(
  canvas: HTMLCanvasElement,
  series: readonly Series[],
  options: ChartOptions,
): void {
  const density = window.devicePixelRatio || 1;
  const width = Math.max(240, canvas.parentElement?.clientWidth ?? 0);
  const height = Math.round(Math.min(300, Math.max(190, width * 0.6)));
  Object.assign(canvas, { width: width * density, height: height * density });
  const context = contextOf(canvas);
  const style = getComputedStyle(document.documentElement);
  const colorOf = (name: string): string =>
    name.startsWith('--') ? style.getPropertyValue(name).trim() : name;
  context.scale(density, density);
  context.font = '12px system-ui, sans-serif';
  const span = { w: width - PAD.left - PAD.right, h: height - PAD.top - PAD.bottom };
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    PAD.left + part(x, options.x) * span.w,
    PAD.top + (1 - part(y, options.y)) * span.h,
  ];
  context.strokeStyle = colorOf('--line');
  context.fillStyle = colorOf('--soft');
  for (const [value, text] of options.yTicks) {
    const [, y] = place([0, value]);
    context.beginPath();
    context.moveTo(PAD.left, y);
    context.lineTo(width - PAD.right, y);
    context.stroke();
    context.fillText(text, 6, y + 4);
  }
  context.textAlign = 'right';
  context.fillText(options.xLabel, width - PAD.right, height - PAD.bottom - 6);
  context.textAlign = 'left';
  let legend = PAD.left;
  for (const { color, points, name, dashed = false } of series) {
    if (points.length === 0) continue;
    context.strokeStyle = colorOf(color);
    context.fillStyle = colorOf(color);
    context.lineWidth = 2;
    context.setLineDash(dashed ? [5, 4] : []);
    context.beginPath();
    for (const point of points) context.lineTo(...place(point));
    context.stroke();
    if (!name) continue;
    context.beginPath();
    context.moveTo(legend, height - 12);
    context.lineTo(legend + 18, height - 12);
    context.stroke();
    context.fillText(name, legend + 23, height - 8);
    legend += context.measureText(name).width + 38;
  }
}

function part(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
}
