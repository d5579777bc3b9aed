/** Plots as pixels, with the font that comes along, so that text is there on machines without fonts. */
import { Resvg } from '@resvg/resvg-js';
import { resolveInstalled } from '../../../../nn/platform/node/packages.js';

/**
 * An SVG as PNG, on white.
 * @param scale pixels of the picture for each of the SVG's; default 2
 */
export function svgToPng(svg: string, scale = 2): Uint8Array {
  const fonts = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
    resolveInstalled(`dejavu-fonts-ttf/ttf/${name}`),
  );
  const resvg = new Resvg(svg, {
    background: '#ffffff',
    fitTo: { mode: 'zoom', value: scale },
    font: { fontFiles: fonts, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
  });
  return resvg.render().asPng();
}
