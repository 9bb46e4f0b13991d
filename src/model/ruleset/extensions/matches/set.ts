import { allOf, always, invertIf } from '../../../packet/index.ts';
import { badValue, given, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u64, whole } from '../../values/number.ts';
import { directionsValue, setName } from '../set-name.ts';

/** Conditions over the matched member's counters, or over how it matched. */
const further = new Set([
  '--return-nomatch',
  '--packets-eq',
  '--packets-lt',
  '--packets-gt',
  '--bytes-eq',
  '--bytes-lt',
  '--bytes-gt',
]);

/** net/netfilter/xt_set.c. Counting in the set (`--update-counters`) is no condition. */
export const set: Match = {
  kind: 'match',
  name: 'set',
  families: [4, 6],
  options: options(
    ['*! --match-set|--set NAME DIRECTIONS', setName, directionsValue],
    '--return-nomatch',
    '! --update-counters',
    '! --update-subcounters',
    ['! --packets-eq COUNT', whole(0n, u64)],
    ['--packets-lt COUNT', whole(0n, u64)],
    ['--packets-gt COUNT', whole(0n, u64)],
    ['! --bytes-eq COUNT', whole(0n, u64)],
    ['--bytes-lt COUNT', whole(0n, u64)],
    ['--bytes-gt COUNT', whole(0n, u64)],
  ),

  limits: [
    { kind: 'at-most-one', of: ['--packets-eq', '--packets-lt', '--packets-gt'] },
    { kind: 'at-most-one', of: ['--bytes-eq', '--bytes-lt', '--bytes-gt'] },
  ],
  // Counting is what happens anyway, unless inverted.
  saved: (_use, _backend, spelled) => spelled.filter((one) => !one.name.startsWith('--update-') || one.inverted),
  meaning(use) {
    const one = given(use, '--match-set');
    if (one === undefined) return always;
    const [name, directions] = one.values as [string, string];
    const read = directions.split(',');
    const dimensions = read.filter((part) => part === 'src' || part === 'dst');
    if (dimensions.length < read.length || read.length > 6)
      return badValue(one, 'write src or dst for each dimension of the set');
    if (name.length === 0 || name.length > 31) return badValue(one, 'a set has a name of 1 to 31 bytes');
    if (use.given.some((other) => further.has(other.name))) return opaque(use, 'stateful');
    return allOf(invertIf(one.inverted, { kind: 'member', set: name, dimensions }));
  },
};
