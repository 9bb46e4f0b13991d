import { type Random, seeded } from '../test/kernel/random.ts';

/** Rulesets of the kinds that grow large, made by chance; the same arguments give the same text. */
export const kinds = {
  /** One long list of networks, before a handful of services. */
  blocklist(rules: number, seed = 1): string {
    const random = seeded(seed);
    const lines = ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A INPUT -i lo -j ACCEPT'];
    for (let index = lines.length; index < rules - 8; index += 1) {
      const length = random.pick([32, 32, 32, 24, 24, 22, 20]);
      lines.push(`-A INPUT -s ${network(random.bits(32), length)} -j DROP`);
    }
    for (const port of [22, 25, 53, 80, 443, 993]) lines.push(`-A INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`);
    lines.push('-A INPUT -p icmp -j ACCEPT', '-A INPUT -j REJECT --reject-with icmp-port-unreachable');
    return table([], lines);
  },

  /** Who may reach what: 300 sources, 1,000 services. */
  policy(rules: number, seed = 1): string {
    const random = seeded(seed);
    const sources = Array.from({ length: 300 }, () => network(random.bits(32), random.pick([32, 28, 24, 16])));
    const services = Array.from({ length: 1000 }, () => ({
      to: network(0x0a000000n | random.bits(16), random.pick([32, 32, 28])),
      port: 1 + random.below(10_000),
      proto: random.pick(['tcp', 'tcp', 'udp']),
    }));
    const lines = ['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'];
    while (lines.length < rules) {
      const { to, port, proto } = random.pick(services);
      const verdict = random.chance(0.9) ? 'ACCEPT' : 'DROP';
      lines.push(`-A FORWARD -s ${random.pick(sources)} -d ${to} -p ${proto} -m ${proto} --dport ${port} -j ${verdict}`);
    }
    return table([], lines);
  },

  /** A chain of its own for each service, as orchestrators make them. */
  services(rules: number, seed = 1): string {
    const random = seeded(seed);
    const each = 10;
    const count = Math.floor(rules / (each + 1));
    const names = Array.from({ length: count }, (_, index) => `SVC-${index}`);
    const lines = names.map((name, index) => {
      const to = network(0x0a600000n + BigInt(index), 32);
      return `-A FORWARD -d ${to} -p tcp -m tcp --dport ${1 + random.below(65_000)} -j ${name}`;
    });
    for (const name of names) {
      for (let rule = 0; rule < each - 1; rule += 1)
        lines.push(`-A ${name} -s ${network(random.bits(32), random.pick([32, 24, 16]))} -j ACCEPT`);
      lines.push(`-A ${name} -j DROP`);
    }
    return table(names, lines);
  },

  /** Known stations by their MAC and address. */
  stations(rules: number, seed = 1): string {
    const random = seeded(seed);
    const lines = ['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'];
    while (lines.length < rules) {
      const mac = random.bits(40).toString(16).toUpperCase().padStart(10, '0').match(/../g)?.join(':') ?? '';
      lines.push(`-A FORWARD -s ${network(0x0a000000n | random.bits(20), 32)} -m mac --mac-source 02:${mac} -j ACCEPT`);
    }
    return table([], lines);
  },

  /** A site: stations by MAC and address, lists of ports, a chain for each zone. */
  campus(rules: number, seed = 1): string {
    const random = seeded(seed);
    const zones = Array.from({ length: 12 }, (_, index) => `zone-${index}`);
    const lines = [
      '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
    ];
    for (const [index, name] of zones.entries()) lines.push(`-A FORWARD -i vlan${100 + index} -j ${name}`);
    const mac = (): string =>
      random
        .bits(40)
        .toString(16)
        .toUpperCase()
        .padStart(10, '0')
        .replace(/(..)(?!$)/g, '$1:');
    for (const [index, name] of zones.entries()) {
      const own = 0x0a000000n | (BigInt(index) << 16n);
      const list: string[] = [];
      const share = rules / zones.length - 6;
      // Who has which address, then what each may be asked, then what all may ask of others.
      while (list.length < share * 0.5)
        list.push(`-s ${network(own | random.bits(16), 32)} -m mac ! --mac-source 02:${mac()} -j DROP`);
      while (list.length < share * 0.8)
        list.push(`-s ${network(own | random.bits(16), 32)} -p tcp -m multiport --dports ${ports(random)} -j ACCEPT`);
      while (list.length < share * 0.9)
        list.push(`-s ${network(own | random.bits(16), 28)} -d ${network(random.bits(32), 16)} -j DROP`);
      while (list.length < share)
        list.push(`-d ${network(random.bits(32), 24)} -p udp -m udp --dport ${1 + random.below(60_000)} -j ACCEPT`);
      for (const rule of list) lines.push(`-A ${name} ${rule}`);
      lines.push(
        `-A ${name} -m limit --limit 5/min -j LOG --log-prefix "${name}: "`,
        `-A ${name} ! -s ${network(own, 16)} -j DROP`,
      );
    }
    lines.push('-A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT');
    return table(zones, lines);
  },

  /** Networks of any width on both sides, and wide ranges of ports: where no order of fields helps, and few rules are dead. */
  sparse(rules: number, seed = 1): string {
    const random = seeded(seed);
    const lines: string[] = [];
    const span = (): string => {
      const [a, b] = [random.below(65_536), random.below(65_536)];
      return `${Math.min(a, b)}:${Math.max(a, b)}`;
    };
    while (lines.length < rules) {
      const from = network(random.bits(32), 2 + random.below(14));
      const to = network(random.bits(32), 2 + random.below(14));
      const tcp = `-p tcp -m tcp --sport ${span()} --dport ${span()}`;
      lines.push(`-A FORWARD -s ${from} -d ${to} ${tcp} -j ${random.pick(['ACCEPT', 'DROP'])}`);
    }
    return table([], lines);
  },
} as const;

export type Kind = keyof typeof kinds;

function table(names: readonly string[], lines: readonly string[]): string {
  const chains = [
    ':INPUT ACCEPT [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...names.map((name) => `:${name} - [0:0]`),
  ];
  return ['# Generated by iptables-save v1.8.9', '*filter', ...chains, ...lines, 'COMMIT', ''].join('\n');
}

function ports(random: Random): string {
  return Array.from({ length: 2 + random.below(5) }, () => 1 + random.below(10_000)).join(',');
}

function network(address: bigint, length: number): string {
  const value = Number((address >> BigInt(32 - length)) << BigInt(32 - length));
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}/${length}`;
}
