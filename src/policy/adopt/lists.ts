import type { Family } from '../../model/net/index.ts';
import type { Chain, Table } from '../../model/ruleset/index.ts';
import { answers } from '../compile/rules.ts';
import type { Answer, Ending } from '../policy.ts';
import type { Entry } from './entry.ts';
import { countsOnly, isEffectless, isStateful, type Reading, type ReadRule, rawText, readOf, Unsayable } from './reading.ts';
import { type Keys, type Said, saidOf } from './said.ts';
import { isTcp } from './words.ts';

/**
 * The rules of one built-in chain of the table filter, and of the chains that it calls, as entries of a policy's list. Chains become
 * groups, or stand in place of the jump where that says the same; RETURN leaves its group, and in the built-in chain ends as its policy does.
 */
export function listOf(reading: Reading, table: Table, builtin: Chain, policy: Ending): readonly Entry[] {
  const { family, ruleset, fates } = reading;
  const made = new Map<string, readonly Entry[]>();
  const entered = new Map<string, number>();
  for (const chain of table.chains.values())
    for (const rule of chain.rules) {
      const { effect } = readOf(reading, rule).meaning;
      if (effect.kind === 'jump') entered.set(effect.chain, (entered.get(effect.chain) ?? 0) + 1);
    }
  return chainEntries(builtin, true);

  function chainEntries(chain: Chain, top: boolean): readonly Entry[] {
    const before = top ? undefined : made.get(chain.name);
    if (before !== undefined) return before;
    const entries: Entry[] = [];
    let size = 0;
    for (const rule of chain.rules) {
      if (reading.isForeign(rule)) {
        if (!top) throw new Unsayable(ruleset, rule, 'another program’s rule stands among those of an administrator’s chain');
        continue;
      }
      if (reading.isDead(table.name, rule)) {
        fates.set(rule, 'dead');
        continue;
      }
      const read = readOf(reading, rule);
      const added = ruleEntries(read, top);
      size += added.reduce((sum, entry) => sum + sizeOf(entry), 0);
      if (size > mostEntries) throw new Unsayable(ruleset, rule, `its chains, written out, are more than ${mostEntries} rules`);
      entries.push(...added);
      if (endsAll(read)) break;
    }
    if (!top) made.set(chain.name, entries);
    return entries;
  }

  /** A goto without conditions: nothing comes to the rules behind it. */
  function endsAll({ meaning }: ReadRule): boolean {
    return meaning.constraint.kind === 'always' && meaning.effect.kind === 'jump' && meaning.effect.goto;
  }

  function ruleEntries(read: ReadRule, top: boolean): readonly Entry[] {
    const { rule, meaning } = read;
    const { effect } = meaning;
    if (countsOnly(read)) {
      fates.set(rule, 'idle');
      return [];
    }
    if (effect.kind === 'jump') return jumpEntries(read, effect.chain, effect.goto, top);
    const limits = effect.kind === 'log' || effect.kind === 'verdict';
    const said = saidOf(read.parts, { family, limits, membersOf: reading.membersOf });
    const entry = said === null || countsApart(said, effect.kind) ? null : plainEntry(read, said, top);
    if (entry !== null) {
      fates.set(rule, 'term');
      return [entry];
    }
    fates.set(rule, 'raw');
    if (effect.kind === 'return' && top) {
      if (policy === 'reject') throw new Unsayable(ruleset, rule, 'it returns to a policy that iptables does not have');
      const line = `${rawText(reading, rule, false)} -j ${policy === 'accept' ? 'ACCEPT' : 'DROP'}`;
      return [lineEntry(line, meaning.comment)];
    }
    return [lineEntry(rawText(reading, rule, true), meaning.comment)];
  }

  function plainEntry({ parts, meaning }: ReadRule, { services, keys, upTo }: Said, top: boolean): Entry | null {
    const { effect, comment } = meaning;
    const entry = (verb: Entry['verb'], more: Keys = {}): Entry => ({
      verb,
      services,
      keys: { ...keys, ...more, ...upTo },
      line: null,
      inner: null,
      note: comment,
      families: [family],
    });
    if (effect.kind === 'return') return entry(top ? (policy === 'accept' ? 'allow' : 'deny') : 'leave');
    const target = parts.target.kind === 'extension' ? parts.target.use : null;
    if (effect.kind === 'log') {
      if (target?.name !== 'LOG') return null;
      const told = logKeys(target.given);
      return told === null ? null : entry('log', told);
    }
    if (effect.kind !== 'verdict') return null;
    if (effect.verdict === 'ACCEPT') return entry('allow');
    if (effect.verdict === 'DROP') return entry('deny');
    if (effect.verdict !== 'REJECT') return null;
    const word = target?.given.find(({ name }) => name === '--reject-with')?.values[0];
    const answer = word === undefined ? 'port-unreachable' : answerOf(word, family);
    if (answer === null) return null;
    return entry('reject', isUsual(answer, services) ? {} : { answer });
  }

  function jumpEntries(read: ReadRule, name: string, goto: boolean, top: boolean): readonly Entry[] {
    const { rule, meaning, parts } = read;
    const chain = table.chains.get(name);
    if (chain === undefined) throw new Unsayable(ruleset, rule, 'its chain is not there');
    const plain = saidOf(parts, { family, limits: false, membersOf: reading.membersOf });
    if (isEffectless(reading, table, chain) && !isStateful(meaning.constraint)) {
      if (!goto) {
        fates.set(rule, 'idle');
        return [];
      }
      fates.set(rule, plain === null ? 'raw' : 'term');
      return [endOf(read, plain, top)];
    }
    const inner = chainEntries(chain, false);
    const counts = holdsLines(inner);
    const said = plain !== null && counts && hasSeveral(plain) ? null : plain;
    fates.set(rule, said === null ? 'raw' : 'term');
    const always = said?.services[0] === 'any' && Object.keys(said.keys).length === 0;
    const alone = (entered.get(name) ?? 0) < 2 || !counts;
    if (always && alone && !inner.some(({ verb }) => verb === 'leave')) return inner;
    const leaves = goto && !always && !endsInAll(inner) ? { rest: 'leave' } : {};
    const group: Entry = {
      verb: 'group',
      services: said?.services ?? ['any'],
      keys: { ...(said?.keys ?? { matches: rawText(reading, rule, false) }), ...leaves },
      line: null,
      inner,
      // What counts is one chain, from wherever it is entered.
      note: counts ? name : (meaning.comment ?? name),
      families: [family],
    };
    return said === null || group.keys['rest'] !== undefined ? [group] : flattened(group);
  }

  /** Behind a goto nothing else of its chain is asked. */
  function endOf(read: ReadRule, said: Said | null, top: boolean): Entry {
    const { meaning, rule } = read;
    if (said !== null) {
      const verb = top ? (policy === 'accept' ? 'allow' : 'deny') : 'leave';
      return {
        verb,
        services: said.services,
        keys: said.keys,
        line: null,
        inner: null,
        note: meaning.comment,
        families: [family],
      };
    }
    const target = top ? (policy === 'accept' ? 'ACCEPT' : 'DROP') : 'RETURN';
    return lineEntry(`${rawText(reading, rule, false)} -j ${target}`, null);
  }

  function lineEntry(line: string, note: string | null): Entry {
    return { verb: 'iptables', services: [], keys: {}, line, inner: null, note, families: [family] };
  }
}

/** Chains that call others over and over would fill any file. */
const mostEntries = 200_000;
const sizes = new WeakMap<Entry, number>();

/** An entry with all that stands in it. */
function sizeOf(entry: Entry): number {
  const before = sizes.get(entry);
  if (before !== undefined) return before;
  const size = 1 + (entry.inner ?? []).reduce((sum, one) => sum + sizeOf(one), 0);
  sizes.set(entry, size);
  return size;
}

/** A count that would stand in several rules: a policy's is of one. */
function countsApart(said: Said, effect: string): boolean {
  return said.upTo !== null && effect !== 'log' && hasSeveral(said);
}

/** Several rules of iptables say it. */
function hasSeveral({ keys }: Said): boolean {
  return [keys['from'], keys['to']].some((words) => Array.isArray(words) && (words.length > 1 || String(words[0]).includes('-')));
}

/** Whatever comes to it ends there. */
function endsInAll(entries: readonly Entry[]): boolean {
  const last = entries.at(-1);
  const ends = last?.verb === 'allow' || last?.verb === 'deny' || last?.verb === 'reject';
  return (
    ends && last.services[0] === 'any' && Object.keys(last.keys).length === 0 && !entries.some(({ verb }) => verb === 'leave')
  );
}

function holdsLines(entries: readonly Entry[]): boolean {
  return entries.some(
    ({ verb, line, keys, inner }) =>
      line !== null ||
      keys['matches'] !== undefined ||
      (keys['up-to'] !== undefined && verb !== 'log') ||
      (inner !== null && holdsLines(inner)),
  );
}

/** So few rules are better read with the group's conditions in each of them. */
const fewRules = 2;

/** A group of few rules whose conditions can be written beside its own. */
function flattened(group: Entry): readonly Entry[] {
  const { inner, keys, services } = group;
  if (inner === null || inner.length > fewRules) return [group];
  const joined = inner.map((entry): Entry | null => {
    if (entry.verb === 'iptables' || entry.verb === 'leave' || entry.verb === 'group') return null;
    // Counts are of one place.
    if (entry.keys['up-to'] !== undefined && entry.verb !== 'log') return null;
    if (entry.services[0] !== 'any' && services[0] !== 'any') return null;
    if (Object.keys(keys).some((key) => Object.hasOwn(entry.keys, key))) return null;
    const both = entry.services[0] === 'any' ? services : entry.services;
    const { answer, ...rest } = entry.keys;
    const kept =
      answer === undefined && entry.verb === 'reject' && entry.services[0] === 'any' && services[0] !== 'any' ? null : rest;
    if (kept === null) return null;
    const shown = answer === undefined || isUsual(answer as Answer, both) ? {} : { answer };
    return { ...entry, services: both, keys: { ...keys, ...kept, ...shown }, note: entry.note ?? group.note };
  });
  return joined.every((entry) => entry !== null) ? joined : [group];
}

function answerOf(word: string, family: Family): Answer | null {
  const found = Object.entries(answers).find(([, words]) => words[family] === word);
  return (found?.[0] as Answer | undefined) ?? null;
}

/** It goes without saying: a reset for TCP, a closed port for what is not. */
function isUsual(answer: Answer, services: readonly string[]): boolean {
  const tcp = services.map((word) => isTcp(word));
  if (tcp.includes(null)) return false;
  return answer === 'tcp-reset'
    ? tcp.every((is) => is === true)
    : answer === 'port-unreachable' && tcp.every((is) => is === false);
}

const details: Readonly<Record<string, string>> = {
  '--log-tcp-sequence': 'tcp-sequence',
  '--log-tcp-options': 'tcp-options',
  '--log-ip-options': 'ip-options',
  '--log-uid': 'uid',
  '--log-macdecode': 'macdecode',
};

function logKeys(given: ReadonlyArray<{ readonly name: string; readonly values: readonly string[] }>): Keys | null {
  const keys: Record<string, unknown> = {};
  const told: string[] = [];
  for (const { name, values } of given) {
    const [value = ''] = values;
    if (name === '--log-prefix') {
      if (!/^[ !#-[\]-~]{1,29}$/.test(value) || value.trim() === '') return null;
      keys['prefix'] = value;
    } else if (name === '--log-level') {
      if (!/^[0-7]$/.test(value)) return null;
      if (value !== '4') keys['level'] = Number(value);
    } else {
      const detail = details[name];
      if (detail === undefined) return null;
      told.push(detail);
    }
  }
  if (told.length > 0) keys['details'] = told;
  return keys;
}
