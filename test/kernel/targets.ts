import { formatAddress } from '../../src/model/net/index.ts';
import { around, places } from './edges.ts';
import { guarded, type MadeRule, rule } from './made.ts';
import { markValue, type Site, serviceValue } from './matches.ts';
import { natRule } from './translations.ts';

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter';

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
  if (random.chance(0.2)) return hops(site);
  if (random.chance(0.2)) return service(site);
  // TPROXY puts fragments together, as tracking does.
  if (tracking && chain === 'PREROUTING' && random.chance(0.15)) return tproxy(site);
  // What changes nothing that a rule looks at; some stand for few packets or at one hook only.
  if (random.chance(0.35)) return bystander(chain, site);
  if (tracking && random.chance(0.3)) {
    const nfmask = random.pick([0xffffffff, mask, 0xf0]);
    const ctmask = random.pick([0xffffffff, mask, 0xff]);
    return rule(site, `-j CONNMARK --restore-mark --nfmask ${nfmask} --ctmask ${ctmask}${shift(random)}`, 'CONNMARK restore');
  }
  if (tracking && random.chance(0.6)) {
    const what = random.pick([
      `--set-xmark ${value}/${mask}${shift(random)}`,
      `--set-mark ${value}`,
      `--or-mark ${value}`,
      `--and-mark ${mask}`,
      `--xor-mark ${value}`,
      `--save-mark --nfmask ${mask} --ctmask 0xff${shift(random)}`,
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

function shift(random: Site['random']): string {
  return random.chance(0.7) ? '' : ` --${random.pick(['left', 'right'])}-shift-mark ${random.pick([1, 4, 31])}`;
}

/** Values that matches ask for, so that what is written is found. */
function hops(site: Site): MadeRule {
  const { random, family } = site;
  const [target, option] = family === 4 ? ['TTL', '--ttl'] : ['HL', '--hl'];
  const change = random.pick(['set', 'set', 'inc', 'dec']);
  const by = change === 'set' ? random.pick([0, 1, 2, 32, 63, 64, 65, 128, 255]) : random.pick([1, 1, 62, 64, 190, 255]);
  around(by, by, site.edges.ttls);
  return rule(site, `-j ${target} ${option}-${change} ${by}`, `${target} ${change}`);
}

function service(site: Site): MadeRule {
  const { random, family, edges } = site;
  const value = serviceValue(random);
  edges.services.push(value);
  const target = random.pick([
    `DSCP --set-dscp ${value >> 2}`,
    `TOS --set-tos ${value}/${random.pick([0xff, 0xfc, 0x3f, 0])}`,
    `TOS --${random.pick(['and', 'or', 'xor'])}-tos ${value}`,
    ...(family === 4 ? [`ECN --ecn-ip-ect ${value & 3}`] : []),
  ]);
  return rule(site, `-j ${target}`, target.split(' ')[0] ?? '');
}

/** Nobody listens: what is handed over is lost. Only of a SYN it is certain that no socket knows it already. */
function tproxy(site: Site): MadeRule {
  const { value, mask } = markValue(site.random);
  const guard = `${site.random.chance(0.8) ? '-p tcp -m tcp --syn' : `-p ${site.random.pick(['tcp', 'udp'])}`} ! -i lo`;
  return guarded(site, `-j TPROXY --on-port 9 --tproxy-mark ${value}/${mask}`, 'TPROXY', guard);
}

function bystander(chain: string, site: Site): MadeRule {
  const { random, family, tracking } = site;
  const everywhere = [
    'IDLETIMER --timeout 600 --label soak',
    'RATEEST --rateest-name soak --rateest-interval 250ms --rateest-ewmalog 500ms',
    // Its presence alone tracks connections.
    ...(tracking ? ['CONNSECMARK --save', 'CONNSECMARK --restore'] : []),
    `SET --add-set seen${family} src --exist`,
    `SET --del-set seen${family} src`,
    'LOG --log-prefix mangle',
  ];
  const ofTcp = [
    // No headers are so long: where there is payload behind them no option is added, and the packet keeps its length.
    'TCPMSS --set-mss 1400',
    'TCPOPTSTRIP --strip-options timestamp,sack-permitted',
    ...(family === 4 ? ['ECN --ecn-tcp-remove', 'ECN --ecn-tcp-cwr 0'] : []),
  ];
  if ((chain === 'POSTROUTING' || chain === 'FORWARD' || chain === 'OUTPUT') && random.chance(0.2))
    return rule(site, '-j CLASSIFY --set-class 1:2', 'bystander');
  if (random.chance(0.3)) {
    const target = random.pick(ofTcp);
    const syn = target.startsWith('TCPMSS') ? ' -m tcp --tcp-flags SYN,RST SYN -m length --length 117:' : '';
    return guarded(site, `-j ${target}`, 'bystander', `-p tcp${syn}`);
  }
  if (random.chance(0.1)) return guarded(site, '-j CHECKSUM --checksum-fill', 'bystander', '-p udp');
  // They hide nothing of their chain, so that many can do without conditions.
  return guarded(site, `-j ${random.pick(everywhere)}`, 'bystander', '');
}
