import { createHash } from 'node:crypto';
import { ok, type Result } from '../../result.ts';
import { eachEntry, type LegacyEntry, type LegacyFamily, type LegacyTable, openLegacyFamily } from '../legacy-family.ts';
import { errnoName, failedWith, type Libc } from '../libc.ts';
import { type CountedRules, numbered, type RuleCounts } from './rule-count.ts';

/** `struct xt_entry_target`: size, name, revision; then what the extension makes of it. */
const extension = { name: 2, data: 32 } as const;
/** `struct xt_nflog_info`. */
const groupAt = 4;
const NFLOG = Buffer.from('NFLOG\0', 'latin1');

interface ReadTable {
  readonly bytes: Buffer;
  readonly entry: LegacyEntry;
  readonly of: string;
}

/**
 * Rules of iptables-legacy that log to a group. They have no handles, and their tables are exchanged whole with every change: a rule is known by what it
 * says, and that its counter began anew can only be seen where that, or another of the same table, is smaller than it was.
 */
export function openLegacyRules(calls: Libc, pid: number | undefined, group: number): Result<CountedRules> {
  const four = openLegacyFamily(calls, pid, 4);
  if (!four.ok) return four;
  const six = openLegacyFamily(calls, pid, 6);
  if (!six.ok) {
    four.value.close();
    return six;
  }
  const families = [four.value, six.value];
  const rooms = new Map<string, Buffer>();
  /** Tables in which the last look found such rules, and which they were. */
  const found = new Map<string, string>();

  /** Hands over each table; or why one cannot be read. */
  const eachTable = (isWanted: (of: string) => boolean, take: (read: ReadTable) => void): string | null => {
    for (const family of families) {
      const names = family.names();
      if (!names.ok) return said(names.problems[0]?.message);
      for (const name of names.value) {
        const of = `legacy ${family.family} ${name}`;
        if (!isWanted(of)) continue;
        const read = fetchTable(family, name, rooms.get(of));
        if (read === null) continue;
        if (typeof read === 'string') return said(read);
        rooms.set(of, read.room);
        take({ bytes: read.bytes, entry: family.entry, of });
      }
    }
    return null;
  };

  return ok({
    async look() {
      const rules: string[] = [];
      const counters = new Map<string, number>();
      found.clear();
      const why = eachTable(
        () => true,
        (read) => {
          const here = rulesOf(read, group).rules;
          if (here.length === 0) return;
          found.set(read.of, here.join());
          rules.push(...here);
          for (const [name, count] of countersOf(read)) counters.set(name, count);
        },
      );
      return why ?? ({ rules, counters } satisfies RuleCounts);
    },
    count() {
      if (found.size === 0) return 0;
      let packets = 0;
      let same = 0;
      const why = eachTable(
        (of) => found.has(of),
        (read) => {
          const here = rulesOf(read, group);
          if (here.rules.join() === found.get(read.of)) same += 1;
          packets += here.packets;
        },
      );
      return why === null && same === found.size ? packets : null;
    },
    close() {
      for (const family of families) family.close();
    },
  });
}

function said(what: string | undefined): string {
  return what ?? 'the tables of iptables-legacy cannot be read';
}

/** `null`: it is gone. */
function fetchTable(family: LegacyFamily, name: string, room: Buffer = Buffer.alloc(0)): LegacyTable | string | null {
  const read = family.fetch(name, room);
  if (typeof read !== 'number') return read;
  return failedWith(read, 'ENOENT') ? null : family.refused(errnoName(read)).message;
}

function rulesOf(
  { bytes, entry, of }: ReadTable,
  group: number,
): { readonly rules: readonly string[]; readonly packets: number } {
  const rules: string[] = [];
  let packets = 0;
  const name = numbered();
  eachEntry(bytes, entry, (at, next) => {
    const target = at + bytes.readUInt16LE(at + entry.target);
    if (
      target + extension.data + 8 > next ||
      NFLOG.compare(bytes, target + extension.name, target + extension.name + NFLOG.length) !== 0
    )
      return;
    if (bytes.readUInt16LE(target + extension.data + groupAt) !== group) return;
    rules.push(name(`${of} ${digestOf(bytes, entry, at, next)}`));
    packets += packetsAt(bytes, entry, at);
  });
  return { rules, packets };
}

/** Policies too. Without rules that jump: where to, they say by a place that changes with the rules before it. */
function countersOf({ bytes, entry, of }: ReadTable): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  const name = numbered();
  eachEntry(bytes, entry, (at, next) => {
    const target = at + bytes.readUInt16LE(at + entry.target);
    const isStandard = bytes[target + extension.name] === 0;
    if (target + extension.data + 4 > next || (isStandard && bytes.readInt32LE(target + extension.data) >= 0)) return;
    counters.set(name(`${of} ${digestOf(bytes, entry, at, next)}`), packetsAt(bytes, entry, at));
  });
  return counters;
}

function packetsAt(bytes: Buffer, entry: LegacyEntry, at: number): number {
  return Number(bytes.readBigUInt64LE(at + entry.counters));
}

/** All that it says, but counters and by which hooks it is reached. What matches remember the kernel leaves out since 4.11. */
function digestOf(bytes: Buffer, entry: LegacyEntry, at: number, next: number): string {
  const hash = createHash('sha1').update(bytes.subarray(at, at + entry.from));
  return hash
    .update(bytes.subarray(at + entry.bytes, next))
    .digest('base64')
    .slice(0, 12);
}
