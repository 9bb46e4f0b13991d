import { formatAddress } from '../../src/model/net/index.ts';
import { conditions } from './conditions.ts';
import { lastOf, type Net, places, within } from './edges.ts';
import { type Condition, markValue, type Site } from './matches.ts';

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter';

/** A translation that leaves the kernel a choice of addresses or ports, as its option is written. */
export interface Choice {
  readonly option: string;
  readonly addresses: readonly [bigint, bigint] | null;
  readonly ports: readonly [number, number] | null;
  /** The option as it would be written if there were no choice. */
  readonly narrowed: (address: bigint, port: number) => string;
}

export interface MadeRule {
  readonly conditions: readonly Condition[];
  /** Conditions that the target itself needs. */
  readonly guard: string;
  readonly target: string;
  readonly kind: string;
  readonly choices: readonly Choice[];
}

/** One rule of a chain; `next` are the chains that it may lead to. */
export function makeRule(table: TableName, chain: string, next: readonly string[], builtin: boolean, site: Site): MadeRule {
  const { random } = site;
  if (next.length > 0 && random.chance(0.25)) {
    return random.chance(0.3) ? rule(site, `-g ${random.pick(next)}`, 'goto') : rule(site, `-j ${random.pick(next)}`, 'jump');
  }
  if (random.chance(0.12)) return rule(site, '-j RETURN', builtin || next.length > 0 ? 'RETURN' : 'RETURN of a user chain');
  if (random.chance(0.08)) return rule(site, '', 'no target');
  switch (table) {
    case 'filter':
      return filterRule(chain, site);
    case 'raw':
      return rawRule(site);
    case 'mangle':
      return mangleRule(chain, site);
    case 'nat':
      return natRule(chain, builtin, site);
  }
}

function rule(site: Site, target: string, kind: string, guard = ''): MadeRule {
  return { conditions: conditions(site), guard, target, kind, choices: [] };
}

/** A target's own conditions say protocol, destination and link, which iptables takes once each. */
function guarded(site: Site, target: string, kind: string, guard: string, choices: readonly Choice[] = []): MadeRule {
  const ofProtocol = /(^|\s)-p\s|-m (tcp|udp|sctp|dccp|multiport|icmp6?) |--ctorig(src|dst)port/;
  const taken = [
    ...(guard.includes('-p ') ? [ofProtocol] : []),
    ...(guard.includes('-d ') ? [/(^|\s)-d\s/] : []),
    ...(guard.includes('-i ') ? [/(^|\s)-i\s/] : []),
    ...(guard.includes('-o ') ? [/(^|\s)-o\s/] : []),
  ];
  const kept = conditions(site).filter(({ text }) => !taken.some((clash) => clash.test(text)));
  return { conditions: site.random.chance(0.5) ? [] : kept, guard, target, kind, choices };
}

function filterRule(chain: string, site: Site): MadeRule {
  const { random, family, tracking } = site;
  if (random.chance(0.1)) {
    const target = random.pick(['LOG --log-prefix "seen: " --log-level 7', 'AUDIT --type accept', 'AUDIT --type drop']);
    return rule(site, `-j ${target}`, 'report');
  }
  if (random.chance(0.5)) return rule(site, '-j ACCEPT', 'ACCEPT');
  if (random.chance(0.65)) return rule(site, '-j DROP', 'DROP');
  // Nobody listens: what is handed to a program is lost.
  if (random.chance(0.15)) return rule(site, '-j NFQUEUE --queue-num 9', 'QUEUE');
  if (chain === 'INPUT' && random.chance(0.25)) return tee(site);
  // A reset would end the flow of which the packet is.
  if (random.chance(0.2)) {
    return guarded(
      site,
      '-j REJECT --reject-with tcp-reset',
      'REJECT',
      tracking ? '-p tcp -m conntrack --ctstate NEW' : '-p tcp',
    );
  }
  const reasons =
    family === 4
      ? ['icmp-net-unreachable', 'icmp-host-prohibited', 'icmp-port-unreachable']
      : ['icmp6-no-route', 'icmp6-adm-prohibited', 'icmp6-port-unreachable'];
  return rule(site, random.chance(0.5) ? '-j REJECT' : `-j REJECT --reject-with ${random.pick(reasons)}`, 'REJECT');
}

/**
 * The copy leaves by another way than any packet that arrives here. One to many hosts would come in again, and be copied
 * without end.
 */
function tee(site: Site): MadeRule {
  const [near] = places[site.family].here;
  if (near === undefined) throw new Error('there is no place to send to');
  const toOne = `-d ${formatAddress(near)}/${near.length} ! -i lo`;
  return guarded(site, `-j TEE --gateway ${site.family === 4 ? '10.9.4.2' : 'fd09:4::2'}`, 'TEE', toOne);
}

function rawRule(site: Site): MadeRule {
  const { random, tracking } = site;
  if (tracking && random.chance(0.5)) return rule(site, random.pick(['-j NOTRACK', '-j CT --notrack']), 'NOTRACK');
  if (tracking && random.chance(0.3)) return rule(site, '-j CT --ctevents new,destroy', 'CT');
  if (random.chance(0.1)) return rule(site, '-j TRACE', 'TRACE');
  return random.chance(0.8) ? rule(site, '-j ACCEPT', 'ACCEPT') : rule(site, '-j DROP', 'DROP');
}

function mangleRule(chain: string, site: Site): MadeRule {
  const { random, tracking } = site;
  const { value, mask } = markValue(random);
  if (random.chance(0.4)) {
    const what = random.pick([
      `--set-xmark ${value}/${mask}`,
      `--set-xmark ${value}/${mask}`,
      `--set-mark ${value}`,
      `--or-mark ${value}`,
      `--and-mark ${mask}`,
      `--xor-mark ${value}`,
    ]);
    return rule(site, `-j MARK ${what}`, 'MARK');
  }
  if (chain === 'INPUT' && random.chance(0.15)) return tee(site);
  // What changes nothing that a rule looks at; some stand for few packets or at one hook only.
  if (random.chance(0.35)) return bystander(chain, site);
  if (tracking && random.chance(0.3)) {
    const nfmask = random.pick([0xffffffff, mask, 0xf0]);
    const ctmask = random.pick([0xffffffff, mask, 0xff]);
    return rule(site, `-j CONNMARK --restore-mark --nfmask ${nfmask} --ctmask ${ctmask}`, 'CONNMARK restore');
  }
  if (tracking && random.chance(0.6)) {
    const what = random.pick([
      `--set-xmark ${value}/${mask}`,
      `--set-mark ${value}`,
      `--or-mark ${value}`,
      `--and-mark ${mask}`,
      `--xor-mark ${value}`,
      `--save-mark --nfmask ${mask} --ctmask 0xff`,
      '--save-mark',
    ]);
    // Connections that live through all rulesets keep the mark that they have.
    return rule(
      site,
      `-j CONNMARK ${what}`,
      what.startsWith('--save') ? 'CONNMARK save' : 'CONNMARK',
      '-m conntrack --ctstate NEW',
    );
  }
  return random.chance(0.8) ? rule(site, '-j ACCEPT', 'ACCEPT') : rule(site, '-j DROP', 'DROP');
}

function bystander(chain: string, site: Site): MadeRule {
  const { random, family, tracking } = site;
  const everywhere = [
    'DSCP --set-dscp 0x0a',
    'TOS --set-tos 0x10/0x3f',
    'IDLETIMER --timeout 600 --label soak',
    'RATEEST --rateest-name soak --rateest-interval 250ms --rateest-ewmalog 500ms',
    // Its presence alone tracks connections.
    ...(tracking ? ['CONNSECMARK --save'] : []),
    `SET --add-set seen${family} src --exist`,
    `SET --del-set seen${family} src`,
    'LOG --log-prefix mangle',
  ];
  const ofTcp = [
    // A header with payload behind it takes no further option, so the packet keeps its length.
    'TCPMSS --set-mss 1400',
    'TCPOPTSTRIP --strip-options timestamp,sack-permitted',
    ...(family === 4 ? ['ECN --ecn-tcp-remove', 'ECN --ecn-tcp-cwr 0'] : []),
  ];
  if ((chain === 'POSTROUTING' || chain === 'FORWARD' || chain === 'OUTPUT') && random.chance(0.2))
    return rule(site, '-j CLASSIFY --set-class 1:2', 'bystander');
  if (random.chance(0.3)) {
    const target = random.pick(ofTcp);
    const syn = target.startsWith('TCPMSS') ? ' -m tcp --tcp-flags SYN,RST SYN -m length --length 65:' : '';
    return guarded(site, `-j ${target}`, 'bystander', `-p tcp${syn}`);
  }
  if (random.chance(0.1)) return guarded(site, '-j CHECKSUM --checksum-fill', 'bystander', '-p udp');
  return rule(site, `-j ${random.pick(everywhere)}`, 'bystander');
}

function natRule(chain: string, builtin: boolean, site: Site): MadeRule {
  const { random, family } = site;
  if (!builtin || random.chance(0.2)) return rule(site, '-j ACCEPT', 'ACCEPT');
  const { here, beyond } = places[family];
  const [near] = here;
  const [far] = beyond;
  if (near === undefined || far === undefined) throw new Error('there is no place to send to');
  const inside = ({ value, length }: Net): string => `-d ${formatAddress({ family, value })}/${length}`;
  // The destination stays on its side, so that the packet's way stays the one it said.
  const side = random.pick([near, near, far]);
  switch (chain) {
    case 'PREROUTING':
      return side === near && random.chance(0.45) ? redirect(site, inside(near)) : dnat(site, side, inside(side));
    case 'OUTPUT':
      return side === near ? dnat(site, near, `${inside(near)} -o lo`) : dnat(site, far, `${inside(far)} -o lan0`);
    case 'INPUT':
      return snat(site, tellable(site));
    default:
      return random.chance(0.6)
        ? guarded(site, `-j MASQUERADE${random.pick(['', ' --random'])}`, 'MASQUERADE', `! -o lo ${tellable(site)}`)
        : snat(site, `! -o lo ${tellable(site)}`);
  }
}

const ported = ({ random }: Site): string => `-p ${random.pick(['tcp', 'udp'])}`;

/** What the kernel can tell apart after nat (see {@link freshness}). */
const tellable = ({ random, family }: Site): string =>
  `-p ${random.pick(['tcp', 'tcp', 'udp', 'udp', 'sctp', family === 4 ? 'icmp' : 'ipv6-icmp'])}`;

/** Within a network: one address, or the choice of a few. */
function span(site: Site, net: Net): readonly [bigint, bigint] {
  const low = within(site.random, net);
  const high = low + BigInt(site.random.below(6));
  return site.random.chance(0.6) || high > lastOf(net) ? [low, low] : [low, high];
}

function dnat(site: Site, net: Net, guard: string): MadeRule {
  const { random, family } = site;
  const text = (value: bigint): string => formatAddress({ family, value });
  const [low, high] = span(site, net);
  site.edges.dst.push(low, high);
  const withPort = random.chance(0.4);
  const first = random.pick([22, 53, 443, 8080]);
  const last = random.chance(0.6) ? first : first + 3;
  const write = (from: bigint, to: bigint, start: number, end: number): string => {
    const addresses = from === to ? text(from) : `${text(from)}-${text(to)}`;
    const boxed = from === to ? `[${text(from)}]` : `[${text(from)}-${text(to)}]`;
    return `--to-destination ${withPort ? `${family === 6 ? boxed : addresses}:${start === end ? start : `${start}-${end}`}` : addresses}`;
  };
  const option = write(low, high, first, last);
  const open = low !== high || (withPort && first !== last);
  const choice: Choice = {
    option,
    addresses: [low, high],
    ports: withPort ? [first, last] : null,
    narrowed: (address, port) => write(address, address, port, port),
  };
  const more = random.pick(['', '', ' --persistent', ' --random']);
  return guarded(
    site,
    `-j DNAT ${option}${more}`,
    open ? 'DNAT choice' : 'DNAT',
    `${guard} ${withPort ? ported(site) : tellable(site)}`,
    open ? [choice] : [],
  );
}

function redirect(site: Site, guard: string): MadeRule {
  const { random } = site;
  if (random.chance(0.4)) return guarded(site, '-j REDIRECT', 'REDIRECT', `${guard} ${tellable(site)}`);
  const first = random.pick([22, 8080]);
  const last = random.chance(0.6) ? first : first + 3;
  const option = `--to-ports ${first === last ? first : `${first}-${last}`}`;
  const choice: Choice = { option, addresses: null, ports: [first, last], narrowed: (_, port) => `--to-ports ${port}` };
  return guarded(
    site,
    `-j REDIRECT ${option}`,
    first === last ? 'REDIRECT' : 'REDIRECT choice',
    `${guard} ${ported(site)}`,
    first === last ? [] : [choice],
  );
}

/** Sources of the other side, so that none is one that a packet comes with. */
function snat(site: Site, guard: string): MadeRule {
  const { random, family } = site;
  const net = places[family].from.at(-1);
  if (net === undefined) throw new Error('there is no place to come from');
  const [low, high] = span(site, net);
  const text = (value: bigint): string => formatAddress({ family, value });
  return guarded(
    site,
    `-j SNAT --to-source ${low === high ? text(low) : `${text(low)}-${text(high)}`}${random.pick(['', ' --random'])}`,
    'SNAT',
    guard,
  );
}
