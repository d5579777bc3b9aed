/** Look of the report: light, dark, and on paper. */
export const REPORT_CSS = `
:root {
  --page: #ffffff; --panel: #f5f7fa; --line: #dfe4ea; --ink: #1b2430; --muted: #667180;
  --accent: #0b62b0; --warn-bg: #fff7e6; --warn-line: #e6b655;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --panel: #1a2027; --line: #2c343e; --ink: #e8edf3; --muted: #98a3b1;
    --accent: #58a6f0; --warn-bg: #2a2415; --warn-line: #8a6d2b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 72px; }
header { margin-bottom: 26px; }
h1 { font-size: 30px; line-height: 1.2; margin: 2px 0 6px; letter-spacing: -0.01em; }
h1 span { color: var(--muted); font-weight: 400; }
h2 { font-size: 20px; margin: 44px 0 14px; padding-bottom: 6px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 26px 0 8px; }
.kicker { color: var(--accent); font-weight: 600; margin: 0; }
.muted, .note { color: var(--muted); }
.muted { margin: 0; }
.note { font-size: 13px; margin: 6px 0 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 12px; }
.card {
  display: flex; flex-direction: column; padding: 14px 16px; border-radius: 8px;
  background: var(--panel); border: 1px solid var(--line);
}
.card span { font-size: 13px; color: var(--muted); flex: 1; }
.card b { font-size: 27px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.card small { font-size: 12.5px; color: var(--muted); font-variant-numeric: tabular-nums; }
.card i { font-style: normal; white-space: nowrap; }
.warnings {
  margin-top: 24px; padding: 12px 18px; background: var(--warn-bg);
  border-left: 3px solid var(--warn-line); border-radius: 4px;
}
.warnings h2 { border: 0; font-size: 15px; margin: 0 0 4px; padding: 0; }
.warnings ul { margin: 0; padding-left: 18px; }
figure { margin: 0 0 18px; }
.plot { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.plot svg { display: block; width: 100%; height: auto; }
.sheet img { display: block; max-width: 100%; border-radius: 6px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
th.n, td.n { text-align: right; padding: 5px 12px; }
td.n { white-space: nowrap; }
td:first-child { min-width: 130px; }
dl { margin: 0; font-size: 13.5px; }
dl div { display: flex; gap: 18px; padding: 5px 0; border-bottom: 1px solid var(--line); }
dt { flex: 0 0 210px; color: var(--muted); }
dd { margin: 0; flex: 1; overflow-wrap: anywhere; }
@media (max-width: 640px) { dl div { display: block; } }
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 11pt; }
  .card, .warnings, figure, tr, dl div { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim();
