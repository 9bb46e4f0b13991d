import type { Family } from '../../net/index.ts';
import type { Effect } from '../../packet/index.ts';
import { type Bad, badValue, type Given, given, type Use, type ValueType } from '../extension.ts';
import { addressText, readAddress } from '../values/address.ts';
import { readPort } from '../values/port.ts';

const hint = {
  4: 'write ADDRESS, ADDRESS-ADDRESS, ADDRESS:PORT or :PORT-PORT',
  6: 'write ADDRESS, ADDRESS-ADDRESS, [ADDRESS]:PORT or :PORT-PORT',
} as const;

/** `[ADDRESS[-ADDRESS]][:PORT[-PORT[/BASE]]]`; IPv6 addresses in brackets when a port follows (libxt_NAT.c). */
export function translation(use: Use, end: 'src' | 'dst', one: Given): Effect | Bad {
  const { family } = use;
  const read = parts(one.values[0] ?? '', family);
  if (read === undefined) return badValue(one, hint[family]);
  const address = read.addresses === '' ? null : span(read.addresses, (text) => readAddress(text, family));
  const port = read.ports === '' ? null : portSpan(read.ports);
  if (address === undefined || port === undefined || (address === null && port === null)) return badValue(one, hint[family]);
  return { kind: 'translate', end, to: { kind: 'range', address, port }, ...randomOf(use) };
}

/** `--to-ports` of REDIRECT and MASQUERADE: the host's own address, with one of these ports. */
export function ownTranslation(use: Use, end: 'src' | 'dst'): Effect | Bad {
  const one = given(use, '--to-ports');
  if (one === undefined) return { kind: 'translate', end, to: { kind: 'own', port: null }, ...randomOf(use) };
  const port = portSpan(one.values[0] ?? '');
  if (port === undefined) return badValue(one, 'write PORT or PORT-PORT');
  return { kind: 'translate', end, to: { kind: 'own', port }, ...randomOf(use) };
}

function randomOf(use: Use): { readonly random?: true } {
  return use.given.some(({ name }) => name.startsWith('--random')) ? { random: true } : {};
}

function parts(text: string, family: Family): { addresses: string; ports: string } | undefined {
  if (text.startsWith('[')) {
    const close = text.lastIndexOf(']');
    const after = text.slice(close + 1);
    if (family === 4 || close < 0 || (after !== '' && !after.startsWith(':'))) return undefined;
    return { addresses: text.slice(1, close).replace(/]-\[/, '-'), ports: after.slice(1) };
  }
  const colon = text.indexOf(':');
  if (family === 6 && colon !== 0) return { addresses: text, ports: '' };
  // In IPv6 a leading `::` begins an address, a single colon a port.
  if (family === 6 && text.startsWith('::')) return { addresses: text, ports: '' };
  return colon < 0 ? { addresses: text, ports: '' } : { addresses: text.slice(0, colon), ports: text.slice(colon + 1) };
}

function portSpan(text: string): readonly [number, number] | undefined {
  return span(text.replace(/\/\w+$/, ''), (part) => readPort(part));
}

function span<T extends number | bigint>(text: string, read: (part: string) => T | undefined): readonly [T, T] | undefined {
  const dash = text.indexOf('-');
  const lo = read(dash < 0 ? text : text.slice(0, dash));
  const hi = dash < 0 ? lo : read(text.slice(dash + 1));
  return lo === undefined || hi === undefined || lo > hi ? undefined : [lo, hi];
}

/** Where SNAT and DNAT go. */
export const translated: ValueType = {
  hint: 'write ADDRESS, ADDRESS-ADDRESS, ADDRESS:PORT or :PORT-PORT, an IPv6 address before a port in brackets',
  saved(text, family) {
    const read = parts(text, family);
    if (read === undefined) return undefined;
    const address = read.addresses === '' ? null : span(read.addresses, (part) => readAddress(part, family));
    const port = read.ports === '' ? null : portSpan(read.ports);
    if (address === undefined || port === undefined || (address === null && port === null)) return undefined;
    const base = /\/(\w+)$/.exec(read.ports)?.[1];
    const addresses = address === null ? '' : joined(address, (value) => addressText(family, value));
    const ports = port === null ? '' : `:${joined(port, String)}${base === undefined ? '' : `/${readPort(base)}`}`;
    return family === 6 && addresses !== '' && ports !== '' ? `[${addresses}]${ports}` : `${addresses}${ports}`;
  },
  examples: (family) =>
    (family === 4
      ? [
          '192.0.2.5',
          '192.0.2.5-192.0.2.9',
          '192.0.2.5:80',
          '192.0.2.5-192.0.2.9:1024-65535',
          '192.0.2.5:6000-6010/5000',
          '192.0.2.5:http',
          '192.0.2.5-192.0.2.5',
        ]
      : ['2001:db8::5', '2001:db8::5-2001:db8::9', '[2001:db8::5]:80', '[2001:db8::5-2001:db8::9]:80-90', '[2001:db8::5]']
    ).concat([':8080', ':1-65535', ':5-5']),
  refused: () => [':', ':65536', ':9-5', 'nosuchhost', ''],
};

/** `PORT` or `PORT-PORT`. */
export const portSpanValue: ValueType = {
  hint: 'write PORT or PORT-PORT',
  saved: (text) => {
    const port = portSpan(text);
    return port === undefined ? undefined : joined(port, String);
  },
  examples: () => ['8080', '1-65535', '5-5', 'http', '1024-2048'],
  refused: () => ['65536', '9-5', 'nosuchservice', ''],
};

function joined<T>([lo, hi]: readonly [T, T], text: (value: T) => string): string {
  return lo === hi ? text(lo) : `${text(lo)}-${text(hi)}`;
}

/** As {@link translated}; a base is taken and prints as 0, since only DNAT has one. */
export const sourceTranslated: ValueType = {
  ...translated,
  saved: (text, family) => translated.saved(text, family)?.replace(/\/\d+$/, '/0'),
};
