import { ranges } from '../../../net/index.ts';
import { allOf, anyOf, type Constraint, invertIf, type NumberField } from '../../../packet/index.ts';
import { bad, badValue, type Given, type Match, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { portHint, readPort } from '../../values/port.ts';
import { firstPart } from './transport.ts';

/** Protocols that the kernel lets it stand behind (net/netfilter/xt_multiport.c, check). */
const protocols: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** Both ends of a range must be written here. */
function portOrRange(text: string): readonly [number, number] | undefined {
  const [from = '', to = from, ...more] = text.split(':');
  const lo = readPort(from);
  const hi = readPort(to);
  return lo === undefined || hi === undefined || lo > hi || more.length > 0 ? undefined : [lo, hi];
}

const portList: ValueType = {
  hint: portHint,
  saved: (text) => {
    const read = text.split(',').map(portOrRange);
    return read.includes(undefined)
      ? undefined
      : read.map((one) => (one?.[0] === one?.[1] ? `${one?.[0]}` : `${one?.[0]}:${one?.[1]}`)).join(',');
  },
  examples: () => [
    '0',
    '65535',
    '22,80,443',
    'ssh,http',
    '1:65535',
    '1000:2000,5',
    '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
    '0x50',
    '1:2,3:4',
  ],
  refused: () => ['65536', '5:1', '1,,2', ':5', '5:', 'nosuchservice', '', '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16'],
};

/** net/netfilter/xt_multiport.c, multiport_mt: a later fragment never matches; `--ports` is met by either port. */
export const multiport: Match = {
  kind: 'match',
  name: 'multiport',
  families: [4, 6],
  options: options(
    ['! --sports|--source-ports PORTS', portList],
    ['! --dports|--destination-ports PORTS', portList],
    ['! --ports PORTS', portList],
  ),

  meaning(use) {
    const one: Given | undefined = use.given[0];
    if (one === undefined) return bad('-m multiport has no ports', 'write --dports, --sports or --ports');
    if (use.given.length > 1)
      return bad('-m multiport takes one list of ports', 'write a second -m multiport', use.given[1]?.name ?? null);
    if (use.proto === null || !protocols.has(use.proto))
      return bad('-m multiport stands without a protocol that has ports', 'write -p tcp, udp, udplite, sctp or dccp', one.name);
    const parts = (one.values[0] ?? '').split(',').map(portOrRange);
    const read = parts.filter((part) => part !== undefined);
    if (read.length < parts.length) return badValue(one, portHint);
    const slots = read.reduce((sum, [lo, hi]) => sum + (lo === hi ? 1 : 2), 0);
    if (slots > 15)
      return bad(`${one.name} holds more than 15 ports`, 'a range counts as two; use a second rule, or an ipset', one.name);
    const inside = (field: NumberField): Constraint => ({ kind: 'number', field, ranges: ranges(...read) });
    const is =
      one.name === '--sports'
        ? inside('sport')
        : one.name === '--dports'
          ? inside('dport')
          : anyOf(inside('sport'), inside('dport'));
    return allOf(firstPart, invertIf(one.inverted, is));
  },
};
