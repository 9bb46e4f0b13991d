import type { Host } from '../../model/host/index.ts';
import { type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { untimed } from '../snapshots/index.ts';
import type { Difference, Members } from './difference.ts';
import { isDrift, type Owners } from './owner.ts';

interface Saved {
  /** Its `create` line, without what changes by itself. */
  readonly header: string;
  /** As `add SET …` goes on, without how long they stay and what they counted. */
  readonly members: Set<string>;
}

/** More members of one kind are only counted. */
const mostNamed = 5;

/**
 * Sets that tell two texts of `ipset save` apart. How a set is made counts where rules ask it, and who is in it where that lets anybody in:
 * of a set by which rules only deny, of one whose members come and go by themselves, and of those of programs, members are said and are no
 * drift.
 */
export function setsBetween(
  before: { readonly host: Host; readonly text: string },
  after: { readonly host: Host; readonly text: string },
  owners: Owners,
): readonly Difference[] {
  if (before.text === after.text) return [];
  const [old, now] = [savedIn(before.text), savedIn(after.text)];
  const uses = usesOf([before.host, after.host]);
  const isVolatile = (name: string): boolean =>
    [before.host, after.host].some(({ sets }) => sets.known && sets.value.get(name)?.volatile === true);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((set): readonly Difference[] => {
    const [was, is] = [old.get(set), now.get(set)];
    const owner = owners.ofSet(set);
    const use = uses.get(set);
    const asked = use !== undefined;
    const drift = asked && isDrift(owner);
    if (was === undefined || is === undefined) {
      const header = was?.header ?? is?.header ?? '';
      return [{ kind: was === undefined ? 'set-added' : 'set-removed', set, header, asked, owner, drift }];
    }
    const changed: Difference[] = [];
    if (was.header !== is.header)
      changed.push({ kind: 'set-changed', set, before: was.header, after: is.header, asked, owner, drift });
    const [added, removed] = [missing(is.members, was.members), missing(was.members, is.members)];
    if (added.count + removed.count > 0) {
      const admits = owner.kind === 'own' || (use === 'admits' && !isVolatile(set));
      changed.push({ kind: 'members-changed', set, asked, added, removed, owner, drift: drift && admits });
    }
    return changed;
  });
}

/** Those of one that are not in the other. */
function missing(of: ReadonlySet<string>, other: ReadonlySet<string>): Members {
  const some: string[] = [];
  let count = 0;
  for (const member of of) {
    if (other.has(member)) continue;
    count += 1;
    if (some.length < mostNamed) some.push(member);
  }
  return { count, some };
}

/** Line by line, since there may be many: a comment may hold line ends, and names may hold blanks. */
function savedIn(text: string): ReadonlyMap<string, Saved> {
  const sets = new Map<string, Saved>();
  let [open, last] = ['', ''];
  const close = (): void => {
    if (last !== '') sets.get(open)?.members.add(untimed(last).slice(`add ${open} `.length));
    last = '';
  };
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start) < 0 ? text.length : text.indexOf('\n', start);
    const line = text.slice(start, end);
    start = end + 1;
    if (line.startsWith('create ')) {
      close();
      open = /^create (.*?) (?:bitmap|hash|list):/.exec(line)?.[1] ?? '';
      sets.set(open, { header: untimed(line).slice(`create ${open} `.length), members: new Set() });
    } else if (line.startsWith('add ')) {
      close();
      // Members stand behind their set; a list may be put elsewhere by hand.
      if (!line.startsWith(`add ${open} `)) open = nameIn(line, sets);
      last = line;
    } else last += `\n${line}`;
  }
  close();
  return sets;
}

function nameIn(line: string, sets: ReadonlyMap<string, unknown>): string {
  const fitting = [...sets.keys()].filter((name) => line.startsWith(`add ${name} `));
  return fitting.reduce((longest, name) => (name.length > longest.length ? name : longest), '');
}

/** Whether rules ask a set only to deny, or may let in whoever is in it, or is not. Of lists of sets each of them is asked. */
function usesOf(hosts: readonly Host[]): ReadonlyMap<string, 'admits' | 'denies'> {
  const uses = new Map<string, 'admits' | 'denies'>();
  const note = (set: string, use: 'admits' | 'denies', hosts: readonly Host[]): void => {
    if (uses.get(set) === 'admits' || uses.get(set) === use) return;
    uses.set(set, use);
    for (const { sets } of hosts)
      for (const { parts } of sets.known ? (sets.value.get(set)?.members ?? []) : [])
        for (const part of parts) if (part.kind === 'set') note(part.name, use, hosts);
  };
  for (const ruleset of hosts.flatMap(rulesetsOf))
    for (const table of ruleset.tables)
      for (const rule of table.rules) {
        if (!ruleset.text.slice(rule.start, rule.end).includes('-set ')) continue;
        const { effect, uses: matches } = ruleMeaning(ruleset, rule);
        const denies = effect.kind === 'verdict' && (effect.verdict === 'DROP' || effect.verdict === 'REJECT');
        for (const { text } of matches)
          for (const [, inverted, name = ''] of text.matchAll(/(! )?--match-set (\S+)/g))
            note(name, denies && inverted === undefined ? 'denies' : 'admits', hosts);
      }
  return uses;
}

function rulesetsOf({ backends }: Host): readonly Ruleset[] {
  return ([4, 6] as const).flatMap((family) => {
    const of = backends[family];
    return of.known ? [of.value.nft, of.value.legacy].filter((ruleset) => ruleset !== null) : [];
  });
}
