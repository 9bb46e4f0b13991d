import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type HostTexts, type TextName, type TextRead, textNames } from '../../model/host/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';

/** Texts of a host that a snapshot keeps: the firewall, and what the meaning of its rules hangs on. */
export const keptTexts = [
  'nftSave4',
  'nftSave6',
  'legacySave4',
  'legacySave6',
  'nftChains',
  'nftRules4',
  'nftRules6',
  'flowtables',
  'ipsets',
  'links',
  'addresses',
  'routes4',
  'routes6',
  'rules4',
  'rules6',
  'sysctls',
  'kernel',
] as const satisfies readonly TextName[];

/** A host as it is stored: complete, and with what it takes to put it back. */
export interface Snapshot {
  readonly meta: SnapshotMeta;
  /** Only {@link keptTexts}; `hostFromTexts` makes a host of it. */
  readonly texts: HostTexts;
  /** Lists of the match `recent`, by name: what /proc/net/xt_recent says of each. */
  readonly recent: Readonly<Record<string, string>>;
  /** Tables that iptables did not make, as `nft list table` prints them. */
  readonly foreignNft: string;
  /** What programs say of their version, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The record of what was confirmed then, as it lay in the state folder; `null` where nothing was. */
  readonly own: string | null;
}

/**
 * Why it was taken. `before` and `after` a change of palisade's, `drift`: somebody else's. `accepted`: what stood was taken for what is to
 * be. `imported`: made of files.
 */
export const reasons = ['created', 'scheduled', 'before', 'after', 'restored', 'drift', 'accepted', 'imported'] as const;
export type Reason = (typeof reasons)[number];

const metaSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Counts upwards, whatever clocks do. */
  number: z.int().min(1),
  reason: z.enum(reasons),
  tag: z.string().nullable(),
  host: z.string(),
  kernel: z.string(),
  /** Rules by family and backend, sets, members: for lists. */
  counts: z.object({ rules4: z.int(), rules6: z.int(), sets: z.int(), members: z.int() }),
  /** See {@link stateOf}. */
  state: z.string(),
  /** `null`: it was loaded into a namespace and printed back, byte for byte; else why that was not so. */
  unproved: z.string().nullable(),
});

/** What a list says of a snapshot. */
export type SnapshotMeta = Readonly<z.output<typeof metaSchema>>;

const textRead: z.ZodType<TextRead> = z.discriminatedUnion('read', [
  z.object({ read: z.literal(true), text: z.string(), command: z.string(), warnings: z.string() }),
  z.object({
    read: z.literal(false),
    why: z.enum(['unused', 'missing', 'rights', 'failed', 'timeout', 'too-large']),
    tool: z.string(),
    detail: z.string(),
  }),
]);

const bodySchema = z.object({
  name: z.string(),
  readAt: z.number(),
  texts: z.partialRecord(z.enum(keptTexts), textRead),
  recent: z.record(z.string(), z.string()),
  foreignNft: z.string(),
  versions: z.record(z.string(), z.string()),
  own: z.string().nullable(),
});

/** All of a snapshot but its meta. */
export type SnapshotBody = Omit<Snapshot, 'meta'>;

export function bodyText({ texts, recent, foreignNft, versions, own }: SnapshotBody): string {
  const kept = Object.fromEntries(keptTexts.map((name) => [name, texts.texts[name]]));
  return JSON.stringify({ name: texts.name, readAt: texts.readAt, texts: kept, recent, foreignNft, versions, own });
}

/** @param file for the problem */
export function parseBody(text: string, file: string): Result<SnapshotBody> {
  const parsed = bodySchema.safeParse(jsonOf(text));
  if (!parsed.success) return failed(strange(file));
  const { name, readAt, texts, ...rest } = parsed.data;
  const all = Object.fromEntries(textNames.map((each) => [each, texts[each as keyof typeof texts] ?? notKept]));
  return ok({ ...rest, texts: { name, readAt, texts: all as HostTexts['texts'], software: null } });
}

export function parseMeta(text: string, file: string): Result<SnapshotMeta> {
  const parsed = metaSchema.safeParse(jsonOf(text));
  return parsed.success ? ok(parsed.data) : failed(strange(file));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function strange(file: string): Problem {
  const hint = 'see whether a newer palisade made it, and use that one';
  return { code: 'snapshot-invalid', at: { file }, message: 'it is whole, and yet of another shape than palisade writes', hint };
}

const notKept: TextRead = { read: false, why: 'failed', tool: 'palisade', detail: 'a snapshot does not keep it' };

/**
 * What a firewall is, whatever it has counted: SHA-256 of rules without counters, of sets with their members but not how long each has left,
 * and of tables of nft. Two hosts with the same one need no second snapshot.
 */
export function stateOf({ texts, foreignNft }: Pick<SnapshotBody, 'texts' | 'foreignNft'>): string {
  const digest = createHash('sha256');
  for (const name of ['nftSave4', 'nftSave6', 'legacySave4', 'legacySave6'] as const)
    digest.update(`${name}\n${uncounted(textOf(texts, name))}\n`, 'latin1');
  const members = textOf(texts, 'ipsets').split('\n').map(untimed).toSorted().join('\n');
  digest.update(`ipsets\n${members}\n`, 'latin1');
  digest.update(`nft\n${foreignNft.replace(/\bcounter packets \d+ bytes \d+/g, 'counter')}\n`, 'latin1');
  return digest.digest('hex');
}

/** Empty where it was not read. */
export function textOf({ texts }: HostTexts, name: (typeof keptTexts)[number]): string {
  const read = texts[name];
  return read.read ? read.text : '';
}

/** A save without comments and without what rules and chains have counted. */
export function uncounted(save: string): string {
  return save
    .replace(/^#.*\n/gm, '')
    .replace(/^\[\d+:\d+\] /gm, '')
    .replace(/^(:.*) \[\d+:\d+\]$/gm, '$1');
}

/** A line of `ipset save` without what changes by itself. */
export function untimed(line: string): string {
  if (line.startsWith('create ')) return line.replace(/ (?:initval|hashsize|bucketsize) \S+/g, '');
  return line.replace(/ (?:timeout|packets|bytes) \d+/g, '');
}
