import { shownText } from '../../model/ruleset/index.ts';
import { countsOf, type Dossier } from '../dossier.ts';
import type { Evidence, Exhibit } from '../evidence.ts';
import type { Filed, Placed } from '../filed.ts';
import { severities } from '../finding.ts';
import type { Format } from './format.ts';
import { style } from './html-style.ts';
import { escaped } from './visible.ts';
import {
  confidenceWords,
  countWords,
  editionWords,
  evidenceWords,
  expiredWords,
  fixParts,
  placeWords,
  proofWords,
  riskName,
  riskWords,
  scoreWords,
  standardsWords,
  timeWords,
  titleOf,
  witnessWords,
} from './words.ts';

/**
 * One file that needs nothing else: no script, no font, no image, and a policy that would let none of them in, since comments
 * of rules are other people's text. It prints: backgrounds carry nothing, and severities are words.
 */
export const html: Format = {
  name: 'html',
  summary: 'one page that needs nothing else, for reading, sending and printing',
  mediaType: 'text/html; charset=utf-8',
  write(dossier) {
    const { evidence, findings, accepted, expired, unused, unknown, checks, controls } = dossier;
    const passed = checks.filter(({ outcome }) => outcome === 'pass');
    const title = `Firewall audit of ${evidence.host}`;
    return [
      '<!doctype html>',
      '<html lang="en">',
      '<head>',
      '<meta charset="utf-8">',
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">`,
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      '<meta name="referrer" content="no-referrer">',
      `<title>${escaped(title)}</title>`,
      // Browsers ask for an icon by themselves unless the page has one; this one is empty.
      '<link rel="icon" href="data:,">',
      `<style>${style}</style>`,
      '</head>',
      '<body>',
      `<p class="above">Firewall audit, ${escaped(timeWords(evidence.readAt))}</p>`,
      `<h1>${escaped(evidence.host)}</h1>`,
      summary(dossier),
      definitions(evidenceWords(dossier)),
      '<main>',
      heading('Findings', findings.length),
      findings.length === 0 ? '<p>None.</p>' : findings.map((filed) => finding(filed, evidence)).join('\n'),
      ...section('Accepted risks', accepted, ({ filed, risk }) => finding(filed, evidence, riskWords(risk))),
      ...(expired.length + unused.length === 0
        ? []
        : [
            heading('Acceptances to look at', expired.length + unused.length),
            table(
              ['Acceptance', 'What is with it'],
              [
                ...expired.map((entry) => [escaped(riskName(entry.risk)), escaped(`Expired: ${expiredWords(entry)}`)]),
                ...unused.map((risk) => [escaped(riskName(risk)), escaped(`Fits no finding; ${riskWords(risk)}`)]),
              ],
            ),
          ]),
      ...(unknown.length === 0
        ? []
        : [
            heading('Unknown', unknown.length),
            '<p class="caption">What could not be answered counts as neither good nor bad; it lowers the confidence.</p>',
            table(
              ['Check', 'Why', 'What to do'],
              unknown.map(({ id, why, remedy }) => [escaped(id), escaped(why), escaped(remedy)]),
            ),
          ]),
      ...controlSections(controls),
      ...(passed.length === 0
        ? []
        : [
            heading('Passed', passed.length),
            table(
              ['Check', 'Verified'],
              passed.map(({ check }) => [escaped(check.id), escaped(check.title)]),
            ),
          ]),
      ...exhibits(evidence.rulesets),
      '</main>',
      `<footer>Made by ${escaped(evidence.tool.name)} ${escaped(evidence.tool.version)}. ${escaped(confidenceNote(dossier))}</footer>`,
      '</body>',
      '</html>',
      '',
    ].join('\n');
  },
};

function summary(dossier: Dossier): string {
  const { score, confidence, findings } = dossier;
  const counts = countsOf(findings);
  const tallies = severities.flatMap((severity) =>
    counts[severity] === 0 ? [] : [`<li class="${severity}"><b>${counts[severity]}</b> ${severity}</li>`],
  );
  const figure =
    score === null
      ? '<div class="score">–</div><div class="bound">no score: no check could be answered</div>'
      : `<div class="score">${score} <small>of 100</small></div><div class="bound">${confidence === 100 ? 'score' : 'score, at most'}</div>`;
  const accepted = dossier.accepted.length === 0 ? '' : `; ${dossier.accepted.length} accepted, not counted`;
  return [
    '<section class="sheet summary" aria-label="Summary">',
    `<div>${figure}</div>`,
    `<div><ul class="tallies">${tallies.length === 0 ? '<li>No findings</li>' : tallies.join('')}</ul>`,
    `<p>Confidence: ${escaped(confidenceWords(dossier))}${accepted}</p></div>`,
    '</section>',
  ].join('\n');
}

function confidenceNote(dossier: Dossier): string {
  return `${countWords(dossier)}; score ${scoreWords(dossier)}; ${confidenceWords(dossier)}.`;
}

function definitions(rows: readonly (readonly [string, string])[]): string {
  const pairs = rows.map(([label, text]) => `<dt>${escaped(label)}</dt><dd>${escaped(text)}</dd>`);
  return `<dl class="sheet evidence">\n${pairs.join('\n')}\n</dl>`;
}

function heading(title: string, count: number): string {
  return `<h2>${escaped(title)} <small>${count}</small></h2>`;
}

function section<T>(title: string, entries: readonly T[], text: (entry: T) => string): readonly string[] {
  return entries.length === 0 ? [] : [heading(title, entries.length), ...entries.map(text)];
}

function finding({ finding, fingerprint, at, causedBy, proof }: Filed, { rulesets }: Evidence, acceptance?: string): string {
  const { sentence, commands } = fixParts(finding.fix);
  const row = (label: string, items: readonly string[]): string =>
    items.length === 0 ? '' : `<dt>${label}</dt>${items.map((item) => `<dd>${item}</dd>`).join('')}`;
  return [
    `<article class="sheet ${finding.severity}${acceptance === undefined ? '' : ' accepted'}" id="f-${fingerprint}">`,
    `<header><span class="severity">${finding.severity}</span><span>${escaped(finding.id)}</span><span class="fingerprint" title="Fingerprint">${fingerprint}</span></header>`,
    `<h3>${escaped(titleOf(finding))}</h3>`,
    ...(acceptance === undefined ? [] : [`<p class="note">${escaped(acceptance)}</p>`]),
    `<p>${escaped(finding.why)}</p>`,
    '<dl>',
    row(
      'At',
      at.map((place) => placeHtml(place, rulesets)),
    ),
    row(
      'Because of',
      causedBy.map((place) => placeHtml(place, rulesets)),
    ),
    row('Witness', finding.witness === null ? [] : [escaped(witnessWords(finding.witness))]),
    row('Proof', proof === null ? [] : [escaped(proofWords(proof))]),
    row('Fix', [`${escaped(sentence)}${commands.length === 0 ? '' : `<pre>${escaped(commands.join('\n'))}</pre>`}`]),
    row('Standards', finding.refs.length === 0 ? [] : [`<span class="muted">${escaped(standardsWords(finding))}</span>`]),
    '</dl>',
    '</article>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** A place, its words, and the way to its line in the text below. */
function placeHtml(place: Placed, rulesets: readonly Exhibit[]): string {
  const listed = rulesets.some((one) => isListed(one) && one.family === place.family);
  const name = escaped(placeWords(place));
  const linked = place.line === null || !listed ? name : `<a href="#${lineId(place.family, place.line)}">${name}</a>`;
  return `${linked}${place.text === null ? '' : `<code class="rule">${escaped(place.text)}</code>`}`;
}

function controlSections(controls: Dossier['controls']): readonly string[] {
  return [...new Set(controls.map(({ standard }) => standard))].flatMap((key) => {
    const { title, same } = editionWords(key);
    const rows = controls.filter(({ standard }) => standard === key);
    const tally = (['fail', 'unknown', 'manual', 'pass', 'not applicable'] as const)
      .map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const)
      .filter(([, count]) => count > 0)
      .map(([outcome, count]) => `${count} ${outcome}`);
    return [
      `<h2>${escaped(title)}</h2>`,
      `<p class="caption">${escaped(tally.join(', '))}.${same === null ? '' : ` ${escaped(same)} has the same numbers.`}</p>`,
      table(
        ['Control', 'Asks for', 'Outcome', 'Decided by'],
        rows.map((row) => [
          `${escaped(row.control)}${row.recalled ? ' <span class="muted">(recalled)</span>' : ''}`,
          escaped(row.title ?? ''),
          `<span class="outcome ${row.outcome === 'not applicable' ? 'none' : row.outcome}">${row.outcome}</span>`,
          `<span class="muted">${escaped(row.why)}</span>`,
        ]),
      ),
    ];
  });
}

/** Cells are HTML already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return [
    '<div class="sheet scroll"><table>',
    `<thead><tr>${head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr></thead>`,
    `<tbody>\n${body.join('\n')}\n</tbody>`,
    '</table></div>',
  ].join('\n');
}

/** A text of so many lines is a file of its own; a browser that opens it here would be slow. */
const mostLines = 20_000;

type Listed = Extract<Exhibit, { read: true }>;

function isListed(one: Exhibit): one is Listed {
  return one.read && one.rules <= mostLines;
}

function lineId(family: 4 | 6, line: number): string {
  return `v${family}-${line}`;
}

/** The rules as they were read, so that lines can be looked up. */
function exhibits(rulesets: readonly Exhibit[]): readonly string[] {
  const listed = rulesets.filter(isListed);
  if (listed.length === 0) return [];
  const taken = new Set<number>();
  return [
    '<h2>Rules as read</h2>',
    ...listed.map((one) => {
      // Rules of two backends are two texts of one family, of which the first has the anchors.
      const anchored = !taken.has(one.family);
      taken.add(one.family);
      const lines = shownText(one.text).replace(/\n$/, '').split('\n');
      const items = lines.map((line, index) => {
        const id = anchored ? ` id="${lineId(one.family, index + 1)}"` : '';
        return `<li${id}><code>${escaped(line)}</code></li>`;
      });
      return [
        `<details class="sheet"><summary>IPv${one.family} from ${escaped(one.source)}, ${one.rules} rules, SHA-256 <code>${one.sha256}</code></summary>`,
        `<ol>\n${items.join('\n')}\n</ol>`,
        '</details>',
      ].join('\n');
    }),
  ];
}
