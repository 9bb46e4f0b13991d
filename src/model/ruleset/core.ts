import type { Family } from '../net/index.ts';

/**
 * Options of `iptables` itself, which every rule may have (iptables/xshared.c, xt_cmd_parse). Extensions see none of them.
 */
export type CoreKind = 'proto' | 'src' | 'dst' | 'in' | 'out' | 'fragment' | 'match' | 'jump' | 'goto' | 'counters' | Command;

export type Command = 'append' | 'insert' | 'new-chain' | 'policy';

export interface CoreOption {
  readonly kind: CoreKind;
  readonly invertible: boolean;
}

const spellings: readonly (readonly [kind: CoreKind, ...names: string[]])[] = [
  ['append', '-A', '--append'],
  ['insert', '-I', '--insert'],
  ['new-chain', '-N', '--new-chain', '--new'],
  ['policy', '-P', '--policy'],
  ['proto', '-p', '--protocol'],
  ['src', '-s', '--source', '--src'],
  ['dst', '-d', '--destination', '--dst'],
  ['in', '-i', '--in-interface'],
  ['out', '-o', '--out-interface'],
  ['fragment', '-f', '--fragments'],
  ['match', '-m', '--match'],
  ['jump', '-j', '--jump'],
  ['goto', '-g', '--goto'],
  ['counters', '-c', '--set-counters'],
];

const invertible: ReadonlySet<CoreKind> = new Set(['proto', 'src', 'dst', 'in', 'out', 'fragment']);

export const coreOptions: ReadonlyMap<string, CoreOption> = new Map(
  spellings.flatMap(([kind, ...names]) => names.map((name) => [name, { kind, invertible: invertible.has(kind) }] as const)),
);

/** Commands that take something away or only look: a ruleset file says what is there. */
export const refusedCommands: ReadonlyMap<string, string> = new Map(
  [
    ['-D', '--delete'],
    ['-R', '--replace'],
    ['-F', '--flush'],
    ['-X', '--delete-chain'],
    ['-Z', '--zero'],
    ['-E', '--rename-chain'],
    ['-L', '--list'],
    ['-S', '--list-rules'],
    ['-C', '--check'],
  ].flatMap(([short, long]) => [
    [short as string, long as string],
    [long as string, long as string],
  ]),
);

/** Options that iptables has and its restore refuses, or that no ruleset needs. */
export const refusedOptions: ReadonlySet<string> = new Set([
  '-t',
  '--table',
  '-w',
  '--wait',
  '-W',
  '--wait-interval',
  '-n',
  '--numeric',
  '-v',
  '--verbose',
  '-x',
  '--exact',
  '--line-numbers',
  '--modprobe',
  '-h',
  '--help',
  '-V',
  '--version',
]);

/** Options that say for which family a rule is: restore skips those of the other. */
export const familyOptions: ReadonlyMap<string, Family> = new Map([
  ['-4', 4],
  ['--ipv4', 4],
  ['-6', 6],
  ['--ipv6', 6],
]);

/** Long options of iptables itself, also those that have no place here: a beginning must fit one of them only. */
export const ownLongNames: readonly string[] = [
  ...coreOptions.keys(),
  ...refusedCommands.keys(),
  ...refusedOptions,
  ...familyOptions.keys(),
].filter((name) => name.startsWith('--'));

/** A beginning that fits one of iptables' own long options only, such as `--proto`. */
export function longCore(name: string): CoreOption | undefined {
  if (!/^--./.test(name)) return undefined;
  const kinds = new Set(ownLongNames.filter((full) => full.startsWith(name)).map((full) => coreOptions.get(full)?.kind));
  const [kind] = kinds;
  return kinds.size === 1 && kind !== undefined ? [...coreOptions.values()].find((option) => option.kind === kind) : undefined;
}

/** Targets that the kernel itself knows. */
export const verdictTargets: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
