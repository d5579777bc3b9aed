/** The report as one HTML page that needs nothing beside it. */
import { escapeXml } from './plot/index.js';
import type { Headline } from '../statistics/measures.js';
import {
  comparisonTable,
  formatNumber,
  pairedTable,
  type ReportDetector,
  type ReportInput,
} from './model.js';
import { facts, page, section, table } from './page.js';
import type { DrawnPlot } from './plots.js';

/** A sheet to embed. */
export interface EmbeddedSheet {
  kind: 'false-positive' | 'missed';
  count: number;
  /** JPEG bytes in base64. */
  base64: string;
}

/** What the page shows besides the report's data. */
export interface PageParts {
  plots: readonly DrawnPlot[];
  sheets: readonly EmbeddedSheet[];
  /** When it was made, as people read it. */
  created: string;
}

type SheetTitles = Record<EmbeddedSheet['kind'], string>;

const SHEET_TITLES: SheetTitles = {
  'false-positive': 'Highest-scored false positives',
  missed: 'Missed faces',
};

/** Where findings are about what covers the faces. */
const COVER_TITLES: SheetTitles = {
  'false-positive': 'Faces with more called covered than is',
  missed: 'Faces with cover that was missed',
};

/** The whole page; plots and pictures are inside, there are no scripts. */
export function reportHtml(input: ReportInput, parts: PageParts): string {
  const title = `${input.set.name} – ${input.detector.name}`;
  const body = [
    head(input, parts.created),
    headlines(input.evaluation.headlines),
    warnings(allWarnings(input)),
    section('Comparison', [comparisonTable(input), pairedTable(input)].map(table)),
    section('Plots', parts.plots.map(figure)),
    section('Tables', input.evaluation.tables.map(table)),
    section('Pictures to look at', sheets(parts.sheets, input.protocol.name)),
    section('Protocol', protocol(input)),
  ];
  return page(title, body);
}

function head({ protocol, set, detector }: ReportInput, created: string): string {
  return [
    '<header>',
    `<p class="kicker">${escapeXml(protocol.summary)}</p>`,
    `<h1>${escapeXml(detector.name)} <span>on ${escapeXml(set.name)}</span></h1>`,
    `<p class="muted">${set.images.toLocaleString('en-US')} pictures · aofd eval ${escapeXml(protocol.name)} · ${escapeXml(created)}</p>`,
    '</header>',
  ].join('\n');
}

function headlines(list: readonly Headline[]): string {
  const cards = list.map(({ label, value, interval }) => {
    const ends = interval
      ? `<small>${formatNumber(interval.low)} – ${formatNumber(interval.high)} <i>(${percent(interval.level)})</i></small>`
      : '<small>no interval</small>';
    return `<div class="card"><span>${escapeXml(label)}</span><b>${formatNumber(value)}</b>${ends}</div>`;
  });
  return cards.length > 0 ? `<div class="cards">\n${cards.join('\n')}\n</div>` : '';
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(4))} %`;

/** Warnings of everyone, each once, with whose they are. */
function allWarnings(input: ReportInput): string[] {
  const of = (detector: ReportDetector): string[] =>
    detector.warnings.map((text) => `${detector.name}: ${text}`);
  // Protocols may hand on the warnings of what they were given.
  const told = new Set([...input.set.warnings, ...input.detector.warnings]);
  const all = [
    ...input.set.warnings,
    ...of(input.detector),
    ...input.evaluation.warnings.filter((text) => !told.has(text)),
    ...input.peers.flatMap((peer) => of(peer)),
    ...(input.paired ? of(input.paired.other) : []),
  ];
  return [...new Set(all)];
}

function warnings(list: readonly string[]): string {
  if (list.length === 0) return '';
  const items = list.map((text) => `<li>${escapeXml(text)}</li>`).join('\n');
  return `<aside class="warnings">\n<h2>To bear in mind</h2>\n<ul>\n${items}\n</ul>\n</aside>`;
}

function figure(plot: DrawnPlot): string {
  return `<figure class="plot" id="plot-${escapeXml(plot.key)}">\n${plot.svg.trim()}\n</figure>`;
}

function sheets(list: readonly EmbeddedSheet[], protocolName: string): string[] {
  if (list.length === 0) return [];
  const titles = protocolName === 'occlusion' ? COVER_TITLES : SHEET_TITLES;
  const figures = list.map(({ kind, count, base64 }) => {
    const title = titles[kind];
    return [
      `<h3>${title}</h3>`,
      `<figure class="sheet"><img alt="${title}: ${count} crops" src="data:image/jpeg;base64,${base64}"></figure>`,
    ].join('\n');
  });
  const note =
    '<p class="note">The crops are pictures of real people from the data set; its terms decide whether this page may be passed on.</p>';
  return [...figures, note];
}

function protocol(input: ReportInput): string[] {
  const { set, detector, evaluation, peers, paired, options } = input;
  return [
    facts('Data', set.facts),
    facts(`Detections: ${detector.name}`, detector.facts),
    ...peers.map((peer) => facts(`Detections: ${peer.name}`, peer.facts)),
    paired ? facts(`Detections: ${paired.other.name}`, paired.other.facts) : '',
    facts('Rules', evaluation.facts),
    facts('Options', options),
  ];
}
