import { type Family, parseAddress, TCP } from '../../model/net/index.ts';
import { answers } from '../compile/rules.ts';
import type { Ending, Group, Item, Report, Rule, Target, Way } from '../policy.ts';
import { conditionsOf } from './conditions.ts';
import type { Path } from './document.ts';
import { familiesOf, familiesWithin, spokenFamilies } from './families.ts';
import { limitOf, upToOf } from './limits.ts';
import { checkLine } from './lines.ts';
import type { Lookup, Say, Verb } from './lookup.ts';
import type { RuleShape } from './schema.ts';

/** What of a policy entries of its lists hang on. */
export interface Around {
  readonly otherwise: Readonly<Record<Way, Ending>>;
  /** Whether tracking tells new connections from others before any rule. */
  readonly established: boolean;
  /** Seconds since 1970. */
  readonly now: number;
}

export type ReadItem = (rule: RuleShape, list: Way | 'docker', path: Path) => readonly Item[];

/** Reads entries of a policy's lists; none of what has expired, and of what is wrong. */
export function createItems(lookup: Lookup, { otherwise, established, now }: Around): ReadItem {
  const { say, place } = lookup;
  return (rule, list, path) => readItem(rule, list, path);

  function readItem(rule: RuleShape, list: Way | 'docker', path: Path, around: readonly Family[] | null = null): readonly Item[] {
    const verbs: Verb[] = (['allow', 'deny', 'reject', 'iptables', 'group', 'leave'] as const).filter(
      (key) => rule[key] !== undefined,
    );
    if (typeof rule.log !== 'boolean') verbs.push('log');
    const [verb] = verbs;
    if (verb === undefined || verbs.length > 1) {
      say(
        path,
        verb === undefined ? 'this rule allows and denies nothing' : `this rule says ${verbs.join(' and ')}`,
        'write one of allow, deny, reject, log, group or iptables',
      );
      return [];
    }
    if (verb === 'iptables') return readLine(rule, list, path, around);
    for (const [key, of] of Object.entries(onlyOf))
      if (of?.includes(verb) === false && rule[key as keyof RuleShape] !== undefined)
        say([...path, key], `${key} has no meaning beside ${verb}`, `it goes with ${of.join(' and ')}`, 'key');
    if (verb === 'group' || verb === 'leave' || verb === 'log') return readBeside(verb, rule, list, path, around);
    if (around !== null && (rule.rate ?? rule.masquerade ?? rule['send-to']) !== undefined)
      say(path, 'rate, masquerade and send-to stand outside groups', 'move the rule out of the group');
    if (list !== 'forwarded')
      for (const key of ['masquerade', 'send-to'] as const)
        if (rule[key] !== undefined) say([...path, key], `${key} is for forwarded rules`, 'move the rule to forwarded', 'key');
    if (rule.masquerade !== undefined && rule.out === undefined)
      say([...path, 'masquerade'], 'whose address it takes is not said', 'add out, the interface that it leaves by', 'key');
    if (rule['send-to'] !== undefined && rule.rate !== undefined)
      say(
        [...path, 'rate'],
        'a rate cannot be kept of what is sent on',
        'write at-most, or limit it at the other machine',
        'key',
      );
    if (list === 'docker')
      for (const key of notOfDocker)
        if (rule[key] !== undefined && rule[key] !== false)
          say([...path, key], `${key} has no meaning for what Docker publishes`, 'leave it out', 'key');
    if (!established && rule['at-most'] !== undefined)
      say(
        [...path, 'at-most'],
        'new connections are told from others by tracking',
        'leave basics.established on, or write rate',
        'key',
      );
    if (rule.rate !== undefined && rule['at-most'] !== undefined)
      say([...path, 'rate'], 'this rule has two limits', 'keep at-most or rate', 'key');
    const ending = verb === 'allow' ? 'accept' : verb === 'deny' ? 'drop' : 'reject';
    if (ending !== 'accept')
      for (const key of ['masquerade', 'send-to'] as const)
        if (rule[key] !== undefined) say([...path, key], `${key} is for what is allowed`, 'write allow, or leave it out', 'key');
    if (ending !== 'accept' && (rule.rate ?? rule['at-most']) !== undefined)
      say(path, `a limit on what is ${ending === 'drop' ? 'denied' : 'rejected'} has no meaning`, 'leave it out');
    const conditions = conditionsOf(lookup, verb, rule, list, path, around);
    const { services } = conditions;
    const read: Rule = {
      kind: 'rule',
      at: place(path),
      ending,
      answer: rule.answer ?? null,
      ...conditions,
      limit: limitOf(say, rule, path),
      upTo: upToOf(say, rule, path),
      log: rule.log === true,
      masquerade: rule.masquerade === undefined ? [] : familiesOf(rule.masquerade),
      sendTo: rule['send-to'] === undefined ? null : targetOf(say, rule['send-to'], [...path, 'send-to']),
      note: rule.note ?? null,
      owner: rule.owner ?? null,
      expires: rule.expires === undefined ? null : Date.parse(rule.expires) / 1000,
    };
    checkAnswer(say, read, path, around);
    if (read.sendTo !== null && (services === null || services.some(({ ports }) => ports === null)))
      say([...path, 'send-to'], 'only what has ports can be sent on', `name them, such as ${verb}: https`);
    return read.expires !== null && read.expires <= now ? [] : [read];
  }

  function readLine(rule: RuleShape, list: Way | 'docker', path: Path, around: readonly Family[] | null): readonly Item[] {
    const families = familiesWithin(rule.family, around);
    for (const key of notOfLines)
      if (rule[key] !== undefined)
        say([...path, key], `${key} stands beside a line of iptables`, 'write it into the line', 'key');
    if (list === 'docker') {
      say(path, 'a line of iptables cannot stand under docker', 'move it to forwarded');
      return [];
    }
    const chain = builtinOf[list];
    checkLine(say, 'filter', chain, rule.iptables ?? '', families, [...path, 'iptables']);
    return [
      {
        kind: 'line',
        at: place(path),
        families,
        table: 'filter',
        chain,
        text: rule.iptables ?? '',
        below: null,
      },
    ];
  }

  /** What decides nothing by itself: groups, what leaves them, what is logged. */
  function readBeside(
    verb: 'group' | 'leave' | 'log',
    rule: RuleShape,
    list: Way | 'docker',
    path: Path,
    around: readonly Family[] | null,
  ): readonly Item[] {
    if (list === 'docker') {
      say([...path, verb], `${verb} has no meaning for what Docker publishes`, 'leave it out', 'key');
      return [];
    }
    const at = place(path);
    const isOver = rule.expires !== undefined && Date.parse(rule.expires) / 1000 <= now;
    const conditions = conditionsOf(lookup, verb, rule, list, path, around);
    if (verb === 'leave') {
      if (around === null) say([...path, 'leave'], 'there is no group here to leave', 'move it into a group', 'key');
      return isOver ? [] : [{ kind: 'leave', at, ...conditions }];
    }
    if (verb === 'log') {
      const lines = upToOf(say, rule, path);
      const prefix = rule.prefix ?? null;
      const report: Report = {
        kind: 'report',
        at,
        ...conditions,
        prefix,
        lines,
        level: rule.level ?? 4,
        details: rule.details ?? [],
        note: rule.note ?? null,
      };
      return isOver ? [] : [report];
    }
    if (rule.rules === undefined) say(path, 'this group has no rules', 'write them under rules');
    if (rule.matches !== undefined)
      checkLine(say, 'filter', builtinOf[list], joinedWords(rule.matches, '-j RETURN'), familiesWithin(rule.family, around), [
        ...path,
        'matches',
      ]);
    const families = spokenFamilies(conditions, around);
    const items = rule.rules?.flatMap((one, index) => readItem(one, list, [...path, 'rules', index], families)) ?? [];
    const leaves = rule.rest === 'leave';
    if (leaves && around === null && otherwise[list] === 'reject')
      say([...path, 'rest'], 'what leaves a list is not rejected', 'write next', 'key');
    const group: Group = {
      kind: 'group',
      at,
      ...conditions,
      matches: rule.matches ?? null,
      items,
      leaves,
      note: rule.note ?? null,
    };
    return isOver ? [] : [group];
  }
}

function checkAnswer(say: Say, rule: Rule, path: Path, around: readonly Family[] | null): void {
  const { answer, ending, services } = rule;
  if (answer === null || ending !== 'reject') return;
  if (answer === 'tcp-reset' && services?.every(({ proto }) => proto === TCP) !== true)
    say([...path, 'answer'], 'only TCP is reset', 'write reject: tcp, or another answer');
  const lacking = spokenFamilies(rule, around).find((one) => answers[answer][one] === null);
  if (lacking !== undefined)
    say(
      [...path, 'answer'],
      `IPv${lacking} has no message "${answer}"`,
      `write family: ipv${10 - lacking} too, or another answer`,
    );
}

function targetOf(say: Say, word: string, path: Path): Target | null {
  const [, address = '', port] = /^(?:\[([^\]]+)\](?::(\d+))?)$/.exec(word) ?? /^([\d.]+)(?::(\d+))?$/.exec(word) ?? [];
  const parsed = parseAddress(address) ?? parseAddress(word);
  const number = port === undefined ? null : Number(port);
  if (parsed === undefined || (number !== null && (number < 1 || number > 65_535))) {
    say(path, `"${word}" is no machine to send to`, 'write "192.168.1.20", "192.168.1.20:8443" or "[2001:db8::20]:8443"');
    return null;
  }
  return { family: parsed.family, address: parsed.value, port: number };
}

const finer = ['state', 'from-port', 'flags', 'hops', 'helper', 'from-kind', 'to-kind', 'answer', 'up-to', 'burst'] as const;
const ofGroups = ['matches', 'rules', 'rest'] as const;
const ofLogs = ['prefix', 'level', 'details'] as const;
const notOfDocker = ['to', 'out', 'at-most', 'rate', 'log', ...finer] as const;
const ofRules = ['from', 'to', 'via', 'out', 'at-most', 'rate', 'masquerade', 'send-to'] as const;
const notOfLines = [...ofRules, ...finer, ...ofGroups, ...ofLogs] as const;
/** Keys that only rules of some kinds may have. */
const onlyOf: Readonly<Partial<Record<keyof RuleShape, readonly Verb[]>>> = {
  answer: ['reject'],
  matches: ['group'],
  rest: ['group'],
  rules: ['group'],
  prefix: ['log'],
  'up-to': ['allow', 'deny', 'reject', 'log'],
  burst: ['allow', 'deny', 'reject', 'log'],
  level: ['log'],
  details: ['log'],
  'at-most': ['allow', 'deny', 'reject'],
  rate: ['allow', 'deny', 'reject'],
  masquerade: ['allow', 'deny', 'reject'],
  'send-to': ['allow', 'deny', 'reject'],
};
const builtinOf = { incoming: 'INPUT', outgoing: 'OUTPUT', forwarded: 'FORWARD' } as const;

function joinedWords(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}
