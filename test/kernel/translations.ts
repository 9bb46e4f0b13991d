import { type Family, formatAddress, formatPrefix } from '../../src/model/net/index.ts';
import { around, lastOf, type Net, places, subnet, within } from './edges.ts';
import { type Choice, guarded, type MadeRule, rule } from './made.ts';
import type { Site } from './matches.ts';

export function natRule(chain: string, builtin: boolean, site: Site): MadeRule {
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
      if (random.chance(0.25)) return netmap(site, side, `${inside(side)} ${tellable(site)}`);
      return side === near && random.chance(0.55) ? redirect(site, inside(near)) : dnat(site, side, inside(side));
    case 'OUTPUT':
      if (random.chance(0.25)) return netmap(site, side, `${inside(side)} -o ${side === near ? 'lo' : 'lan0'} ${tellable(site)}`);
      return side === near ? dnat(site, near, `${inside(near)} -o lo`) : dnat(site, far, `${inside(far)} -o lan0`);
    case 'INPUT':
      if (random.chance(0.2)) return netmap(site, otherSide(family), tellable(site));
      return snat(site, tellable(site));
    default:
      if (random.chance(0.2)) return netmap(site, otherSide(family), `! -o lo ${tellable(site)}`);
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
  if (random.chance(0.3)) return guarded(site, '-j REDIRECT', 'REDIRECT', `${guard} ${tellable(site)}`);
  const first = random.pick([22, 8080]);
  const last = random.chance(0.4) ? first : first + 3;
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

/** Another network inside one, so that the packet's way stays the one it said. */
function netmap(site: Site, net: Net, guard: string): MadeRule {
  const to = subnet(site.random, [net]);
  around(to.value, lastOf(to), site.edges.dst);
  return guarded(site, `-j NETMAP --to ${formatPrefix(to)}`, 'NETMAP', guard);
}

/** Sources of the other side, so that none is one that a packet comes with. */
function otherSide(family: Family): Net {
  const net = places[family].from.at(-1);
  if (net === undefined) throw new Error('there is no place to come from');
  return net;
}

function snat(site: Site, guard: string): MadeRule {
  const { random, family } = site;
  const net = otherSide(family);
  const [low, high] = span(site, net);
  const text = (value: bigint): string => formatAddress({ family, value });
  return guarded(
    site,
    `-j SNAT --to-source ${low === high ? text(low) : `${text(low)}-${text(high)}`}${random.pick(['', ' --random'])}`,
    'SNAT',
    guard,
  );
}
