/**
 * Failures that a user can cause are values, never exceptions: a thrown error is a bug or broken I/O.
 * Every problem names one code of this table; each code's text says what class of thing went wrong,
 * and docs are made from it.
 */
export const problemCodes = {
  usage: 'The command line or an argument is not of the form the command takes.',
  'file-missing': 'A file that was named cannot be read.',
  'file-too-large': 'A file is larger than palisade reads.',
  'ruleset-empty': 'A ruleset file holds nothing at all; `iptables-save` of a host without rules also prints nothing.',
  'ruleset-binary': 'A ruleset file holds bytes that no ruleset text can hold.',
  'ruleset-line-end': 'A ruleset file has Windows line ends, which iptables-restore refuses.',
  'ruleset-truncated': 'A ruleset file ends before its last table does.',
  'ruleset-syntax': 'A line of a ruleset is not one that iptables-restore accepts.',
  'ruleset-family': 'It cannot be told whether a ruleset is of IPv4 or IPv6.',
  'script-syntax': 'A script is not text that a shell can read.',
  'script-refused': 'iptables would refuse a command of a script.',
  'script-unclear': 'What a command of a script does, only a running shell can tell.',
  'sets-syntax': 'A line of an ipset save file cannot be read.',
  'facts-syntax': 'A facts file is not of the documented shape.',
  'packet-invalid': 'A packet description cannot be read.',
  'config-invalid': 'The configuration is not of the documented shape.',
  'policy-invalid': 'The policy is not of the documented shape, or names something that is not there.',
  'accepted-invalid': 'The file of accepted risks is not of the documented shape.',
  'output-failed': 'A file that was to be written could not be.',
  unread: 'Something that the answer needs could not be read.',
  'kernel-disagrees': 'What palisade says of a packet is not what the kernel does with it: a fault of palisade.',
  unpublished: 'The state of the host cannot be published where it is to be.',
  'port-in-use': 'The address and port to listen on are taken.',
  'no-namespace': 'This host refuses to make a network namespace.',
  'restore-unsafe': 'Rules that are to be written could let in what they should not: they are not written.',
  'update-refused': 'Updates were not installed: the host is as it was.',
  'schedule-refused': 'The machine could not be told to take snapshots by itself.',
  'copy-failed': 'A snapshot could not be put elsewhere, or is not there as it is here, where it stays.',
  'snapshot-invalid': 'A snapshot is not as it was written, or none, or cannot be chosen.',
  'plan-invalid': 'A file is no plan that palisade has written, or one of another palisade.',
  'plan-refused': 'A change was not made, since it would lock somebody out or fails its own tests: the host is as it was.',
  'adopt-refused':
    'The rules were not written as a policy: it would not do the same, or nobody can tell, or a file is in the way.',
  'confirm-late': 'A change could not be confirmed.',
  'nothing-waits': 'There is no change that waits, or none to go back to.',
  'change-waits': 'Another change is being made, or waits to be confirmed.',
  'journal-broken': 'The journal, or what seals it, is not as it was written.',
  'state-unsafe': 'The state folder could be changed by others, or is none.',
  'state-unwritable': 'The state folder takes no files: its disk is full, or may only be read.',
  'store-refused': 'The store of events is written by another process, or was written by a later palisade.',
  'store-failed': 'Events cannot be written to the store: they are counted, and lost.',
  'change-undone': 'A change was made and undone again: the host is as it was.',
  'boot-refused':
    'The firewall could not be restored as it was confirmed, or the machine could not be told to do so when it starts.',
  'ban-refused': 'Nobody was shut out, or let in again: who is named may not be, or is not.',
  'restore-refused': 'The kernel or one of its tools refuses a rule or a set that is to be written.',
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** Where in an input a problem stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Problem {
  readonly code: ProblemCode;
  readonly at?: Place;
  /** What is wrong: one clause, no full stop. */
  readonly message: string;
  /** What to do about it: one clause, no full stop. */
  readonly hint: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failed<T = never>(...problems: readonly Problem[]): Result<T> {
  return { ok: false, problems };
}

/** One line for a person: `FILE:LINE:COLUMN: what, and what to do`. */
export function problemLine(problem: Problem): string {
  const { at } = problem;
  const place = at === undefined ? '' : `${[at.file, at.line, at.column].filter((part) => part !== undefined).join(':')}: `;
  return `${place}${problem.message}; ${problem.hint}`;
}
