/** The report of a study as one HTML page that needs nothing beside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { facts, page, section, table } from '../../eval/report/page.js';
import { escapeXml } from '../../eval/report/plot/index.js';
import type { DrawnPlot } from '../../eval/report/plots.js';
import { titleOf, type FigureResult, type StudyResults } from '../results.js';
import type { DocumentInput } from './document.js';
import { claimPlot, figurePlots, trainingPlots } from './plots.js';
import { boxTable, maskTable, scoreTables } from './picture-tables.js';
import { claimTable, durationText, figureTables, runTable } from './tables.js';

/** The whole page; plots and pictures are inside, there are no scripts. */
export function studyHtml(input: DocumentInput): string {
  const { loaded, runs, results } = input;
  const { study } = loaded;
  const claims = claimPlot(results);
  const plots = new Map(figurePlots(results).map((plot) => [plot.key, plot]));
  return page(study.title, [
    head(input),
    warnings(results),
    section('Claims', [table(claimTable(loaded, results)), claims ? figure(claims) : '']),
    section('Not tested', [untested(input)]),
    section('Figures of every setting', figureTables(loaded, results).map(table)),
    section('Figures of the paper', [
      ...results.figures.map((entry) => paperFigure(input, entry, plots)),
      table(maskTable(loaded, results)),
      table(boxTable(loaded, results)),
      ...scoreTables(loaded, results).map(table),
    ]),
    section('Runs', [table(runTable(loaded, runs, results))]),
    section('Training', training(input)),
    section('How it was made', making(input)),
  ]);
}

function head({ loaded: { study }, runs, results, created }: DocumentInput): string {
  const done = results.runs.filter(({ status }) => status.state === 'done').length;
  const total = results.times.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const about = (study.about ?? []).map((text) => `<p>${escapeXml(text)}</p>`);
  return [
    '<header>',
    '<p class="kicker">aofd reproduce</p>',
    `<h1>${escapeXml(study.title)}</h1>`,
    `<p class="muted">${study.settings.length} settings, seeds ${study.seeds.join(', ')} · ${done} of ${runs.length} runs complete · ${durationText(total)} · ${escapeXml(created)}</p>`,
    ...about,
    '</header>',
  ].join('\n');
}

function warnings({ protocols, runs, otherCode }: StudyResults): string {
  const failed = runs.filter(({ status }) => status.state === 'failed').length;
  const open = runs.filter(({ status }) => status.state === 'open').length;
  const texts = [
    ...(failed > 0 ? [`${failed} runs failed; the table of runs says why.`] : []),
    ...(open > 0 ? [`${open} runs are not complete.`] : []),
    ...(otherCode > 0
      ? [`${otherCode} results were made by another version of the code (--any-code).`]
      : []),
    ...protocols.flatMap(({ title, problem, warnings: list }) => [
      ...(problem === null ? [] : [`${title} could not be used: ${problem}`]),
      ...list.map((text) => `${title}: ${text}`),
    ]),
  ];
  if (texts.length === 0) return '';
  const items = texts.map((text) => `<li>${escapeXml(text)}</li>`).join('\n');
  return `<aside class="warnings">\n<h2>To bear in mind</h2>\n<ul>\n${items}\n</ul>\n</aside>`;
}

function untested({ loaded: { study } }: DocumentInput): string {
  const rows = (study.untested ?? []).map(({ where, text, why }) => [where, text, why]);
  if (rows.length === 0) return '';
  return table({
    title: 'What the paper says that this study cannot test',
    columns: ['where', 'what', 'why not'],
    rows,
  });
}

const figure = (plot: DrawnPlot): string =>
  `<figure class="plot" id="plot-${escapeXml(plot.key)}">\n${plot.svg.trim()}\n</figure>`;

function training({ loaded, results }: DocumentInput): string[] {
  const { shared, own } = trainingPlots(loaded, results);
  const grid =
    'display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:0 14px';
  return [
    shared ? figure(shared) : '',
    own.length > 0 ? `<div style="${grid}">\n${own.map(figure).join('\n')}\n</div>` : '',
  ];
}

const noteOf = (note: string | null): string =>
  note === null ? '' : `<p class="note">${escapeXml(note)}</p>`;

function paperFigure(
  { loaded, hasPictures = true }: DocumentInput,
  entry: FigureResult,
  plots: ReadonlyMap<string, DrawnPlot>,
): string {
  if (entry.kind === 'curves') {
    const plot = plots.get(entry.figure.name);
    const missing = `<h3>${escapeXml(entry.figure.title)}</h3>`;
    return [plot ? figure(plot) : missing, noteOf(entry.note)].join('\n');
  }
  if (!hasPictures) return '';
  const cells = entry.figure.pictures.map((_, i) =>
    entry.shown.flatMap(({ setting, folder, shown }) => {
      const picture = shown.pictures[i];
      if (!picture) return [];
      const data = readFileSync(join(folder, picture.image)).toString('base64');
      const title = escapeXml(titleOf(loaded, setting));
      return `<div style="flex:0 1 318px"><img style="width:100%;border-radius:6px" alt="${title}" src="data:image/jpeg;base64,${data}"><p class="note">${title}</p></div>`;
    }),
  );
  // A row for each picture where settings are compared, else one after the other.
  const rows = entry.shown.length > 1 ? cells : [cells.flat()];
  return [
    `<h3>${escapeXml(entry.figure.title)}</h3>`,
    ...rows.map((row) => `<div style="display:flex;gap:12px;flex-wrap:wrap">${row.join('')}</div>`),
    noteOf(entry.note),
  ].join('\n');
}

function making({ loaded, results, code }: DocumentInput): string[] {
  const adapters = [...new Set(results.times.map(({ adapter }) => adapter))].sort();
  return [
    facts('Code and machines', [
      { name: 'code that trains', value: code.train },
      { name: 'code that detects', value: code.detect },
      { name: 'adapters', value: adapters.join('; ') || 'none yet' },
      { name: 'study file', value: loaded.study.name },
    ]),
    ...results.protocols.map((protocol) => facts(`Data: ${protocol.title}`, protocol.facts)),
  ];
}
