import type { BackupPartJson } from '../../verbs/index.ts';
import { part as changeText } from './change.ts';
import { whole as diffText } from './diff.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { heading, paintWords } from './words.ts';

type Part<K extends BackupPartJson['kind']> = Extract<BackupPartJson, { kind: K }>;

export function part(said: BackupPartJson, view: View): string {
  switch (said.kind) {
    case 'created':
      return (
        paragraph(
          `Snapshot ${paintWords('bold', said.id.slice(0, 16), view)} is kept: ${countWords(said)}. ${proofWords(said)}`,
          view,
        ) +
        paragraph(said.path, view, 2) +
        // What failed is said where nobody misses it.
        said.copies.map((copy) => (copy.problem === null ? paragraph(copyWords(copy), view, 2) : '')).join('')
      );
    case 'snapshot': {
      const marks = [
        said.accepted ? 'accepted' : '',
        said.proved ? '' : 'not proved',
        said.tag === null ? '' : `tag ${said.tag}`,
      ].filter((word) => word !== '');
      return `${said.id.slice(0, 16)}  ${timeWords(said.at)}  ${said.reason.padEnd(9)}  ${countWords(said)}${marks.length > 0 ? `  (${marks.join(', ')})` : ''}\n`;
    }
    case 'shown':
      return shown(said, view);
    case 'diff':
      return diff(said, view);
    case 'verified':
      return verified(said, view);
    case 'damaged':
      return paragraph(`${paintWords('red', 'damaged', view)}: ${said.path}: ${said.why}`, view);
    case 'pruned':
      return (
        paragraph(
          `${said.ids.length} ${said.ids.length === 1 ? 'snapshot' : 'snapshots'} ${said.tried ? 'would go' : 'went'}; ${said.left} ${said.tried ? 'would stay' : 'are left'}.`,
          view,
        ) + said.ids.map((id) => `  ${id.slice(0, 16)}\n`).join('')
      );
    case 'exported':
      return said.files.map((file) => `${file}\n`).join('');
    case 'key':
      return (
        paragraph(
          `From now on snapshots are signed by key ${said.key}. Keep this public key elsewhere too (${said.file}):`,
          view,
        ) +
        said.pem +
        (said.journal === null ? '' : paragraph(sealingText, view)) +
        (said.journal === null ? '' : `${said.journal.key}\n`)
      );
    case 'schedule':
      return schedule(said, view);
    case 'unscheduled':
      return said.files.length === 0
        ? paragraph('There was no schedule.', view)
        : paragraph('No snapshots are taken by themselves any more. Gone:', view) +
            said.files.map((file) => `  ${file}\n`).join('');
    case 'nothing':
    case 'changed':
    case 'confirmed':
      return changeText(said, view);
    case 'note':
      return paragraph(said.text, view);
  }
}

const sealingText =
  'And the journal can be sealed, by the schedule and by palisade journal checkpoint. Keep this public key elsewhere too:';

function timeWords(at: number): string {
  return new Date(at * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function countWords({ counts }: Pick<Part<'snapshot'>, 'counts'>): string {
  const { rules4, rules6, sets, members } = counts;
  const inSets = sets === 0 ? '' : `, ${sets} ${sets === 1 ? 'set' : 'sets'} with ${members.toLocaleString('en')} members`;
  return `${rules4.toLocaleString('en')} rules of IPv4, ${rules6.toLocaleString('en')} of IPv6${inSets}`;
}

function proofWords({ proved, unproved }: Pick<Part<'snapshot'>, 'proved' | 'unproved'>): string {
  return proved
    ? 'Loaded into a namespace, all of it came back byte for byte.'
    : `It is not proved that it can be restored: ${unproved ?? ''}.`;
}

function copyWords({ to, note }: Part<'created'>['copies'][number]): string {
  return `copied to ${to}, and read back${note === null ? '' : `; ${note}`}`;
}

function schedule(
  { by, every, jitter, command, next, lack, begun, succeeded, why, files }: Part<'schedule'>,
  view: View,
): string {
  const times = { hourly: 'every hour', daily: 'every day', weekly: 'every Monday' }[every];
  const apart = jitter === 0 ? '' : `, within ${Math.round(jitter / 60)} minutes`;
  const last =
    begun === null
      ? 'It has not been done yet.'
      : why === null
        ? `It was last done at ${timeWords(begun)}.`
        : paintWords(
            'red',
            `At ${timeWords(begun)} it did not go well: ${why}.${succeeded === null ? ' It never did.' : succeeded === begun ? '' : ` It last did at ${timeWords(succeeded)}.`}`,
            view,
          );
  const coming =
    lack === null ? (next === null ? '' : `Next: ${timeWords(next)}. `) : `${paintWords('red', `But ${lack}.`, view)} `;
  const what = `A snapshot is taken ${times} of UTC${apart}, by ${by === 'cron' ? 'cron' : 'a timer of systemd’s'}. ${coming}${last}`;
  return paragraph(what, view) + paragraph(command.join(' '), view, 2) + files.map((file) => `  ${file}\n`).join('');
}

function shown(said: Part<'shown'>, view: View): string {
  const lines = [
    `taken ${timeWords(said.at)} on ${said.host}, ${said.reason}${said.tag === null ? '' : `, tag ${said.tag}`}`,
    `kernel ${said.kernel}${Object.values(said.versions)
      .map((version) => `, ${version}`)
      .join('')}`,
    proofWords(said),
    said.signature === null ? 'It is not signed.' : `It names key ${said.signature} as its signer.`,
    ...said.rules.map(
      ({ family, backend, table, chains, rules }) => `IPv${family} ${table} (${backend}): ${rules} rules in ${chains} chains`,
    ),
    ...said.sets.map(({ name, type, members }) => `set ${name} (${type}): ${members.toLocaleString('en')} members`),
    ...said.recent.map((name) => `list ${name} of recent`),
    ...said.nftTables.map((table) => `nft table ${table}: kept as text`),
    ...said.unread.map((what) => `not read: ${what}`),
  ];
  return heading(said.id, view) + lines.map((line) => paragraph(line, view, 2)).join('');
}

function diff({ lines, sets, sysctls, nft, packets }: Part<'diff'>, view: View): string {
  const changed = [
    ...lines.map(({ family, change, table, text }) => `${change === 'added' ? '+' : '-'} IPv${family} ${table} ${text}`),
    ...sets.map(
      ({ set, change, added, removed }) =>
        `${change === 'removed' ? '-' : change === 'added' ? '+' : '~'} set ${set}: ${added} members more, ${removed} fewer`,
    ),
    ...sysctls.map(({ name, before, after }) => `~ ${name}: ${before ?? 'not there'} → ${after ?? 'not there'}`),
    ...(nft ? ['~ tables of nft that iptables did not make are others'] : []),
  ];
  const text = changed.length === 0 ? '' : heading('Lines', view) + changed.map((line) => `  ${line}\n`).join('');
  return text + heading('Packets', view) + diffText(packets, view);
}

function verified({ id, signed, key, proved, unproved }: Part<'verified'>, view: View): string {
  const signature = {
    nobody: 'It is not signed.',
    known: `Key ${key} signed it.`,
    stranger: `It says that key ${key} signed it, which is not known here.`,
    wrong: `${paintWords('red', 'The signature is wrong', view)}: key ${key} did not make it.`,
  }[signed];
  const proof =
    proved === true
      ? ' Loaded into a namespace once more, all of it came back.'
      : unproved === null
        ? ''
        : ` It is not proved: ${unproved}.`;
  return paragraph(`${id.slice(0, 16)} is as it was written. ${signature}${proof}`, view);
}
