import { createHash } from 'node:crypto';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { untimed } from '../snapshots/index.ts';

/** One set, as `ipset save` prints it, without the words that only name it. */
export interface SavedSet {
  readonly name: string;
  /** Behind the name: `hash:net family inet …`. */
  readonly header: string;
  /** Behind the name, in the order in which they were printed: `192.0.2.0/24 timeout 50 …`. */
  readonly members: readonly string[];
}

/** A name that a line of ipset can hold, and a line of sh behind it (IPSET_MAXNAMELEN of include/uapi/linux/netfilter/ipset/ip_set.h). */
const nameForm = /^\S{1,31}$/;

/** Takes what `ipset save` printed apart. @param file for problems */
export function parseSets(text: string, file: string): Result<readonly SavedSet[]> {
  const sets = new Map<string, { name: string; header: string; members: string[] }>();
  const problems: Problem[] = [];
  const wrong = (line: number, message: string): void =>
    void problems.push({ code: 'restore-unsafe', at: { file, line }, message, hint: 'take another snapshot' });
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const [, word, name = '', rest = ''] = /^(create|add) (\S+) (.+)$/.exec(line) ?? [];
    const set = sets.get(name);
    if (word === undefined || !nameForm.test(name)) wrong(index + 1, 'this line is none that ipset save prints');
    else if (word === 'create') {
      if (set !== undefined) wrong(index + 1, `the set ${name} is made a second time`);
      else sets.set(name, { name, header: rest, members: [] });
    } else if (set === undefined) wrong(index + 1, `the set ${name} has members before it is made`);
    else set.members.push(rest);
  }
  return problems.length > 0 ? failed(...problems) : ok([...sets.values()]);
}

/** Whether its members are sets. */
export function isList({ header }: SavedSet): boolean {
  return header.startsWith('list:set ');
}

/** The sets that are in it. */
export function membersOf(set: SavedSet): readonly string[] {
  return isList(set) ? set.members.map((member) => member.split(' ', 1)[0] ?? '') : [];
}

/** Names of sets that rules ask, fill or read (iptables-extensions(8), `set` and `SET`). */
export function askedIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(asking)].map(([, , name = '']) => name));
}

/** Names of sets that packets change. */
export function filledIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/ --(?:add|del)-set (\S+)(?= )/g)].map(([, name = '']) => name));
}

const asking = /( --(?:match|add|del|map)-set )(\S+)(?= )/g;

/** Rules that ask other sets. */
export function askingOthers(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(asking, (_, option: string, name: string) => `${option}${names.get(name) ?? name}`);
}

/** A set under another name, as ipset restore reads it; of a list also with others of its members. */
export function setText(set: SavedSet, name: string, names: ReadonlyMap<string, string> = new Map()): string {
  const called = (member: string): string => {
    const [one = ''] = member.split(' ', 1);
    return `${names.get(one) ?? one}${member.slice(one.length)}`;
  };
  const members = isList(set) ? set.members.map(called) : set.members;
  return [`create ${name} ${set.header}`, ...members.map((member) => `add ${name} ${member}`)]
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * Sets of `to` that must not be changed while rules ask them, going from `from`: those that are there with other words, and the lists that
 * hold one of these.
 */
export function differing(from: readonly SavedSet[], to: readonly SavedSet[]): ReadonlySet<string> {
  const before = new Map(from.map((set) => [set.name, set]));
  const direct = to.filter((set) => {
    const old = before.get(set.name);
    return old !== undefined && !isSameSet(old, set);
  });
  const names = new Set(direct.map(({ name }) => name));
  // Lists hold no lists (net/netfilter/ipset/ip_set_list_set.c).
  for (const set of to) if (membersOf(set).some((member) => names.has(member))) names.add(set.name);
  return names;
}

function isSameSet(one: SavedSet, other: SavedSet): boolean {
  if (one.header !== other.header || one.members.length !== other.members.length) return false;
  const right = other.members.toSorted();
  return one.members.toSorted().every((member, index) => member === right[index]);
}

/**
 * Another name for a set, by what it is and holds: whoever finds a set of that name that rules ask finds it whole.
 *
 * @param kind `s`: rules ask it in the other's place for a while. `t`: it is filled under this name, and then takes the other's.
 */
export function otherName(kind: 's' | 't', { name, header, members }: SavedSet): string {
  const digest = createHash('sha256')
    .update(`${name}\n${header}\n${members.join('\n')}`, 'latin1')
    .digest('hex');
  return `PAL-${kind}-${digest.slice(0, 20)}`;
}

/** A member with no more seconds left than this may be gone by when it is looked for. */
const soonGone = 60;

/** Lines by which sets are told once they are made, without what the kernel changes by itself; and those of members whose time may be up. */
export function linesOf(sets: readonly SavedSet[]): { readonly must: readonly string[]; readonly may: readonly string[] } {
  const lines = sets.flatMap((set) => setText(set, set.name).trimEnd().split('\n'));
  const isSoonGone = (line: string): boolean => {
    const left = Number(/^add [^"]* timeout (\d+)/.exec(line)?.[1] ?? 0);
    return left > 0 && left <= soonGone;
  };
  return { must: lines.filter((line) => !isSoonGone(line)).map(untimed), may: lines.filter(isSoonGone).map(untimed) };
}
