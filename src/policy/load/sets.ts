import type { AddressSet } from '../policy.ts';
import type { Path } from './document.ts';
import { linesOf } from './list.ts';
import type { Say } from './lookup.ts';
import { membersOf, readMember } from './names.ts';
import type { Beside, Fetched } from './read.ts';
import { type SetShape, secondsOf } from './schema.ts';

/** Where addresses come from that are not written in the policy. */
export type Source =
  | { readonly kind: 'dns'; readonly names: readonly string[]; readonly onFailure: 'keep' | 'empty' }
  | { readonly kind: 'feed'; readonly url: string; readonly everySeconds: number; readonly onFailure: 'keep' | 'empty' }
  | {
      readonly kind: 'country';
      /** In capitals. */
      readonly countries: readonly string[];
      /** Files and addresses; none: those of the state folder. */
      readonly from: readonly string[];
      readonly everySeconds: number;
      readonly onFailure: 'keep' | 'empty';
    };

/** The sets of a policy with their members. A bad line of a file is named by the file and the line. */
export function readSets(
  shapes: Readonly<Record<string, SetShape>>,
  beside: Beside,
  say: Say,
  had: (set: string, fetched: Fetched) => void,
): ReadonlyMap<string, AddressSet> {
  const sets = new Map<string, AddressSet>();
  for (const [name, shape] of Object.entries(shapes)) {
    const path = ['sets', name];
    if (name === 'anyone') say(path, '"anyone" is everybody already', 'choose another name', 'key');
    const isOver = !Array.isArray(shape) && shape.expires !== undefined && Date.parse(shape.expires) / 1000 <= beside.now;
    const words = isOver ? [] : wordsOf(shape, path, beside, say, (fetched) => had(name, fetched));
    const spans = words.flatMap(({ word, below, where }) => {
      const member = readMember(word);
      if (member === undefined)
        say(
          [...path, ...below],
          `${where}"${word}" is no address`,
          'write an address, a network such as "192.0.2.0/24", or a range "a-b"',
        );
      return member ?? [];
    });
    const listed = !Array.isArray(shape) && ('feed' in shape || 'country' in shape);
    const trusted = Array.isArray(shape) || !('feed' in shape) || shape.trust;
    sets.set(name, { name, members: membersOf(spans), listed, trusted });
  }
  return sets;
}

interface Word {
  readonly word: string;
  /** Below the set in the policy. */
  readonly below: Path;
  /** Where in another file; empty where it stands in the policy. */
  readonly where: string;
}

function wordsOf(shape: SetShape, path: Path, beside: Beside, say: Say, had: (fetched: Fetched) => void): readonly Word[] {
  if (Array.isArray(shape)) return shape.map((word, index) => ({ word, below: [index], where: '' }));
  if ('addresses' in shape) return shape.addresses.map((word, index) => ({ word, below: ['addresses', index], where: '' }));
  if ('file' in shape) {
    const text = beside.file(shape.file);
    if (text === null) {
      say([...path, 'file'], `${shape.file} cannot be read`, 'write the path of a text file with one address a line');
      return [];
    }
    return linesOf(text).map(({ word, line }) => ({ word, below: ['file'], where: `${shape.file}:${line}: ` }));
  }
  const source: Source =
    'dns' in shape
      ? { kind: 'dns', names: list(shape.dns), onFailure: shape['on-failure'] }
      : 'feed' in shape
        ? { kind: 'feed', url: shape.feed, everySeconds: secondsOf(shape.every), onFailure: shape['on-failure'] }
        : {
            kind: 'country',
            countries: [...new Set(list(shape.country).map((country) => country.toUpperCase()))],
            from: list(shape.from ?? []),
            everySeconds: secondsOf(shape.every),
            onFailure: shape['on-failure'],
          };
  const fetched = beside.fetched(source);
  had(fetched);
  return fetched.addresses.map((word) => ({ word, below: [], where: '' }));
}

function list(given: string | string[]): readonly string[] {
  return typeof given === 'string' ? [given] : given;
}
