import { parsePort } from '../../net/index.ts';
import type { ValueType } from '../extension.ts';
import { readNumber } from './number.ts';

/**
 * How an extension reads ports. `old`: libxtables' xtables_parse_port, which takes hex and octal and refuses a range that
 * runs backwards. `guided`: its option parser (XTTYPE_PORTRC), which takes decimal only and any range.
 */
export type PortStyle = 'old' | 'guided';

/** A port number, or a well-known service's name. */
export function readPort(text: string, style: PortStyle = 'old'): number | undefined {
  if (!/^\d/.test(text)) return parsePort(text);
  return style === 'old' ? readNumber(text, 65535) : parsePort(text.replace(/^0+(?=\d)/, ''));
}

/** `A`, `A:B`, `A:` or `:B`; `undefined` when either is no port. A range with A above B holds no port. */
export function readPortRange(text: string, style: PortStyle): readonly [number, number] | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const port = readPort(text, style);
    return port === undefined ? undefined : [port, port];
  }
  const lo = colon === 0 ? 0 : readPort(text.slice(0, colon), style);
  const hi = colon === text.length - 1 ? 65535 : readPort(text.slice(colon + 1), style);
  return lo === undefined || hi === undefined || (style === 'old' && lo > hi) ? undefined : [lo, hi];
}

export const portHint =
  'write a port from 0 to 65535 or a range such as 1024:65535; a service that palisade does not know goes by its number';

/** A port or a range of them, as numbers. */
export function portRange(style: PortStyle): ValueType {
  return {
    hint: portHint,
    saved: (text) => {
      const read = readPortRange(text, style);
      return read === undefined ? undefined : read[0] === read[1] ? `${read[0]}` : `${read[0]}:${read[1]}`;
    },
    examples: () => [
      '0',
      '22',
      '65535',
      'ssh',
      'http:https',
      '1024:',
      ':1023',
      '5:5',
      '0:65534',
      '1:65535',
      '0:65535',
      ...(style === 'old' ? ['0x50', '010'] : ['080', '9:5']),
    ],
    refused: () => ['65536', '1:65536', 'nosuchservice', '1-2', '', '1:2:3', ...(style === 'old' ? ['9:5'] : ['0x50'])],
  };
}

/** One port, decimal or by name (XTTYPE_PORT). */
export const portNumber: ValueType = {
  hint: 'write a port from 0 to 65535',
  saved: (text) => {
    const port = readPort(text, 'guided');
    return port === undefined ? undefined : String(port);
  },
  examples: () => ['3129', '0', '65535', 'http', '080'],
  refused: () => ['65536', '1:2', 'nosuchservice'],
};
