import { parsePort } from '../../net/index.ts';
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
