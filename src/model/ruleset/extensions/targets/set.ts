import { given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { pick } from '../pick.ts';
import { directionsValue, setName } from '../set-name.ts';

/** net/netfilter/xt_set.c, set_target_v3: fills sets, which later packets see; a mark from a set cannot be told. */
export const SET: Target = {
  kind: 'target',
  name: 'SET',
  families: [4, 6],
  options: options(
    ['--add-set NAME DIRECTIONS', setName, directionsValue],
    ['--del-set NAME DIRECTIONS', setName, directionsValue],
    ['--map-set NAME DIRECTIONS', setName, directionsValue],
    '--exist',
    ['--timeout SECONDS', whole(0n, u32 - 1n)],
    '--map-mark',
    '--map-prio',
    '--map-queue',
  ),

  limits: [
    { kind: 'some', of: ['--add-set', '--del-set', '--map-set'] },
    { kind: 'needs', option: '--exist', of: ['--add-set'] },
    { kind: 'needs', option: '--timeout', of: ['--add-set'] },
    { kind: 'needs', option: '--map-set', of: ['--map-mark', '--map-prio', '--map-queue'] },
    ...['--map-mark', '--map-prio', '--map-queue'].map((option) => ({ kind: 'needs', option, of: ['--map-set'] }) as const),
  ],
  saved: (_use, _backend, spelled) =>
    pick(spelled, '--add-set', '--exist', '--timeout', '--del-set', '--map-set', '--map-mark', '--map-prio', '--map-queue'),
  meaning: (use) => (given(use, '--map-mark') === undefined ? { kind: 'continue' } : { kind: 'unknown', target: 'SET' }),
};
