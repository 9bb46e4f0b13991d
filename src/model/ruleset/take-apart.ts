import { type Command, coreOptions, familyOptions, longCore, ownLongNames, verdictTargets } from './core.ts';
import type { Match, Option, Target } from './extension.ts';
import { findMatch, findTarget, impliedMatch, isForeignTarget, optionNames, optionOf } from './extensions/index.ts';
import { unquoted } from './lexer.ts';
import { notUnderstood, otherFamily } from './option-fault.ts';
import {
  type Condition,
  fault,
  type GivenAt,
  type RuleFault,
  type RuleParts,
  type RuleSource,
  type Skipped,
  type TargetPart,
  type Used,
} from './rule.ts';
import { roles } from './ruleset.ts';
import { readProtocol } from './values/protocol.ts';

interface OpenUse {
  kind: 'match' | 'target';
  name: string;
  extension: Match | Target | null;
  implied: boolean;
  given: GivenAt[];
  spans: number[];
}

/**
 * Takes a rule's tokens apart as iptables' getopt does: every option takes its values by arity, so that
 * `--comment -j` is a comment; a name that several extensions share belongs to the one named last.
 */
export function takeApart(source: RuleSource): RuleParts | RuleFault | Skipped {
  const { firstToken: first, offsets, text } = source;
  const end = first + source.tokenCount;
  const word = (index: number): string => {
    const start = offsets[2 * index] as number;
    const stop = offsets[2 * index + 1] as number;
    return source.roles[index] === roles.word ? text.slice(start, stop) : unquoted(text, start, stop);
  };

  let command: Command | null = null;
  let chain = '';
  let position = 1;
  let policy = '';
  let counters: readonly [string, string] | null = null;
  let target: TargetPart = { kind: 'none' };
  let targetUse: OpenUse | null = null;
  let proto: number | null = null;
  const conditions: Condition[] = [];
  const matches: OpenUse[] = [];
  /** What was taken last is a name that may go on behind a blank. */
  let bare = false;
  /** Matches and the target, in the order they were named. */
  const uses: OpenUse[] = [];

  let at = first;
  while (at < end) {
    const begin = at;
    let name = word(at);
    const inverted = name === '!';
    if (inverted) {
      at += 1;
      if (at >= end) return fault(begin, 'nothing follows the "!"', 'write the condition to invert behind it');
      name = word(at);
    }
    const goesOn = bare && !inverted && !name.startsWith('-');
    bare = false;
    const exact = coreOptions.get(name);
    const owner = exact === undefined ? ownerOf(name) : undefined;
    const core = exact ?? (owner === undefined ? longCore(name) : undefined);
    if (core !== undefined) {
      if (inverted && !core.invertible)
        return fault(begin, `"!" cannot stand before ${name}`, 'leave it out, or invert a condition');
      const wanted = core.kind === 'fragment' ? 0 : core.kind === 'counters' || core.kind === 'policy' ? 2 : 1;
      if (at + wanted >= end)
        return fault(at, `${name} has no value`, `write ${wanted === 2 ? 'two values' : 'its value'} behind it`);
      const value = wanted === 0 ? '' : word(at + 1);
      const valueAt = at + Math.min(wanted, 1);
      at += 1 + wanted;
      switch (core.kind) {
        case 'append':
        case 'insert':
        case 'new-chain':
        case 'policy':
          if (command !== null) return fault(begin, 'a line has one command', `put ${name} on a line of its own`);
          command = core.kind;
          chain = value;
          if (core.kind === 'policy') policy = word(valueAt + 1);
          if (core.kind === 'insert' && at < end && /^[^-!]/.test(word(at))) {
            if (!/^[1-9]\d{0,8}$/.test(word(at))) return fault(at, `"${word(at)}" is no rule number`, 'write a number from 1');
            position = Number(word(at));
            at += 1;
          }
          break;
        case 'counters':
          counters = [value, word(valueAt + 1)];
          break;
        case 'match': {
          const extension = findMatch(value, source.family);
          if (extension === 'other-family') return otherFamily(valueAt, `-m ${value}`, source.family);
          const use = openUse('match', extension?.name ?? value, extension, begin, at);
          matches.push(use);
          uses.push(use);
          if (extension === null && strangerFollows()) at = verbatim(use, at);
          break;
        }
        case 'jump':
        case 'goto': {
          if (target.kind !== 'none') return fault(begin, 'a rule has one target', `leave out this ${name}`);
          if (value === '') return fault(valueAt, `${name} names nothing`, 'write a target or a chain');
          const isGoto = core.kind === 'goto';
          if (!isGoto && verdictTargets.has(value)) target = { kind: 'verdict', name: value, token: valueAt };
          else {
            const extension = isGoto ? null : findTarget(value, source.family);
            if (extension !== null && source.isChain(value)) {
              return fault(
                valueAt,
                `${value} is a chain and a target of iptables too; the backends differ in which of them this means`,
                'rename the chain',
              );
            }
            if (extension === 'other-family') return otherFamily(valueAt, `-j ${value}`, source.family);
            const isStrange = extension === null && (strangerFollows() || isForeignTarget(value));
            if (isGoto || source.isChain(value) || (extension === null && !isStrange)) {
              target = { kind: 'chain', name: value, goto: isGoto, token: valueAt };
            } else {
              targetUse = openUse('target', value, extension, begin, at);
              uses.push(targetUse);
              target = { kind: 'extension', use: targetUse as Used<Target> };
              if (extension === null && strangerFollows()) at = verbatim(targetUse, at);
            }
          }
          break;
        }
        default: {
          if (conditions.some((one) => one.kind === core.kind)) return fault(begin, `${name} stands twice`, 'a rule has it once');
          if (core.kind === 'proto') {
            const number = readProtocol(value);
            if (number === undefined) return fault(valueAt, `"${value}" is no protocol that palisade knows`, 'write its number');
            if (number === 0 && inverted && value !== 'ip' && value !== 'hopopt')
              return fault(begin, 'no packet matches "! -p all"', 'leave the rule out');
            proto = number;
          }
          if ((core.kind === 'src' || core.kind === 'dst') && value.includes(',')) {
            if (source.noting) source.roles[valueAt] = roles.list;
          }
          if (core.kind === 'fragment' && source.family === 6) return fault(begin, 'IPv6 has no -f', 'use -m frag');
          conditions.push({ kind: core.kind, inverted, value, token: valueAt });
          bare = core.kind === 'in' || core.kind === 'out';
        }
      }
      continue;
    }

    if (owner !== undefined) {
      const { use, option } = owner;
      if (inverted && option.invertible !== true)
        return fault(begin, `"!" cannot stand before ${name}`, 'leave it out; this option has no inverse');
      if (option.repeatable !== true && use.given.some((one) => one.name === option.name))
        return fault(begin, `${name} stands twice`, 'an extension takes it once');
      const isMissing = option.optional === true && (at + 1 >= end || /^[-!]/.test(word(at + 1)));
      const arity = isMissing ? 0 : option.arity;
      if (at + arity >= end)
        return fault(at, `${name} has no value`, `write ${option.arity === 2 ? 'two values' : 'a value'} behind it`);
      const values: string[] = [];
      for (let index = 1; index <= arity; index += 1) values.push(word(at + index));
      if (source.noting && option.prints !== undefined && option.prints !== 'word') source.roles[at + 1] = roles[option.prints];
      use.given.push({ name: option.name, inverted, values, token: at });
      at += 1 + arity;
      bare = option.types[0]?.bare === true;
      note(use, begin, at);
      continue;
    }

    const only = familyOptions.get(name);
    if (only !== undefined && !inverted) {
      // What stands behind it iptables-restore does not even look at.
      if (only !== source.family) return { kind: 'skipped' };
      at += 1;
      continue;
    }
    const stranger = uses.findLast((use) => use.extension === null);
    if (stranger !== undefined && name.startsWith('-')) {
      at = verbatim(stranger, begin);
      continue;
    }
    return goesOn ? { ...notUnderstood(at, name, uses.length > 0), bare: true } : notUnderstood(at, name, uses.length > 0);
  }

  const list = conditions.find(({ kind, value }) => (kind === 'src' || kind === 'dst') && value.includes(','));
  const besideList = conditions.find(({ kind, inverted }) => (kind === 'src' || kind === 'dst') && inverted);
  if (list !== undefined && besideList !== undefined) {
    return fault(besideList.token - 2, '"!" cannot stand in a rule with several addresses', 'use an ipset, or a chain');
  }
  if (command === null) return fault(first, 'the line has no command', 'begin it with -A and the chain, or put "#" in front');
  for (const use of uses) {
    const missing = use.extension?.options.find(
      (option) => option.required === true && !use.given.some((one) => one.name === option.name),
    );
    if (missing !== undefined) {
      const hint = `write ${missing.name} behind it`;
      return fault(use.spans[0] ?? first, `${use.kind === 'match' ? '-m' : '-j'} ${use.name} lacks ${missing.name}`, hint);
    }
  }
  return { command, chain, position, policy, counters, conditions, matches: matches as Used<Match>[], target };

  /** True if what stands next is an option of nobody named so far: it must be an unknown target's. */
  function strangerFollows(): boolean {
    if (at >= end || coreEnd(at) === at) return false;
    const next = word(at) === '!' && at + 1 < end ? word(at + 1) : word(at);
    return next.startsWith('-') && ownerOf(next) === undefined;
  }

  function note(use: OpenUse, from: number, to: number): void {
    if (use.spans.at(-1) === from) use.spans[use.spans.length - 1] = to;
    else use.spans.push(from, to);
  }

  /** Whose option it is: an extension named last comes first; then what `-p` implies; then unambiguous beginnings. */
  function ownerOf(name: string): { use: OpenUse; option: Option } | undefined {
    for (let index = uses.length - 1; index >= 0; index -= 1) {
      const use = uses[index] as OpenUse;
      const option = use.extension === null ? undefined : optionOf(use.extension, name);
      if (option !== undefined) return { use, option };
    }
    if (!name.startsWith('--')) return undefined;
    const extension = proto === null ? null : impliedMatch(proto, source.family);
    const implied = extension === null || matches.some((use) => use.extension === extension) ? null : extension;
    const exact = implied === null ? undefined : optionOf(implied, name);
    const found = exact ?? abbreviated(name, implied);
    if (found === undefined || implied === null || optionOf(implied, found.name) !== found) {
      const use = found && uses.findLast((one) => one.extension !== null && optionOf(one.extension, found.name) === found);
      return use && found && { use, option: found };
    }
    const use: OpenUse = { kind: 'match', name: implied.name, extension: implied, implied: true, given: [], spans: [] };
    matches.push(use);
    uses.push(use);
    return { use, option: found };
  }

  /** getopt_long takes any beginning that fits one option only. */
  function abbreviated(name: string, implied: Match | null): Option | undefined {
    const extensions = [...uses.flatMap((use) => use.extension ?? []), ...(implied === null ? [] : [implied])];
    const fitting = new Set(
      extensions.flatMap((extension) =>
        optionNames(extension).flatMap((full) => (full.startsWith(name) ? (optionOf(extension, full) ?? []) : [])),
      ),
    );
    const [only] = fitting;
    return fitting.size === 1 && !ownLongNames.some((own) => own.startsWith(name)) ? only : undefined;
  }

  function verbatim(use: OpenUse, from: number): number {
    const to = coreEnd(from);
    if (source.noting) source.roles.fill(roles.verbatim, from, to);
    if (to > from) note(use, from, to);
    return to;
  }

  /** Index of the next core option (or the `!` before it), from which an unknown extension's tokens end. */
  function coreEnd(from: number): number {
    for (let index = from; index < end; index += 1) {
      const here = word(index);
      if (coreOptions.has(here) || familyOptions.has(here)) return index;
      if (here === '!' && index + 1 < end && coreOptions.has(word(index + 1))) return index;
    }
    return end;
  }
}

function openUse(kind: 'match' | 'target', name: string, extension: Match | Target | null, from: number, to: number): OpenUse {
  return { kind, name, extension, implied: false, given: [], spans: [from, to] };
}
