import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';

/** Each header by the name that prints, its other names and its number, in the order in which they print (libip6t_ipv6header.c). */
const headerNames: readonly (readonly [printed: string, ...others: string[]])[] = [
  ['hop-by-hop', 'hop', 'hopopt', 'ip', '0'],
  ['ipv6-opts', 'dst', '60'],
  ['ipv6-route', 'route', '43'],
  ['ipv6-frag', 'frag', '44'],
  ['ah', 'auth', '51'],
  ['esp', '50'],
  ['ipv6-nonxt', 'none', '59'],
  ['protocol', 'prot', '255'],
];

const headers: ValueType = {
  hint: `write some of ${headerNames.map(([name]) => name).join(',')}`,
  saved: (text) => {
    const parts = text.split(',');
    if (!parts.every((part) => headerNames.some((names) => names.includes(part)))) return undefined;
    return headerNames
      .filter((names) => parts.some((part) => names.includes(part)))
      .map(([name]) => name)
      .join(',');
  },
  examples: () => [...headerNames.flat().filter((name) => name !== 'ip' && name !== 'hopopt'), 'hop,dst,route', 'esp,hop'],
  refused: () => ['tcp', 'proto', 'nosuchheader', 'hop,nosuchheader'],
};

/** net/ipv6/netfilter/ip6t_ipv6header.c. */
export const ipv6header: Match = {
  kind: 'match',
  name: 'ipv6header',
  families: [6],
  options: options(['*! --header HEADERS', headers], '--soft'),

  meaning: (use) => opaque(use, 'pure'),
};
