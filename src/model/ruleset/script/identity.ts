import { conditionMeaning } from '../condition.ts';
import type { Match, Target } from '../extension.ts';
import { type RuleTokens, ruleProtocol, useOf } from '../meaning.ts';
import type { Condition, GivenAt, RuleParts, Used } from '../rule.ts';
import { readPortRange } from '../values/port.ts';
import { readProtocol } from '../values/protocol.ts';

/**
 * Whether two rules are the same to `-D` and `-C`: iptables compares conditions, matches in their order, and target, byte by
 * byte as the kernel holds them, whatever spelling they came in.
 */
export interface Identity {
  /** Rules of equal text are the same. */
  readonly exact: string;
  /** Rules of equal `loose` and different `exact` may be the same in another spelling: palisade cannot tell. */
  readonly loose: string;
}

export function identityOf(source: RuleTokens, parts: RuleParts): Identity {
  const proto = ruleProtocol(parts);
  const conditions = parts.conditions
    .filter((condition) => !saysNothing(condition))
    .map((condition) => json(conditionMeaning(condition, source.family)))
    .sort();
  const uses = parts.matches.map((match) => useIdentity(source, match, proto));
  const { target } = parts;
  const end =
    target.kind === 'extension'
      ? useIdentity(source, target.use, proto)
      : same(target.kind === 'none' ? '' : `${target.kind === 'chain' && target.goto ? '-g' : '-j'} ${target.name}`);
  const all = [same(conditions.join()), ...uses, end];
  return { exact: all.map((one) => one.exact).join('\n'), loose: all.map((one) => one.loose).join('\n') };
}

/** `-s 0/0`, `-p all` and `-i +` are as if they were not there. */
function saysNothing({ kind, value, inverted }: Condition): boolean {
  if (inverted) return false;
  if (kind === 'src' || kind === 'dst') return /^[^/]+\/(?:0+|0\.0\.0\.0)$/.test(value);
  return kind === 'proto' ? readProtocol(value) === 0 : value === '+';
}

function same(text: string): Identity {
  return { exact: text, loose: text };
}

function useIdentity(source: RuleTokens, used: Used<Match> | Used<Target>, proto: ReturnType<typeof ruleProtocol>): Identity {
  const { name, extension, given } = used;
  const spelled = (values: readonly string[]): Identity => same(`${name} ${values.join(' ')}`);
  switch (name) {
    case 'comment':
      return spelled([given[0]?.values[0] ?? '']);
    case 'quota':
      return spelled([given.map((one) => `${one.inverted}${Number(one.values[0])}`).join()]);
    case 'limit':
      return spelled([rate(firstValue(given, '--limit') ?? '3/hour'), firstValue(given, '--limit-burst') ?? '5']);
    case 'recent':
      return spelled([
        ...given
          .filter((one) => /^--(?:set|rcheck|update|remove|rttl|reap)$/.test(one.name))
          .map(optionText)
          .sort(),
        ...['--seconds', '--hitcount', '--mask'].map((option) => firstValue(given, option) ?? ''),
        firstValue(given, '--name') ?? 'DEFAULT',
        given.some((one) => one.name === '--rdest') ? 'rdest' : 'rsource',
      ]);
    case 'LOG':
      return spelled([
        (firstValue(given, '--log-prefix') ?? '').slice(0, 29),
        levelOf(firstValue(given, '--log-level') ?? 'warning'),
        ...given
          .map((one) => one.name)
          .filter((option) => option !== '--log-prefix' && option !== '--log-level')
          .sort(),
      ]);
    case 'REJECT': {
      const kind =
        firstValue(given, '--reject-with') ?? (source.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable');
      return spelled([source.family === 4 ? (rejectNames[kind] ?? kind) : (reject6Names[kind] ?? kind)]);
    }
    case 'multiport': {
      // The kernel holds the ports in the order they were written.
      const ports = (text: string): string => (readPortRange(text, 'old') ?? [text]).join(':');
      const lists = given.map((one) => `${one.inverted}${one.name} ${(one.values[0] ?? '').split(',').map(ports)}`);
      return spelled(lists);
    }
  }
  const use = useOf(source, used, proto);
  if (extension !== null) {
    const meaning = json(extension.meaning(use));
    // Where the meaning says all that the options said, it tells spellings apart from differences.
    const whole =
      extension.kind === 'match'
        ? name !== 'set' && !meaning.includes('"opaque"')
        : /^{"kind":"(?:write|copy|hops|netmap|deliver)"/.test(meaning);
    if (whole) return spelled([meaning]);
  }
  // The same spelling is the same; of another one only iptables can tell.
  const exact = extension === null ? use.text : given.map(optionText).sort().join(' ');
  return { exact: `${name} ${exact}`, loose: extension !== null && given.length === 0 ? `${name} bare` : name };
}

function firstValue(given: readonly GivenAt[], option: string): string | undefined {
  return given.find((one) => one.name === option)?.values[0];
}

function optionText(one: GivenAt): string {
  return [one.inverted ? '!' : '', one.name, ...one.values].join(' ');
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** As the kernel holds it: hundreds of microseconds between packets (extensions/libxt_limit.c). */
function rate(text: string): string {
  const [, number = '', unit = 's'] = /^(\d+)(?:\/([smhd]))?/.exec(text) ?? [];
  return String(Math.floor(((seconds[unit] ?? 1) * 10_000) / Number(number)));
}

const levels = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];

function levelOf(text: string): string {
  const found = levels.findIndex((level) => level.startsWith(text.toLowerCase()) || text.toLowerCase() === level);
  return text === 'panic' ? '0' : text === 'err' ? '3' : text === 'warn' ? '4' : found >= 0 ? String(found) : text;
}

const rejectNames: Readonly<Record<string, string>> = {
  'net-unreach': 'icmp-net-unreachable',
  'host-unreach': 'icmp-host-unreachable',
  'proto-unreach': 'icmp-proto-unreachable',
  'port-unreach': 'icmp-port-unreachable',
  'net-prohib': 'icmp-net-prohibited',
  'host-prohib': 'icmp-host-prohibited',
  'tcp-rst': 'tcp-reset',
  'admin-prohib': 'icmp-admin-prohibited',
};
const reject6Names: Readonly<Record<string, string>> = {
  'no-route': 'icmp6-no-route',
  'adm-prohibited': 'icmp6-adm-prohibited',
  'addr-unreach': 'icmp6-addr-unreachable',
  'port-unreach': 'icmp6-port-unreachable',
};

function json(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? '';
}
