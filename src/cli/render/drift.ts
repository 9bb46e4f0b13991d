import type { DriftPartJson } from '../../verbs/index.ts';
import { regionWords } from '../../verbs/region-words.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, packetWords, paintWords } from './words.ts';

type Part<K extends DriftPartJson['kind']> = Extract<DriftPartJson, { kind: K }>;

export function part(said: DriftPartJson, view: View): string {
  switch (said.kind) {
    case 'drift':
      return drift(said, view);
    case 'boot':
      return boot(said, view);
    case 'watching':
      return watching(said, view);
    case 'noticed':
      return noticed(said, view);
    case 'settled':
      return paragraph(`${timeWords(said.at)}  The firewall is as it was accepted again.`, view);
    case 'failed':
      return said.why.map((text) => paragraph(text, view, 0, 'unknown: ')).join('');
  }
}

function watching({ accepted, problems }: Part<'watching'>, view: View): string {
  const taken =
    accepted === null
      ? ''
      : ` Nobody had said how it is to be: what stands now was taken for it (snapshot ${accepted.slice(0, 16)}).`;
  return (
    paragraph(`Watching the firewall; Ctrl-C ends it.${taken}`, view) +
    problems.map((text) => paragraph(text, view, 0, 'note: ')).join('')
  );
}

export function noticed({ says, by, snapshot, repaired, drift: found }: Part<'noticed'>, view: View): string {
  const head = paintWords(['bold', 'yellow'], 'Somebody changed the firewall', view);
  const kept = snapshot === null ? '' : ` Snapshot ${snapshot.slice(0, 16)} shows it.`;
  const done =
    repaired === null || repaired.kind === 'nothing'
      ? ''
      : paragraph(`${repairedWords[repaired.kind]}: ${repaired.says.join('; ')}.`, view, 2);
  return [
    paragraph(`${timeWords(found.at)}  ${head}${by === null ? '' : `, ${by}`}.${kept}`, view),
    ...says.map((text) => paragraph(isWorst(text) ? paintWords(['bold', 'red'], text, view) : text, view, 2, '- ')),
    done,
  ].join('');
}

const repairedWords = {
  suspended: 'Nothing was put back',
  repaired: 'Put back',
  failed: 'It could not be put back',
} as const;

function drift(said: Part<'drift'>, view: View): string {
  const { baseline, drifted, says, changes, more, announced, unknown } = said;
  const since = `what was accepted ${timeWords(baseline.at)} (${baseline.reason}, ${baseline.id.slice(0, 16)})`;
  const others = changes.filter((change) => !change.drift);
  const head = drifted
    ? paintWords(['bold', 'yellow'], 'The firewall is not what was accepted.', view)
    : paintWords('bold', unknown.length > 0 ? 'No change was found.' : 'The firewall is as it was accepted.', view);
  return [
    paragraph(`${head} Compared with ${since}.`, view),
    announced === null
      ? ''
      : paragraph(
          `A change by hand is announced until ${timeWords(announced.until)}${announced.reason === null ? '' : `: ${announced.reason}`}.`,
          view,
        ),
    ...says.map((text) => paragraph(isWorst(text) ? paintWords(['bold', 'red'], text, view) : text, view, 2, '- ')),
    others.length === 0 ? '' : paragraph(`${ownersWords(others, more)}; that is no drift.`, view),
    baseline.policy || !drifted
      ? ''
      : paragraph('No policy of palisade’s was in force then: nothing is its own to put back.', view),
    ...unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'unknown: ')),
    packetsTable(said.packets, view, ['accepted', 'now']),
  ].join('');
}

function isWorst(text: string): boolean {
  return text.includes(': everything is now accepted');
}

function ownersWords(others: Part<'drift'>['changes'], more: number): string {
  const counts = new Map<string, number>();
  for (const { owner, program } of others) {
    const whose =
      owner === 'program' ? (program ?? '') : owner === 'opening' ? 'palisade open' : 'others, without effect on packets';
    counts.set(whose, (counts.get(whose) ?? 0) + 1);
  }
  const said = [...counts].map(([whose, count]) => `${count} of ${whose}`);
  return `Changes beside: ${said.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

const stands: Readonly<Record<Part<'boot'>['stands'], string>> = {
  same: 'the next start brings the same rules',
  differs: 'the next start brings other rules',
  'nothing-saved': 'the next start brings no rules',
  unknown: 'what the next start brings is unknown',
};

function boot({ family, source, stands: how, why, packets }: Part<'boot'>, view: View): string {
  const style = how === 'same' ? 'bold' : (['bold', 'yellow'] as const);
  const by = source === 'nobody' ? '' : ` (${source})`;
  const text = `${paintWords(style, `IPv${family}: ${stands[how]}`, view)}${by}${why === null ? '.' : `: ${why.replace(/\.$/, '')}.`}`;
  return paragraph(text, view) + (packets === null ? '' : packetsTable([packets], view, ['now', 'after a start']));
}

const kinds = {
  'newly-allowed': { text: 'newly allowed', style: ['bold', 'yellow'] },
  'newly-blocked': { text: 'newly blocked', style: ['bold', 'red'] },
  'blocked-otherwise': { text: 'blocked otherwise', style: 'cyan' },
  'other-way': { text: 'takes another way', style: 'magenta' },
} as const;

function packetsTable(packets: Part<'drift'>['packets'], view: View, [before, after]: readonly [string, string]): string {
  return packets
    .flatMap(({ family, ways }) =>
      ways
        .filter(({ differences }) => differences.length > 0)
        .map(({ hook, differences }) => {
          const rows = differences.map(({ kind, region, before: old, after: now, witness }) => [
            kinds[kind],
            { text: regionWords(region), ...(witness === null ? {} : { below: `such as ${packetWords(witness.packet)}` }) },
            old.verdict,
            now.verdict,
          ]);
          const columns = [
            { title: 'CHANGE' },
            { title: 'PACKETS', grows: true },
            { title: before.toUpperCase() },
            { title: after.toUpperCase() },
          ];
          return heading(`IPv${family}, ${hook}`, view) + table(columns, rows, view, 2);
        }),
    )
    .join('');
}

function timeWords(at: number): string {
  return new Date(at * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
