import { failed, ok, type Result } from '../../result.ts';
import { eachEntry, entriesAt, type LegacyEntry, legacyInfo, openLegacyFamily } from '../legacy-family.ts';
import { errnoName, failedWith, type Libc } from '../libc.ts';

/** What one look at the tables of iptables-legacy found. */
export interface LegacyLook {
  readonly changed: readonly LegacyDifference[];
  /** Entries in all tables of both families: rules, policies and the heads of chains. */
  readonly entries: number;
  /** Whether tables of a family hold more than empty chains that accept. */
  readonly holds: { readonly 4: boolean; readonly 6: boolean };
}

export interface LegacyDifference {
  readonly family: 4 | 6;
  readonly table: string;
  readonly what: 'rules' | 'appeared' | 'gone';
  /** How many entries it had before, by which the audit record of the change is known; 0 where it was not there. */
  readonly entriesBefore: number;
}

export interface LegacyTables {
  /** Compares with the look before; at the first all is new. Takes about 0.6 ms for 1,000 rules. */
  look(): Result<LegacyLook>;
  close(): void;
}

/** The verdict of a policy that accepts: -NF_ACCEPT - 1, behind the target's 32 bytes of size, name and revision. */
const accepts = -2;
const verdictAt = 32;
const HOOKS = 5;

interface Kept {
  /** The entries as they were, in a part of `room`. */
  readonly bytes: Buffer;
  readonly room: Buffer;
  /** For the next look: the two take turns. */
  readonly spare: Buffer;
  readonly entries: number;
  readonly holds: boolean;
}

const nothing = Buffer.alloc(0);

/**
 * Looks at the tables of iptables-legacy without any child process (net/ipv4/netfilter/ip_tables.c, do_ipt_get_ctl).
 *
 * Asking for a table makes it: only those are asked for that the kernel's own list names at that moment. Counters are taken out before
 * comparing, and what matches remember (limit, quota, hashlimit, recent) the kernel leaves out by itself since 4.11 (xt_match_to_user).
 * The kernel makes readers wait while rules are replaced, and so do we: milliseconds.
 *
 * Needs CAP_NET_ADMIN in the namespace.
 */
export function openLegacyTables(calls: Libc, pid: number | undefined): Result<LegacyTables> {
  const four = openFamily(calls, pid, 4);
  if (!four.ok) return four;
  const six = openFamily(calls, pid, 6);
  if (!six.ok) return six;
  const opened = [four.value, six.value];
  const close = (): void => {
    for (const each of opened) each.close();
  };
  return ok({
    close,
    look() {
      const changed: LegacyDifference[] = [];
      const holds = { 4: false, 6: false };
      let entries = 0;
      for (const each of opened) {
        const looked = each.look();
        if (!looked.ok) return looked;
        changed.push(...looked.value.changed);
        entries += looked.value.entries;
        holds[each.family] = looked.value.holds;
      }
      return ok({ changed, entries, holds });
    },
  });
}

interface FamilyTables {
  readonly family: 4 | 6;
  look(): Result<{ readonly changed: readonly LegacyDifference[]; readonly entries: number; readonly holds: boolean }>;
  close(): void;
}

function openFamily(calls: Libc, pid: number | undefined, family: 4 | 6): Result<FamilyTables> {
  const opened = openLegacyFamily(calls, pid, family);
  if (!opened.ok) return opened;
  const tables = opened.value;
  let kept = new Map<string, Kept>();

  /** The table as it is now, or the negated errno. */
  function fetch(table: string, last: Kept | undefined): Kept | number {
    const fetched = tables.fetch(table, last?.spare ?? nothing);
    if (typeof fetched === 'number') return fetched;
    const { bytes, room, info } = fetched;
    withoutCounters(bytes, tables.entry);
    const entries = info.readUInt32LE(legacyInfo.entries);
    return { bytes, room, spare: last?.room ?? nothing, entries, holds: holdsRules(bytes, info, tables.entry) };
  }

  return ok({
    family,
    close: () => tables.close(),
    look() {
      const listed = tables.names();
      if (!listed.ok) return listed;
      const before = kept;
      const changed: LegacyDifference[] = [];
      const now = new Map<string, Kept>();
      const difference = (table: string, what: LegacyDifference['what']): void => {
        changed.push({ family, table, what, entriesBefore: before.get(table)?.entries ?? 0 });
      };
      for (const table of listed.value) {
        const last = before.get(table);
        const got = fetch(table, last);
        // It went since it was listed.
        if (typeof got === 'number' && failedWith(got, 'ENOENT')) continue;
        if (typeof got === 'number') return failed(tables.refused(errnoName(got)));
        if (last === undefined) difference(table, 'appeared');
        else if (!last.bytes.equals(got.bytes)) difference(table, 'rules');
        now.set(table, got);
      }
      for (const table of before.keys()) if (!now.has(table)) difference(table, 'gone');
      kept = now;
      let entries = 0;
      for (const each of now.values()) entries += each.entries;
      return ok({ changed, entries, holds: [...now.values()].some(({ holds }) => holds) });
    },
  });
}

/** Counters, and `comefrom`, in which the kernel notes by which hooks an entry is reached. */
function withoutCounters(bytes: Buffer, entry: LegacyEntry): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  eachEntry(bytes, entry, (at) => {
    view.setUint32(at + entry.from, 0, true);
    view.setBigUint64(at + entry.counters, 0n, true);
    view.setBigUint64(at + entry.counters + 8, 0n, true);
  });
}

/** More than one entry a hook and the one that closes the table; or a policy that does not accept. */
function holdsRules(bytes: Buffer, info: Buffer, entry: LegacyEntry): boolean {
  const hooks = info.readUInt32LE(legacyInfo.hooks);
  let policies = 0;
  for (let hook = 0; hook < HOOKS; hook += 1) {
    if ((hooks & (1 << hook)) === 0) continue;
    policies += 1;
    const at = entriesAt + info.readUInt32LE(legacyInfo.underflow + 4 * hook);
    if (at + entry.bytes > bytes.length) return true;
    const target = at + bytes.readUInt16LE(at + entry.target);
    if (target + verdictAt + 4 > bytes.length || bytes.readInt32LE(target + verdictAt) !== accepts) return true;
  }
  return info.readUInt32LE(legacyInfo.entries) > policies + 1;
}
