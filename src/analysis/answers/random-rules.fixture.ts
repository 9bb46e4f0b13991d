import type { Family } from '../../model/net/index.ts';

/** A whole number from 0 to `below - 1`. */
export type Random = (below: number) => number;

/** Chance that can be repeated (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Rules of many kinds in few tables, so that much of them matters. */
export function rulesetText(random: Random, family: Family): string {
  const pick = (from: readonly string[]): string => from[random(from.length)] as string;
  const not = (): string => (random(4) === 0 ? '! ' : '');
  const networks =
    family === 4
      ? ['203.0.113.0/24', '10.0.0.0/8', '198.51.100.7', '224.0.0.0/4', '0.0.0.0/1', '192.168.8.0/24']
      : ['2001:db8::/32', 'fd00::/8', 'ff00::/8', '2001:db8::7', '::/1'];
  const icmp = family === 4 ? '-p icmp -m icmp --icmp-type' : '-p ipv6-icmp -m icmp6 --icmpv6-type';
  const matches = (hook: string): readonly (() => string)[] => [
    () => `${not()}-s ${pick(networks)}`,
    () => `${not()}-d ${pick(networks)}`,
    () => `-p ${pick(['tcp', 'udp'])} -m multiport ${not()}--${pick(['dports', 'sports'])} ${pick(['22', '80,443', '1:1023', '40000:65535'])}`,
    () => `-p tcp -m tcp ${not()}--tcp-flags ${pick(['SYN,ACK SYN', 'SYN,ACK,FIN,RST SYN', 'ACK ACK'])}`,
    () => `${icmp} ${pick(family === 4 ? ['8', '3/4', '13'] : ['128', '1/3', '135'])}`,
    () => (hook === 'OUTPUT' ? '-o eth0' : hook === 'own' ? '' : `${not()}-i ${pick(['eth0', 'eth+', 'lo', 'tun0'])}`),
    () => `-m conntrack ${not()}--ctstate ${pick(['NEW', 'ESTABLISHED,RELATED', 'INVALID', 'UNTRACKED', 'DNAT'])}`,
    () => `-m conntrack ${not()}--${pick(['ctorigdst', 'ctorigsrc'])} ${pick(networks)}`,
    () => `-m conntrack --${pick(['ctorigdstport 80', 'ctproto 17', 'ctdir ORIGINAL', 'ctdir REPLY'])}`,
    () => `-m mark ${not()}--mark ${pick(['1/1', '0x4000/0x4000', '6'])}`,
    () => `-m limit --limit ${pick(['1/sec', '5/min'])}`,
    () => `-m length ${not()}--length ${pick(['0:59', '60', '1400:65535'])}`,
    () => (family === 4 ? `-m ttl --ttl-${pick(['eq', 'lt', 'gt'])} 64` : '-m hl --hl-gt 63'),
    // The kernel takes no such rule where packets leave.
    () => (hook === 'OUTPUT' || hook === 'own' ? '' : `-m mac ${not()}--mac-source 02:00:00:00:00:01`),
  ]; // biome-ignore format: one match a line
  const conditions = (hook: string): string => {
    const list = matches(hook);
    const chosen = Array.from({ length: random(3) }, () => random(list.length));
    const texts = [...new Set(chosen)].map((index) => (list[index] as () => string)());
    // iptables takes one protocol a rule.
    return texts
      .filter((text, index) => !text.includes('-p ') || texts.findIndex((one) => one.includes('-p ')) === index)
      .join(' ');
  };
  const lines = (chain: string, targets: readonly string[], count: number): string =>
    Array.from({ length: 1 + random(count) }, () => `-A ${chain} ${conditions(chain)} -j ${pick(targets)}\n`).join('');
  const filterTargets = ['ACCEPT', 'DROP', 'REJECT', 'own', 'RETURN'];
  const dnat = family === 4 ? ['10.0.0.5:80', '198.51.100.7'] : ['[fd00::5]:80', '2001:db8::7'];
  return [
    '*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n',
    lines('PREROUTING', ['MARK --set-xmark 0x1/0x1', 'MARK --set-xmark 0x4000/0xffff', 'ACCEPT'], 3),
    'COMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n',
    random(2) === 0 ? '' : `-A PREROUTING -p tcp -m tcp --dport ${pick(['80', '8080'])} -j DNAT --to-destination ${pick(dnat)}\n`,
    'COMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:own - [0:0]\n',
    lines('INPUT', filterTargets, 6),
    lines('FORWARD', filterTargets, 6),
    lines('OUTPUT', filterTargets, 4),
    lines('own', ['ACCEPT', 'DROP', 'RETURN'], 4),
    'COMMIT\n',
  ].join('');
}
