import { type Given, given, type Target, type Use, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choices } from '../../values/choice.ts';
import { u16, whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';
import { leave, option } from '../pick.ts';

/** libxt_CT.c, ct_print_events. */
const events = ['new', 'related', 'destroy', 'reply', 'assured', 'protoinfo', 'helper', 'mark', 'natseqinfo', 'secmark'] as const;

/** A zone's number, or `mark`: the packet's mark says it. */
const zone: ValueType = {
  ...whole(0n, u16),
  hint: 'write a number up to 65535, or "mark"',
  saved: (text, family) => (text === 'mark' ? text : whole(0n, u16).saved(text, family)),
};

/** net/netfilter/xt_CT.c: switches tracking off, or says how to track. The first of them counts. */
export const CT: Target = {
  kind: 'target',
  name: 'CT',
  families: [4, 6],
  options: options(
    '--notrack',
    ['--helper NAME', plainName(15)],
    ['--timeout NAME', plainName(31)],
    ['--ctevents EVENTS', choices(events)],
    ['--expevents EVENTS', choices(['new'])],
    ['--zone-orig ZONE', zone],
    ['--zone-reply ZONE', zone],
    ['--zone ZONE', zone],
  ),

  saved: (use, _backend, spelled) => [...leave(spelled, '--zone', '--zone-orig', '--zone-reply'), ...savedZone(use)],
  meaning: (use) => (given(use, '--notrack') === undefined ? { kind: 'track' } : { kind: 'untrack' }),
};

/** There is one zone, the one written last; it is of one direction, or of both. */
function savedZone(use: Use): readonly Given[] {
  const all = use.given.filter((one) => one.name.startsWith('--zone'));
  const value = zone.saved(all.at(-1)?.values[0] ?? '0', use.family) ?? '0';
  const isOriginal = all.some((one) => one.name === '--zone-orig');
  const isReply = all.some((one) => one.name === '--zone-reply');
  if (value === '0') return [];
  return [option(isOriginal === isReply ? '--zone' : isOriginal ? '--zone-orig' : '--zone-reply', value)];
}
