import type { ScriptPartJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { heading } from './words.ts';

const starts = {
  live: 'the live rules',
  files: 'the rules of --ruleset',
  empty: 'empty tables, as after a fresh boot',
} as const;

/** What was followed, from where, and how it goes for those who manage the host. */
export function scriptHead(script: ScriptPartJson, view: View): string {
  const { commands, transactions, start, sessions, assumed } = script;
  const count = commands === 1 ? '1 command' : `${commands} commands`;
  const steps = transactions === 1 ? '1 step' : `${transactions} steps`;
  const lines = [
    `${count}, followed from ${starts[start]}; the kernel takes the change in ${steps}.`,
    ...assumed.map((sentence) => `Taken for granted: ${sentence}.`),
    ...(sessions.length === 0 ? [nobody] : sessions.map(sessionWords)),
  ];
  return lines.map((line) => paragraph(line, view)).join('');
}

const nobody = 'No SSH session is known here; --peer ADDRESS names one that must not be cut.';

function sessionWords({ peer, localPort, named, cut, lockedOut }: ScriptPartJson['sessions'][number]): string {
  const who = named
    ? `The session of ${peer} to port ${localPort}`
    : `A session of ${peer} to port ${localPort}, if there is one,`;
  const end =
    lockedOut === null ? 'whether it may log in again is unknown' : lockedOut ? 'it may not log in again' : 'it may log in again';
  if (cut === null) return `${who} passes at every step; in the end ${end}.`;
  const verb = cut.sure ? 'is cut' : 'may be cut';
  const until = cut.until === null ? 'for good' : `until line ${cut.until.line}`;
  return `${who} ${verb} by line ${cut.line} ${until}; in the end ${end}.`;
}

export function scriptNotes({ refused }: ScriptPartJson, view: View): string {
  const lines = refused.map(({ line, command, message }) =>
    paragraph(`line ${line}, ${command}: ${message}`, view, 0, 'REFUSED  '),
  );
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

/** The change as a shell takes it, at the margin so that it can be copied. */
export function equivalentText({ start, equivalent, notUnderstood }: ScriptPartJson, view: View): string {
  const { transactions, added, safe, first } = equivalent;
  if (transactions.length === 0) return '';
  const several = transactions.some(({ tables }) => tables.length > 1)
    ? 'Each table is taken at once, in this order.'
    : 'The kernel takes it at once.';
  const verdict =
    safe === null ? '' : safe ? 'No session is cut by it.' : 'It was not found to keep every session: see the findings.';
  const more =
    added.length === 0
      ? ''
      : `The script alone would lock somebody out, so this has besides: ${added.map(({ rule }) => rule).join('; ')}.`;
  const before = first.length === 0 ? '' : `What sets up ipsets comes first: ${lineWords(first)}.`;
  const without = notUnderstood.length === 0 ? '' : `It lacks what was not understood: ${lineWords(notUnderstood)}.`;
  const replaced =
    start === 'live'
      ? 'It replaces these tables as they were read: where others change them too, such as Docker or fail2ban, load it at once.'
      : '';
  const said = [several, verdict, more, before, without, replaced].filter((sentence) => sentence !== '').join(' ');
  const lines = transactions.flatMap(({ tool, text }) => hereDocument(tool, text).split('\n').slice(0, -1));
  return `${heading('The same change in one go', view)}${paragraph(said, view)}${lines.map((line) => `${view.paint('cyan', line)}\n`).join('')}`;
}

/**
 * Text for a tool to read, ended by a word that is no line of it: comments in rules may hold ends of lines. The twin of
 * what `audit` follows (src/audit/command.ts), which nothing here may import; a test holds them together.
 */
function hereDocument(tool: string, text: string): string {
  const lines = new Set(text.split('\n'));
  let end = 'EOF';
  for (let count = 2; lines.has(end); count += 1) end = `EOF${count}`;
  return `${tool} <<'${end}'\n${text}${end}\n`;
}

function lineWords(commands: readonly { readonly line: number }[]): string {
  const lines = [...new Set(commands.map(({ line }) => line))];
  return `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}`;
}
