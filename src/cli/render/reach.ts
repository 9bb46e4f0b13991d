import type { ReachJson } from '../../verbs/index.ts';
import { type Cell, paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, proofWords } from './words.ts';

type Row = ReachJson['rows'][number];
type Words = Row['services'];

/** A table for each link, or for several that are alike, what happens to all else, then what is unknown or taken for granted. */
export function whole(report: ReachJson, view: View): string {
  const tables = alikeLinks(report).map(({ links, rows }) => `${heading(arriving(links, report), view)}${rowsTable(rows, view)}`);
  const nothing = report.rows.length === 0 ? paragraph(`${report.host}: nobody can reach anything from elsewhere.`, view) : '';
  const others = report.refused.map(({ family, links, verdicts }) =>
    paragraph(`IPv${family}, everything else on ${linkWords(links, report)}: ${verdicts.join(' or ')}`, view, 0),
  );
  const strict =
    report.strict.length === 0
      ? ''
      : paragraph(
          `${report.strict.join(', ')}: IPv4 packets are taken only from sources that are routed there (rp_filter).`,
          view,
        );
  const unknown = report.unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'unknown: '));
  const byText = Map.groupBy(report.assumed, ({ sentence }) => sentence);
  const assumed = [...byText].map(([sentence, said]) =>
    paragraph(`${said.length === 1 ? `IPv${said[0]?.family}: ` : ''}${sentence}`, view, 0, 'taken for granted: '),
  );
  const notes = [...others, strict, ...unknown, ...assumed].join('');
  return `${nothing}${tables.join('').replace(/^\n/, '')}${notes === '' || tables.length === 0 ? '' : '\n'}${notes}`;
}

/** Links, those to the world first, each with all its rows; those with the same rows together. */
function alikeLinks({
  rows,
  outward,
}: ReachJson): readonly { readonly links: readonly string[]; readonly rows: readonly Row[] }[] {
  const links = [...new Set([...outward, ...rows.flatMap((row) => row.links)])];
  const groups = Map.groupBy(links, (link) => rows.flatMap((row, at) => (row.links.includes(link) ? [at] : [])).join());
  return [...groups]
    .filter(([numbers]) => numbers !== '')
    .map(([, alike]) => ({ links: alike, rows: rows.filter((row) => row.links.includes(alike[0] ?? '')) }));
}

function arriving(links: readonly string[], report: ReachJson): string {
  const named = links.map((link) => (report.outward.includes(link) ? `${link} (to the world)` : link));
  return `Arriving on ${linkWords(named, report)}`;
}

/** `*` stands for all names that no rule mentions. */
function linkWords(links: readonly string[], { rows }: ReachJson): string {
  const isOnly = rows.every((row) => row.links.every((link) => link === '*'));
  if (links.length === 1 && links[0] === '*' && isOnly) return 'any link';
  return links.map((link) => (link === '*' ? 'any other link' : link)).join(', ');
}

function rowsTable(rows: readonly Row[], view: View): string {
  const families = ([4, 6] as const).filter((family) => rows.some(({ sources }) => sources[family] !== null));
  return table(
    [
      { title: 'SERVICE', grows: true },
      { title: 'TO', grows: true },
      ...families.map((family) => ({ title: `FROM (IPv${family})`, grows: true })),
      { title: 'VERDICT', grows: true },
      { title: 'LISTENING', grows: true },
    ],
    rows.map((row): Cell[] => [
      words(row.services, 'any'),
      goalWords(row),
      ...families.map((family): Cell => {
        const sources = row.sources[family];
        return sources === null ? { text: 'nobody', style: 'dim' } : words(sources, 'anyone');
      }),
      verdictCell(row),
      listening(row),
    ]),
    view,
  );
}

function verdictCell({ verdict, conditions, witness }: Row): Cell {
  const proof = witness?.proof ?? null;
  const below = proof === null ? {} : { below: shortProof(proof) };
  return verdict === 'ACCEPT'
    ? { text: 'ACCEPT', style: 'green', ...below }
    : { text: `depends on ${conditions.join('; ')}`, style: 'yellow', ...below };
}

/** The row says already what the packet is. */
function shortProof(proof: NonNullable<NonNullable<Row['witness']>['proof']>): string {
  return proof.ran && proof.agrees
    ? `the kernel agrees${proof.led ? ', led there' : ''}`
    : proof.ran
      ? proofWords(proof)
      : `not proved: ${proof.why}`;
}

/** So many are said in a table; `--json` has all. */
const most = 8;

function words({ except, list }: Words, all: string): string {
  const shown = list.length > most ? [...list.slice(0, most - 1), `${list.length - most + 1} more`] : list;
  if (!except) return shown.join(', ');
  return list.length === 0 ? all : `${all} except ${shown.join(', ')}`;
}

function goalWords({ destinations, goals }: Row): string {
  const kinds = new Set(goals.map(({ kind }) => kind));
  const asked =
    destinations.own || (kinds.has('host') && destinations.except && destinations.list.length === 0)
      ? 'this host'
      : words(destinations, 'any address');
  const onward = goals
    .filter(({ kind }) => kind === 'published')
    .map(
      ({ address, port, link }) =>
        `${address ?? ''}${port === null ? '' : address?.includes(':') ? ` port ${port}` : `:${port}`}${link === null ? '' : ` (${link})`}`,
    );
  const routed = goals
    .filter(({ kind }) => kind === 'through')
    .map(({ link }) => (link === null ? 'sent on' : `sent on by ${link}`));
  const led = [...(kinds.has('host') && onward.length > 0 ? ['this host'] : []), ...onward];
  return `${asked}${led.length === 0 ? '' : ` → ${led.join(' or ')}`}${routed.length === 0 ? '' : `, ${routed.join(' or ')}`}`;
}

function listening({ listeners, goals }: Row): Cell {
  if (listeners === null) return '';
  if (listeners.length === 0) return goals.every(({ kind }) => kind === 'host') ? { text: 'nobody', style: 'dim' } : '';
  const named = listeners.map(({ proto, port, process }) => `${process ?? 'somebody'} ${port}/${proto}`);
  return words({ except: false, list: [...new Set(named)] }, '');
}
