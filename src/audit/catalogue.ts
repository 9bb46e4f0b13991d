import type { Check, Example } from './check.ts';
import { checks } from './checks/index.ts';
import { severities } from './finding.ts';
import { profiles } from './profiles/index.ts';
import { fenced, plain, table } from './reports/markup.ts';
import { referencesOf, standards } from './standards/index.ts';

/** The manual of the checks, made from the checks: a page each and one that lists them, in Markdown, by file name. */
export function catalogue(): ReadonlyMap<string, string> {
  return new Map([['README.md', listOf(checks)], ...checks.map((check) => [`${check.id}.md`, pageOf(check)] as const)]);
}

const note = '<!-- Written by npm run docs from the checks of palisade. Do not edit. -->';
const kinds = {
  S: 'what the rules do to packets',
  Y: 'how the rules are written',
  H: 'facts of the host',
  L: 'counters and what changes by itself',
} as const;

function listOf(all: readonly Check[]): string {
  const rows = all.map(({ id, severity, title }) => `| [${id}](${id}.md) | ${severity} | ${plain(title)} |`);
  const audiences = Object.values(profiles).map(({ name, summary }) => [name, summary]);
  return page([
    note,
    '# What palisade audit checks',
    'Each check has a page: what it verifies, why that matters, how to mend it, which standards ask for it, and rulesets that must and must not make it fire. Those are its tests.',
    ['| check | usual severity | verifies |', '| --- | --- | --- |', ...rows].join('\n'),
    '## Profiles',
    table(['profile', 'is for'], audiences),
    '## Standards',
    'Numbers differ between editions; these are the ones that are meant. *Recalled* numbers were written down from memory and not looked up.',
    table(
      ['named here', 'is', 'edition', ''],
      Object.values(standards).map(
        ({ name, title, version, recalled }: { name: string; title: string; version: string | null; recalled?: true }) => [
          name.replace(/,$/, ''),
          title,
          version ?? 'not named by the source',
          recalled === true ? 'recalled' : '',
        ],
      ),
    ),
  ]);
}

function pageOf(check: Check): string {
  const fires = check.examples.find(({ finds }) => finds.length > 0);
  const silent = check.examples.find(({ finds, unknown }) => finds.length === 0 && unknown === undefined);
  return page([
    note,
    `# ${check.id}: ${plain(check.title)}`,
    `**Usual severity** ${severityWords(check)}. **Decided by** ${check.kinds.map((kind) => kinds[kind]).join(' and ')}.`,
    '## Why it matters',
    plain(check.why),
    '## How to mend it',
    plain(check.fix),
    ...standardsPart(check),
    '## Examples',
    table(
      ['of', 'it says'],
      check.examples.map((example) => [example.title, answerWords(example)]),
    ),
    ...(fires === undefined ? [] : shown('It fires', fires)),
    ...(silent === undefined ? [] : shown('It is silent', silent)),
  ]);
}

function severityWords({ id, severity }: Check): string {
  const elsewhere = Object.values(profiles).flatMap(({ name, severities: raised }) => {
    const there = Object.hasOwn(raised, id) ? (raised as Readonly<Record<string, string>>)[id] : undefined;
    return there === undefined ? [] : [`${there} with --profile ${name}`];
  });
  return plain([severity, ...elsewhere].join(', '));
}

function standardsPart({ id, refs }: Check): readonly string[] {
  const references = referencesOf(id);
  if (references.length === 0) return refs.length === 0 ? [] : ['## Standards', plain(refs.join('; '))];
  const rows = references.map(({ standard, version, control, recalled }) => [
    standards[standard].title,
    version ?? '',
    `${control}${recalled === true ? ' (recalled)' : ''}`,
  ]);
  return ['## Standards', table(['standard', 'edition', 'control'], rows)];
}

/** `high, IPv4` for each finding; `unknown` for each open question. */
function answerWords({ finds, unknown = 0 }: Example): string {
  const found = finds.map((find) => {
    const [severity = '', family] = find.split(' ');
    return `${severity}${family === '4' || family === '6' ? ` (IPv${family})` : ''}`;
  });
  const order = (text: string): number => severities.findIndex((severity) => text.startsWith(severity));
  const said = [...found.sort((a, b) => order(a) - order(b)), ...Array.from({ length: unknown }, () => 'unknown')];
  return said.length === 0 ? 'nothing' : said.join(', ');
}

/** An example's rules, and what else is known of its host. */
function shown(title: string, example: Example): readonly string[] {
  const texts = [
    ['IPv4', example.v4],
    ['IPv6', example.v6],
  ] as const;
  const rules = texts.flatMap(([family, text]) => (text == null ? [] : [`${family}:`, fenced('', text.trimEnd())]));
  const sets = example.sets === undefined ? [] : ['Sets:', fenced('', example.sets.trimEnd())];
  const facts = example.facts === undefined ? [] : ['Facts:', fenced('json', JSON.stringify(example.facts, null, 2))];
  if (rules.length + sets.length + facts.length === 0) return [];
  return [`### ${title}: ${plain(example.title)}`, ...rules, ...sets, ...facts];
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}
