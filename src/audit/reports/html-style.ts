/** The look of the one-file report: the page's colours, a calm column, and paper that needs no ink for backgrounds. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f7f9, #12161b);
  --sheet: light-dark(#ffffff, #191e25);
  --raised: light-dark(#f1f3f6, #212832);
  --ink: light-dark(#161b22, #e4e8ed);
  --muted: light-dark(#55606d, #9aa6b4);
  --line: light-dark(#d9dee5, #2d3540);
  --accent: light-dark(#0f5c80, #7cc4e8);
  --critical: light-dark(#b3122d, #ff8091);
  --high: light-dark(#b04300, #ffa169);
  --medium: light-dark(#7d5c00, #e8c350);
  --low: light-dark(#3c5f8a, #93b8e6);
  --info: light-dark(#55606d, #9aa6b4);
  --good: light-dark(#1d6b3c, #74cf96);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
  background: var(--paper);
  color: var(--ink);
  scroll-padding-top: 16px;
  text-size-adjust: 100%;
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 40px 24px 64px; }
h1, h2, h3, p, ul, dl, dd, pre { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 30px; font-weight: 650; letter-spacing: -0.015em; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 44px 0 14px; font-size: 19px; font-weight: 650; letter-spacing: -0.005em; }
h2 small { margin-left: 6px; font-size: 14px; font-weight: 400; color: var(--muted); }
h3 { font-size: 16px; font-weight: 600; line-height: 1.4; overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere; white-space: pre-wrap; }
.above { margin-bottom: 4px; font-size: 13px; color: var(--muted); }
.muted { color: var(--muted); }
.sheet { border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); }
.summary { display: grid; grid-template-columns: auto 1fr; gap: 0 40px; align-items: center; margin-top: 24px; padding: 22px 26px; }
.score { font-size: 44px; font-weight: 650; letter-spacing: -0.03em; line-height: 1.05; white-space: nowrap; }
.score small { font-size: 16px; font-weight: 400; letter-spacing: 0; color: var(--muted); }
.summary .bound { font-size: 13px; color: var(--muted); }
.tallies { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: 16px; }
.tallies b { font-weight: 650; }
.tallies li, .severity { color: var(--severity, var(--muted)); }
.tallies + p { margin-top: 6px; font-size: 14px; color: var(--muted); }
.critical { --severity: var(--critical); }
.high { --severity: var(--high); }
.medium { --severity: var(--medium); }
.low { --severity: var(--low); }
.info { --severity: var(--info); }
dl.evidence { display: grid; grid-template-columns: max-content 1fr; gap: 5px 24px; margin-top: 16px; padding: 18px 26px; font-size: 13.5px; }
dl.evidence dt { color: var(--muted); }
dl.evidence dd { overflow-wrap: anywhere; }
article.sheet { margin-bottom: 14px; padding: 18px 24px 20px; border-left: 4px solid var(--severity); break-inside: avoid; }
article header { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; font-size: 13px; }
.severity { font-weight: 700; letter-spacing: 0.03em; text-transform: uppercase; font-size: 12px; }
article header .fingerprint { margin-left: auto; color: var(--muted); font-family: var(--mono); font-size: 11.5px; }
article h3 { margin: 3px 0 8px; }
article dl { display: grid; grid-template-columns: 92px 1fr; gap: 6px 14px; margin-top: 12px; font-size: 14px; }
article dt { color: var(--muted); }
article dd { overflow-wrap: anywhere; }
article dd + dd { grid-column: 2; }
article pre { margin-top: 7px; padding: 10px 13px; border-radius: 6px; background: var(--raised); line-height: 1.6; }
.rule { display: block; }
article.accepted { border-left-style: double; border-left-width: 6px; }
.note { margin: 6px 0 2px; padding: 7px 12px; border-radius: 6px; background: var(--raised); font-size: 14px; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
th { white-space: nowrap; text-align: left; font-weight: 600; color: var(--muted); }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 20px; white-space: nowrap; }
tr { break-inside: avoid; }
tbody tr:last-child td { border-bottom: 0; }
thead { display: table-header-group; }
.outcome { font-weight: 600; white-space: nowrap; }
.outcome.fail { color: var(--critical); }
.outcome.pass { color: var(--good); }
.outcome.unknown { color: var(--medium); }
.outcome.manual, .outcome.none { color: var(--muted); font-weight: 400; }
.scroll { overflow-x: auto; }
.caption { margin: -8px 0 12px; font-size: 13.5px; color: var(--muted); }
details { margin-bottom: 10px; padding: 12px 20px; }
summary { cursor: pointer; font-size: 14px; }
details ol { margin: 12px 0 4px; padding: 0 0 0 4.2em; font-size: 12.5px; color: var(--muted); }
details li { padding-left: 4px; }
details li code { color: var(--ink); }
details li:target { background: var(--raised); }
footer { margin-top: 44px; font-size: 12.5px; color: var(--muted); }
@media (max-width: 640px) {
  body { padding: 24px 14px 48px; }
  .summary { grid-template-columns: 1fr; gap: 14px; }
  article.sheet { padding: 14px 16px 16px; }
  article dl, dl.evidence { grid-template-columns: 1fr; gap: 0; }
  article dd, dl.evidence dd { margin-bottom: 6px; }
  article dd + dd { grid-column: 1; }
}
@media print {
  :root { color-scheme: light; background: none; font-size: 10pt; --paper: #fff; --raised: #f6f7f9; }
  @page { margin: 16mm 15mm; }
  body { max-width: none; padding: 0; }
  h2 { break-after: avoid; margin-top: 22pt; }
  a { color: inherit; text-decoration: none; }
  article, .sheet { border-radius: 0; }
  details:not([open]) { display: none; }
  code, pre { font-size: 8.5pt; }
}
`;
