import type { Family } from '../../net/index.ts';

/** A script of that many commands, the same for the same seed: many of them are refused, most change something. */
export function generatedScript(family: Family, count: number, seed: number): string {
  const random = numbers(seed + family);
  const pick = <T>(...items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const program = family === 4 ? 'iptables' : 'ip6tables';
  const own = ['a', 'b', 'c-1', 'd.e'];
  const tables: readonly (readonly [string, readonly string[]])[] = [
    ['filter', ['INPUT', 'FORWARD', 'OUTPUT']],
    ['filter', ['INPUT', 'FORWARD', 'OUTPUT']],
    ['mangle', ['PREROUTING', 'FORWARD', 'POSTROUTING']],
    ['nat', ['PREROUTING', 'POSTROUTING', 'OUTPUT']],
  ];
  const address = (): string =>
    family === 4
      ? pick('10.0.0.1', '10.0.0.0/8', '192.168.1.5/24', '0/0', '10.0.0.1,10.0.0.2')
      : pick('2001:db8::1', '2001:db8::/32', 'fe80::1/10', '::/0', '2001:db8::1,2001:db8::2');
  const condition = (): string =>
    pick(
      `-s ${address()}`,
      `! -d ${family === 4 ? '10.9.0.0/16' : '2001:db8:9::/48'}`,
      '-i eth0',
      '-o eth1',
      '! -i lo',
      `-p tcp --dport ${pick('22', 'ssh', '1000:2000')}`,
      '-p udp -m udp --sport 53',
      '-p tcp -m multiport --dports 80,443',
      '-m state --state NEW,ESTABLISHED',
      '-m conntrack --ctstate RELATED',
      `-m comment --comment "${pick('one', 'two words', '-j')}"`,
      '-m limit --limit 5/min',
      '-m mark --mark 0x1',
      '-p tcp --syn',
      family === 4 ? '-p icmp --icmp-type echo-request' : '-p icmpv6 --icmpv6-type echo-request',
      '--dport 1',
    );
  const target = (): string =>
    pick(
      '-j ACCEPT',
      '-j DROP',
      '-j RETURN',
      '-j LOG --log-prefix "x: "',
      '-j REJECT',
      '-j MASQUERADE',
      '-j MARK --set-mark 3',
      `-j ${pick(...own)}`,
      `-g ${pick(...own)}`,
      '',
    );
  /** Rules that were written once are written again, to be found by -D and -C. */
  const written: string[] = [];
  const rule = (): string => {
    if (written.length > 0 && random() < 0.4) return pick(...written);
    const text = [...Array.from({ length: pick(0, 1, 1, 2) }, condition), target()].filter((one) => one !== '').join(' ');
    written.push(text);
    return text;
  };
  const lines: string[] = [];
  for (const chain of own) lines.push(`${program} -N ${chain}`);
  while (lines.length < count) {
    const [table, builtin] = pick(...tables);
    const chain = random() < 0.6 ? pick(...builtin) : pick(...own);
    const number = pick(1, 1, 2, 3, 5);
    const command = pick(
      ...Array.from({ length: 9 }, () => `-A ${chain} ${rule()}`),
      ...Array.from({ length: 4 }, () => `-I ${chain} ${pick<number | string>('', number)} ${rule()}`),
      ...Array.from({ length: 3 }, () => `-D ${chain} ${rule()}`),
      `-D ${chain} ${number}`,
      `-D ${chain} ${number}`,
      `-R ${chain} ${number} ${rule()}`,
      `-C ${chain} ${rule()}`,
      `-N ${pick(...own)}`,
      `-N ${pick(...own)}`,
      `-X ${pick(...own)}`,
      `-E ${pick(...own)} ${pick(...own)}`,
      `-P ${chain} ${pick('ACCEPT', 'DROP')}`,
      random() < 0.2 ? '-F' : `-F ${pick(...own)}`,
      random() < 0.3 ? '-X' : `-Z ${chain}`,
    );
    lines.push(`${program} ${table === 'filter' && random() < 0.5 ? '' : `-t ${table}`} ${command}`.replace(/ +/g, ' ').trim());
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Numbers from 0 to 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
