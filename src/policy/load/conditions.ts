import { type Family, type Ranges, ranges, TCP } from '../../model/net/index.ts';
import { states as stateNames, tcpFlags } from '../../model/packet/index.ts';
import type { Conditions, MoreConditions, Way } from '../policy.ts';
import { portProtocols } from '../services/services.ts';
import type { Path } from './document.ts';
import { familiesOf, spokenFamilies } from './families.ts';
import type { Lookup, Say, Verb } from './lookup.ts';
import type { RuleShape } from './schema.ts';

/**
 * Which packets a rule, a group or a report speaks of.
 *
 * @param around families of the group that it stands in; `null` outside of groups
 */
export function conditionsOf(
  lookup: Lookup,
  verb: Exclude<Verb, 'iptables'>,
  rule: RuleShape,
  list: Way | 'docker',
  path: Path,
  around: readonly Family[] | null,
): Conditions {
  const { say } = lookup;
  if (list === 'incoming' && rule.out !== undefined)
    say([...path, 'out'], 'what comes in leaves by no interface', 'write via, or move the rule to forwarded', 'key');
  if (list === 'outgoing' && rule.via !== undefined)
    say([...path, 'via'], 'what goes out arrives on no interface', 'write out instead of via', 'key');
  const services = lookup.services(rule[verb] as string | string[], [...path, verb]);
  const [via, out] = [rule.via, rule.out].map((word) => (isExcept(word) ? undefined : word));
  const notVia = isExcept(rule.via) ? oneLink(lookup, rule.via['any-except'], [...path, 'via', 'any-except']) : null;
  const notOut = isExcept(rule.out) ? oneLink(lookup, rule.out['any-except'], [...path, 'out', 'any-except']) : null;
  const ofPorts = services?.every(({ proto }) => portProtocols.has(proto)) === true;
  const ofTcp = services?.every(({ proto }) => proto === TCP) === true;
  if (rule['from-port'] !== undefined && !ofPorts)
    say([...path, 'from-port'], 'only what has ports comes from one', `name the protocol, such as ${verb}: tcp`, 'key');
  if (rule.flags !== undefined && !ofTcp) say([...path, 'flags'], 'only TCP has flags', `write ${verb}: tcp`, 'key');
  const families = familiesOf(rule.family ?? 'both');
  const upper = (word: string | undefined): MoreConditions['fromKind'] =>
    word === undefined ? null : (word.toUpperCase() as MoreConditions['fromKind']);
  const more: MoreConditions = {
    families,
    notVia,
    notOut,
    states:
      rule.state === undefined ? null : stateNames.filter((name) => [rule.state].flat().includes(name.toLowerCase() as 'new')),
    sourcePorts: rule['from-port'] === undefined ? null : portsOf(say, rule['from-port'], [...path, 'from-port']),
    flags: rule.flags === undefined ? null : flagsOf(rule.flags),
    hops: rule.hops ?? null,
    helper: rule.helper ?? null,
    fromKind: upper(rule['from-kind']),
    toKind: upper(rule['to-kind']),
  };
  const says = Object.values({ ...more, families: families.length < 2 ? families : null }).some((value) => value !== null);
  const conditions: Conditions = {
    services,
    from: lookup.addresses(rule.from, [...path, 'from']),
    to: lookup.addresses(rule.to, [...path, 'to']),
    via: lookup.links(via as string | string[] | undefined, [...path, 'via']),
    out: lookup.links(out as string | string[] | undefined, [...path, 'out']),
    ...(says && { more }),
  };
  for (const key of ['from-kind', 'to-kind'] as const)
    if ((rule[key] === 'broadcast' || rule[key] === 'unicast') && spokenFamilies(conditions, around).includes(6))
      say([...path, key], `IPv6 does not tell ${rule[key]} apart`, 'write family: ipv4 too');
  return conditions;
}

function oneLink({ say, links }: Lookup, word: string, path: Path): string | null {
  const [name, ...more] = links(word, path) ?? [];
  if (more.length > 0) say(path, `"${word}" stands for several interfaces`, 'name one of them');
  return name ?? null;
}

function portsOf(say: Say, given: string | string[], path: Path): Ranges<number> {
  return ranges(
    ...[given].flat().flatMap((word) => {
      const [lo = 0, hi = lo] = word.split('-').map(Number);
      if (lo <= hi && hi <= 65_535) return [[lo, hi] as const];
      say(path, `"${word}" is no range of ports`, 'write ports from 0 to 65535, the lower one first');
      return [];
    }),
  );
}

function isExcept(word: RuleShape['via']): word is { 'any-except': string } {
  return typeof word === 'object' && !Array.isArray(word);
}

/** `SYN of FIN,SYN,RST,ACK`, `not none of SYN,ACK`. */
function flagsOf(text: string): NonNullable<MoreConditions['flags']> {
  const [, except, set = '', of = ''] = /^(not )?(.+) of (.+)$/.exec(text) ?? [];
  const bits = (names: string): number =>
    names.split(',').reduce((sum, name) => sum | (tcpFlags[name as keyof typeof tcpFlags] ?? 0), 0);
  return { mask: bits(of), value: bits(set), except: except !== undefined };
}
