import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';

/** RFC 6275 §11.2; by name or number, it prints as its number. */
const mobility: Readonly<Record<string, number>> = {
  'binding-refresh-request': 0,
  brr: 0,
  'home-test-init': 1,
  hoti: 1,
  'careof-test-init': 2,
  coti: 2,
  'home-test': 3,
  hot: 3,
  'careof-test': 4,
  cot: 4,
  'binding-update': 5,
  bu: 5,
  'binding-acknowledgement': 6,
  ba: 6,
  'binding-error': 7,
  be: 7,
};

const mobilityType: ValueType = {
  hint: 'write a type from 0 to 255, a range such as 1:3, or a name such as binding-update',
  saved: (text) => {
    const [from = '', to = from, ...more] = text.split(':');
    const lo = from === '' && text !== '' ? 0 : number(from);
    const hi = to === '' && text !== '' ? 255 : number(to);
    if (lo === undefined || hi === undefined || more.length > 0 || lo > hi) return undefined;
    return lo === hi ? String(lo) : `${lo}:${hi}`;
  },
  examples: () => ['0', '255', '1:3', ':3', '3:', '0:255', '4:4', ...Object.keys(mobility), 'bu:be', 'BRR'],
  refused: () => ['256', 'nosuchtype', '3:1', '1:2:3'],
};

function number(text: string): number | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(mobility, name) ? mobility[name] : readNumber(text, 255);
}

/** net/ipv6/netfilter/ip6t_mh.c. */
export const mh: Match = {
  kind: 'match',
  name: 'mh',
  families: [6],
  impliedBy: ['mh'],
  options: options(['! --mh-type RANGE', mobilityType]),

  saved: (_use, _backend, spelled) => spelled.filter((one) => one.values[0] !== '0:255'),
  meaning: (use) => opaque(use, 'pure'),
};
