import type { JournalPartJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

type Of<Kind extends JournalPartJson['kind']> = Extract<JournalPartJson, { kind: Kind }>;

export function part(said: JournalPartJson, view: View): string {
  switch (said.kind) {
    case 'entry':
      return entryText(said, view);
    case 'verified':
      return verifiedText(said, view);
    case 'key':
      return keyText(said, view);
    case 'checkpoint': {
      const { number, count, digest, isNew } = said;
      const made = isNew ? `Checkpoint ${number} seals` : `Nothing was added since: checkpoint ${number} seals`;
      const kept = `Keep its digest on another machine, for journal verify --has: ${digest}`;
      return number === 0
        ? paragraph('The journal is empty: there is nothing to seal.', view)
        : paragraph(`${made} ${lines(count)}. ${kept}`, view);
    }
  }
}

function entryText({ at, what, by, actor, policy, snapshots, text }: Of<'entry'>, view: View): string {
  const who = [by === null ? '' : `, ${authorText(by)}`, actor === null ? '' : `, ${actorText(actor)}`].join('');
  const which = policy === null ? '' : `; ${policy.path}${policy.digest === null ? '' : ` (${policy.digest.slice(0, 12)})`}`;
  return paragraph(`${timeText(at)}  ${paintWords('bold', what, view)}${who}: ${text}${which}${snapshotsText(snapshots)}`, view);
}

function timeText(at: number): string {
  return new Date(at * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function authorText({ uid, sudoUid, peer }: NonNullable<Of<'entry'>['by']>): string {
  const sudo = sudoUid === null ? '' : ` (sudo of ${sudoUid})`;
  return `by user ${uid}${sudo}${peer === null ? '' : ` from ${peer}`}`;
}

function actorText({ pid, program, command, uid, loginUid, parents }: NonNullable<Of<'entry'>['actor']>): string {
  const user = uid === null ? '' : ` of user ${uid}`;
  const login = loginUid === null || loginUid === uid ? '' : ` (logged in as ${loginUid})`;
  const above = parents.length === 0 ? '' : `, started by ${parents.join(' < ')}`;
  return `by process ${pid}${user}${login}: ${command ?? program}${above}`;
}

function snapshotsText(snapshots: Of<'entry'>['snapshots']): string {
  const short = (id: string | null): string => id?.slice(0, 12) ?? 'none';
  if (snapshots === null) return '';
  const { before, after } = snapshots;
  return before === null ? `; snapshot ${short(after)}` : `; snapshots ${short(before)} → ${short(after)}`;
}

function verifiedText(said: Of<'verified'>, view: View): string {
  const { entries, last, broken, loss, newer, cuts, torn, has, seal } = said;
  const bad = (text: string): string => paintWords('red', text, view);
  const first =
    broken !== null
      ? bad(`Line ${broken.line} is not as it was written: ${broken.why}. The ${entries} before it are.`)
      : last === null
        ? 'The journal is empty.'
        : `${entries} entries, each ${loss === null ? 'as it was written' : 'following from the one before'}. The last is ${last}.`;
  const told = [
    first,
    ...(loss === null ? [] : [bad(`But ${loss}.`)]),
    ...(cuts.length === 0
      ? []
      : [
          bad(
            `${cuts.length === 1 ? 'Line' : 'Lines'} ${cuts.join(', ')} ${cuts.length === 1 ? 'says' : 'say'} what was found to be gone before.`,
          ),
        ]),
    ...(newer === 0
      ? []
      : [
          `The head does not know the last ${newer === 1 ? 'line' : `${newer} lines`} yet: palisade ended, or the disk was full, at that moment.`,
        ]),
    ...(has === null ? [] : [has ? 'What was asked for is there.' : bad('What was asked for is not there.')]),
    ...(torn === 0 ? [] : [`A crash tore the line behind them (${torn} bytes); the next entry mends it.`]),
  ];
  return `${paragraph(told.join(' '), view)}${seal === null ? '' : sealText(seal, entries, view)}`;
}

function sealText(seal: NonNullable<Of<'verified'>['seal']>, entries: number, view: View): string {
  const { fingerprint, keptHere, checkpoints, latest, at, sealed, broken, continues } = seal;
  const bad = (text: string): string => paintWords('red', text, view);
  const open = Math.max(0, entries - sealed);
  const gone = {
    other:
      'But the private key here is not the one that follows: checkpoints at the end are gone, or somebody has put another key in its place.',
    missing: 'But the private key of the next checkpoint is gone, and checkpoints at the end may be.',
    yes: '',
    unfinished: '',
  }[continues];
  const told = [
    ...(broken === null ? [] : [bad(`Checkpoint ${broken.number} is not true: ${broken.why}.`)]),
    at === null || latest === null
      ? 'Nothing is sealed yet.'
      : `${sealed === 1 ? 'Line 1 is' : `Lines 1 to ${sealed} are`} sealed by ${checkpoints === 1 ? 'one checkpoint' : `${checkpoints} checkpoints`}, the last of ${timeText(at)} (${latest}); ${open === 0 ? 'there are no others' : `${lines(open)} behind ${open === 1 ? 'is' : 'are'} not`}.`,
    ...(broken === null && gone !== '' ? [bad(gone)] : []),
    ...(fingerprint === null
      ? []
      : [
          keptHere
            ? `The key is the one that is kept on this host (${fingerprint}): compare it with what journal keygen printed, or give that as --key.`
            : `The key is the one that you gave (${fingerprint}).`,
        ]),
  ];
  return paragraph(told.join(' '), view);
}

function keyText({ key, fingerprint, isNew }: Of<'key'>, view: View): string {
  const about = isNew
    ? 'The journal can be sealed now: palisade journal checkpoint does it. Keep this public key on another machine, or on paper; journal verify --key asks for it.'
    : 'The journal can be sealed already. The key that lies here should be the one that you keep:';
  return `${paragraph(about, view)}${key}\n${paragraph(`fingerprint ${fingerprint}`, view)}`;
}

function lines(count: number): string {
  return count === 1 ? 'one line' : `${count} lines`;
}
