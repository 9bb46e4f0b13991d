import type { Effect } from '../../packet/index.ts';
import { type Bad, badValue, type Given, type Use } from '../extension.ts';
import { markHint, readMark } from '../values/mark.ts';
import { readNumber } from '../values/number.ts';
import { option } from './pick.ts';

/**
 * What MARK and CONNMARK write, by the one of five options that was given; `undefined` when none was.
 * The translation into value and mask is libxt_MARK.c's own.
 */
export function writtenMark(use: Use, field: 'mark' | 'connmark'): Effect | Bad | undefined {
  const one = use.given.find((option) => /^--(set-x?|and-|or-|xor-)mark$/.test(option.name));
  if (one === undefined) return undefined;
  const text = one.values[0] ?? '';
  if (one.name === '--set-xmark' || one.name === '--set-mark') {
    const read = readMark(text);
    if (read === undefined) return badValue(one, markHint);
    const mask = one.name === '--set-mark' ? (read.mask | read.value) >>> 0 : read.mask;
    return { kind: 'write', field, mask: laterMask(use, one) ?? mask, value: read.value };
  }
  const bits = readNumber(text);
  if (bits === undefined) return badValue(one, 'write a 32-bit number');
  if (one.name === '--and-mark') return { kind: 'write', field, mask: laterMask(use, one) ?? ~bits >>> 0, value: 0 };
  return { kind: 'write', field, mask: laterMask(use, one) ?? (one.name === '--or-mark' ? bits : 0), value: bits };
}

/** The one form in which iptables-save prints all five. */
export function savedMark(use: Use, field: 'mark' | 'connmark'): readonly Given[] {
  const effect = writtenMark(use, field);
  if (effect?.kind !== 'write') return [];
  return [option('--set-xmark', `0x${effect.value.toString(16)}/0x${effect.mask.toString(16)}`)];
}

/** CONNMARK keeps one mask of the connection: a `--ctmask` or `--mask` behind the option replaces the one that it sets. */
function laterMask(use: Use, one: Given): number | undefined {
  const later = use.given
    .slice(use.given.indexOf(one) + 1)
    .findLast((other) => other.name === '--ctmask' || other.name === '--mask');
  return later === undefined ? undefined : readNumber(later.values[0] ?? '');
}
