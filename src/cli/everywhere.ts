import type { ExitCode } from '../verbs/index.ts';

/** A flag that every verb takes. */
export interface Everywhere {
  readonly name: string;
  /** What stands for its value; `undefined` for a switch. */
  readonly value?: string;
  readonly path?: boolean;
  readonly choices?: readonly string[];
  readonly help: string;
}

/** In the order of the help. Where a verb has a flag of the same name, this one goes before the verb. */
export const everywhere: readonly Everywhere[] = [
  { name: 'json', help: 'Print JSON of the documented shape' },
  { name: 'no-color', help: 'Print no colours, not even on a terminal' },
  { name: 'quiet', help: 'Print problems only; the exit code tells the rest' },
  { name: 'config', value: 'FILE', path: true, help: 'Configuration file (default: /etc/palisade/config.yaml)' },
  { name: 'state', value: 'DIR', path: true, help: 'Where palisade keeps its state (default: /var/lib/palisade)' },
  { name: 'policy', value: 'FILE', path: true, help: 'Policy file, or a folder of them (default: /etc/palisade/policy.yaml)' },
  { name: 'backend', value: 'BACKEND', choices: ['nft', 'legacy'], help: 'Which backend’s rules to read when both hold some' },
];

/** The headings of the help, by a verb's group. */
export const groupTitles = { look: 'Look', change: 'Change', watch: 'Watch', keep: 'Keep', connect: 'Connect' } as const;

/** What each exit code means, whatever the verb. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'Done, nothing to report.',
  1: 'Done, and it found what it was asked to look for.',
  2: 'The command line, or input that it names, could not be read; the message says where and what to do.',
  3: 'Nothing was found, but something that the answer needs is unknown: rights, a missing tool, a backend that could not be read.',
  4: 'A change was refused, not made, or rolled back; the host is as it was.',
};
