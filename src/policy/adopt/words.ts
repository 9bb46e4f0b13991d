import { type Family, parseProtocol, TCP } from '../../model/net/index.ts';
import { catalogue } from '../services/catalogue.ts';
import { readService } from '../services/services.ts';

/** Services of one port each, by what they are; of several names the first. */
const named: ReadonlyMap<string, string> = new Map(
  Object.entries(catalogue)
    .filter(([, parts]) => !parts.includes(' ') && parts.includes('/'))
    .reverse()
    .map(([name, part]) => [part, name]),
);

/** Services of several ports, by the words of their parts; those of most parts first. */
const several: readonly { readonly name: string; readonly parts: readonly string[] }[] = Object.entries(catalogue)
  .map(([name, text]) => ({ name, parts: text.split(' ').map((part) => named.get(part) ?? part) }))
  .filter(({ parts }) => parts.length > 1)
  .sort((left, right) => right.parts.length - left.parts.length);

/** `ssh`, or `8443/tcp` of what has no name. */
export function portWord(lo: number, hi: number, protocol: string): string {
  const part = `${lo === hi ? lo : `${lo}-${hi}`}/${protocol}`;
  return named.get(part) ?? part;
}

/** The number of a protocol as iptables writes it; 0 for all. */
export function protocolWord(text: string, family: Family): number | undefined {
  if (text === 'all') return 0;
  const number = parseProtocol(text);
  return family === 6 && number === 1 ? undefined : number;
}

/** `ping`, `icmp:3/4`; `null` of names. */
export function icmpWord(text: string, family: Family): string | null {
  if (text === (family === 4 ? '8' : '128')) return 'ping';
  return /^\d{1,3}(\/\d{1,3})?$/.test(text) && Number(text.split('/')[0]) < 255
    ? `${family === 4 ? 'icmp' : 'icmpv6'}:${text}`
    : null;
}

/** `ping` as it is of one family alone. */
export function pingOf(family: Family): string {
  return family === 4 ? 'icmp:8' : 'icmpv6:128';
}

/** Whether a word stands for TCP, or for something else; `null` where it may be either. */
export function isTcp(word: string): boolean | null {
  const services = readService(word, new Map());
  if (services === undefined) return null;
  const tcp = services.filter(({ proto }) => proto === TCP).length;
  return tcp === 0 ? false : tcp === services.length ? true : null;
}

/** Services of several parts, all of which are there. */
export function wholeServices(words: readonly string[]): readonly string[] {
  let left = words;
  for (const { name, parts } of several) {
    if (!parts.every((part) => left.includes(part))) continue;
    const first = Math.min(...parts.map((part) => left.indexOf(part)));
    left = left.flatMap((word, index) => (index === first ? [name] : parts.includes(word) ? [] : [word]));
  }
  return left;
}
