/** Writes a study's report into its folder; each file appears whole or not at all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atomicWriteFile } from '../../../nn/io/files/index.js';
import { svgToPng } from '../../eval/report/plot/png.js';
import { studyDocument, type DocumentInput } from './document.js';
import { studyHtml } from './html.js';
import { studyMarkdown } from './markdown.js';
import { claimPlot, figurePlots } from './plots.js';

/** report.html, report.md, report.json, and plots as SVG and PNG. @returns the path of the page */
export function writeStudyReport(out: string, input: DocumentInput): string {
  const plots = join(out, 'plots');
  mkdirSync(plots, { recursive: true });
  const claims = claimPlot(input.results);
  for (const { key, svg } of [...(claims ? [claims] : []), ...figurePlots(input.results)]) {
    atomicWriteFile(join(plots, `${key}.svg`), svg, { flush: false });
    atomicWriteFile(join(plots, `${key}.png`), svgToPng(svg), { flush: false });
  }
  // Without line breaks: the curves of sixty runs would be megabytes of spaces.
  const json = `${JSON.stringify(studyDocument(input))}\n`;
  atomicWriteFile(join(out, 'report.json'), json);
  atomicWriteFile(join(out, 'report.md'), studyMarkdown(input));
  const html = join(out, 'report.html');
  atomicWriteFile(html, studyHtml(input));
  return html;
}
