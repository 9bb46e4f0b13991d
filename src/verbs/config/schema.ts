import { z } from 'zod';
import { parsePrefix } from '../../model/net/index.ts';

const kept = (what: string, most: number) => z.int().min(0).max(10_000).default(most).describe(what);

const keep = z.strictObject({
  last: kept('So many of the newest snapshots stay.', 20),
  hourly: kept('The last of each hour, of so many hours.', 24),
  daily: kept('The last of each day, of so many days.', 14),
  weekly: kept('The last of each week, of so many weeks.', 8),
  monthly: kept('The last of each month, of so many months.', 12),
});

const drift = z.strictObject({
  action: z
    .enum(['alert', 'restore'])
    .default('alert')
    .describe(
      'What the daemon does when somebody changes the firewall: say so, or also put palisade’s own chains, jumps and policies back.',
    ),
  'remove-foreign': z
    .boolean()
    .default(false)
    .describe(
      'With restore: also take rules away that somebody put into built-in chains, if they let in what the policy keeps out.',
    ),
});

const backup = z.strictObject({
  copies: z
    .array(z.string().min(1))
    .default([])
    .describe('Where else each snapshot is put: folders, or sftp://USER@HOST/FOLDER.'),
  keep: keep.prefault({}).describe('Which snapshots stay.'),
});

const watch = z.strictObject({
  sources: z
    .union([z.literal('auto'), z.array(z.string().min(1)).min(1)])
    .default('auto')
    .describe(
      'Where logged packets are read: auto takes what this machine has, a list names them: kmsg, journal, nflog:GROUP, a log file, ulogd:FILE.',
    ),
  'trust-files': z
    .boolean()
    .default(false)
    .describe('Ban for what log files say too, into which others than the kernel can write.'),
  'learn-destinations': z
    .string()
    .regex(/^(0|[1-9]\d{0,3}[mhdw])$/)
    .default('7d')
    .describe('So long is learned whither programs of this host connect, before a new destination is an incident; 0: at once.'),
});

const publish = z.strictObject({
  socket: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The Unix socket at which the host’s state can be read; off: nowhere. /run/palisade/state.sock, or state.sock in the state folder where that is another than usual.',
    ),
  group: z.string().min(1).default('palisade').describe('The group that may read it beside root.'),
  metrics: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[0-9.]+|localhost):\d{1,5}$/)
    .optional()
    .describe(
      'An address and port at which Prometheus reads /metrics too, such as 127.0.0.1:9272. Whoever reaches it may read it.',
    ),
  textfile: z
    .string()
    .min(1)
    .optional()
    .describe('A file of metrics for the textfile collector of node_exporter, written anew at each reading.'),
});

const store = z.strictObject({
  'keep-days': z
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('Events stay for so many days; incidents, bans and counts for a year.'),
  'max-mb': z
    .int()
    .min(10)
    .max(1_000_000)
    .default(1000)
    .describe('The store takes so many megabytes; the oldest events go first.'),
});

const bans = z.strictObject({
  action: z
    .enum(['off', 'say', 'on'])
    .default('off')
    .describe('What is done with the source of an attack: nothing, say whom it would shut out, or shut it out.'),
  never: z
    .array(z.string().refine((text) => parsePrefix(text) !== undefined))
    .default([])
    .describe(
      'Addresses and networks that nobody is to shut out, such as monitoring; this host, its gateways, resolvers, time servers, who is logged in and whom the policy lets log in are among them anyway.',
    ),
  longest: z
    .string()
    .regex(/^[1-9]\d{0,3}[mhdw]$/)
    .default('1w')
    .describe('The longest ban of a source that comes back again and again: 12h, 7d, 4w.'),
  lists: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Lists of addresses that others keep, whose connections are dropped: https://… or files, one address or network a line.',
    ),
  'lists-every': z
    .string()
    .regex(/^[1-9]\d{0,3}[mhdw]$/)
    .default('1d')
    .describe('How often lists are fetched.'),
});

/** Every setting, as the configuration file spells it. `describe` is its documentation. */
export const configSchema = z.strictObject({
  backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to read when both hold some.'),
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(7272)
    .describe('The port that the page and the API listen on, on 127.0.0.1; 0 takes a free one.'),
  color: z.enum(['auto', 'always', 'never']).default('auto').describe('Colours in the terminal.'),
  log: z.enum(['debug', 'info', 'warn', 'error']).default('warn').describe('The mildest level that is logged.'),
  state: z.string().min(1).default('/var/lib/palisade').describe('The folder that palisade keeps its state in.'),
  policy: z.string().min(1).default('/etc/palisade/policy.yaml').describe('The policy file.'),
  drift: drift.prefault({}).describe('What is done when somebody changes the firewall.'),
  backup: backup.prefault({}).describe('Snapshots that the schedule takes.'),
  watch: watch.prefault({}).describe('What is watched.'),
  bans: bans.prefault({}).describe('Who is shut out.'),
  publish: publish.prefault({}).describe('Where the state of the host can be read without rights over it.'),
  store: store.prefault({}).describe('What is remembered of what happened.'),
  // What they hold depends on channels and reporters, which most commands need not load (`whole`).
  alerts: z.record(z.string(), z.unknown()).optional().describe('Who is told of incidents, and how.'),
  reports: z.record(z.string(), z.unknown()).optional().describe('Monitoring systems that wait to be told how the host is.'),
});

export type Settings = z.output<typeof configSchema>;
export type ConfigKey = keyof Settings;

/** What holds where nobody has said anything. */
export const defaultSettings: Settings = configSchema.parse({});

/** One value that can be set, such as `drift.action`. */
export interface Setting {
  readonly path: readonly string[];
  readonly type: z.ZodType;
}

/** Every value that can be set, in the order of the documentation; those of nested settings one by one. */
export const settings: readonly Setting[] = leavesOf(configSchema, []);

function leavesOf(object: z.ZodObject, above: readonly string[]): readonly Setting[] {
  return Object.entries(object.shape).flatMap(([key, type]) => {
    const path = [...above, key];
    const inner = objectIn(type as z.ZodType);
    return inner === null ? [{ path, type: type as z.ZodType }] : leavesOf(inner, path);
  });
}

/** The settings within one; `null` of a plain value. */
export function objectIn(type: z.ZodType): z.ZodObject | null {
  const inner = unwrapped(type);
  return inner instanceof z.ZodObject ? inner : null;
}

/** The type of what is said, whether or not it must be. */
export function unwrapped(type: z.ZodType): z.ZodType {
  const isWrapped = type instanceof z.ZodPrefault || type instanceof z.ZodDefault || type instanceof z.ZodOptional;
  return isWrapped ? unwrapped(type.unwrap() as z.ZodType) : type;
}

/** The environment variable of a setting; `null` of lists and of what is named by others, which only a file can say. */
export function variableOf({ path, type }: Setting): string | null {
  const { type: kind, anyOf } = typeOf(type);
  if ((anyOf ?? [{ type: kind }]).some((one) => one.type === 'array' || one.type === 'object')) return null;
  return `PALISADE_${path.join('_').replaceAll('-', '_').toUpperCase()}`;
}

/** The parts of a value's JSON Schema that tell what may be written. */
interface ValueType {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly ValueType[];
  readonly items?: ValueType;
  /** In words, where its form says too little. */
  readonly wanted?: string;
}

export function typeOf(type: z.ZodType): ValueType {
  return z.toJSONSchema(type, { io: 'input' }) as ValueType;
}

/** What may be written for a value, from its own type. */
export function wantedFor(type: z.ZodType): string {
  const said = typeOf(unwrapped(type));
  return `write ${orList((said.anyOf ?? [said]).map(wanted))}`;
}

function wanted({ type: kind, enum: choices, const: only, minimum, maximum, items, wanted: words }: ValueType): string {
  if (words !== undefined) return words;
  if (only !== undefined) return String(only);
  if (choices !== undefined) return orList(choices.map(String));
  if (kind === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  if (kind === 'boolean') return 'true or false';
  if (kind === 'array') return items?.type === 'object' ? 'a list of settings' : `a list of ${items?.wanted ?? 'texts'}`;
  return kind === 'object' ? 'settings of its own, one a line' : 'a string';
}

export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
