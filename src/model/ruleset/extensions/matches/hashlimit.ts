import { bitsOf } from '../../../net/index.ts';
import { type Bad, badValue, type Given, given, type Match, opaque, type Use, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choices } from '../../values/choice.ts';
import { u32, whole } from '../../values/number.ts';
import { prefixLength } from '../../values/prefix-length.ts';
import { rate, rateText, rateUnitSeconds, readRate } from '../../values/rate.ts';
import { plainName } from '../../values/text.ts';
import { option, pick } from '../pick.ts';

const hashScale = 1_000_000;

/** Packets a time, or bytes a second with `b/s`. */
const hashRate: ValueType = {
  hint: 'write a rate such as 5/minute, or 500kb/s',
  saved: (text) => bytesRate(text) ?? rate(hashScale).saved(text, 4),
  examples: () => [...rate(hashScale).examples(4), '500kb/s', '1mb/s', '512b/s', '1024kb/s', '1000b/s'],
  refused: () => rate(hashScale).refused(4),
};

/** `NUMBER[k|m]b/s`. */
function bytesRate(text: string): string | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9})([km]?)b\/s$/i.exec(text) ?? [];
  return amount === '' ? undefined : bytesText(Number(amount) * factor(unit));
}

function factor(unit: string): number {
  return unit.toLowerCase() === 'm' ? 1024 * 1024 : unit.toLowerCase() === 'k' ? 1024 : 1;
}

/** What is left of the bytes once the kernel has them as a cost, in the largest unit that says it exactly. */
function bytesText(bytes: number): string {
  const kept = keptBytes(bytes);
  for (const [unit, size] of [
    ['m', 1024 * 1024],
    ['k', 1024],
  ] as const) {
    if (kept >= size && keptCost(Math.floor(kept / size) * size) === keptCost(bytes))
      return `${Math.floor(kept / size)}${unit}b/s`;
  }
  return `${kept}b/s`;
}

/** The cost of a packet's bytes, which are counted in units of 16 (XT_HASHLIMIT_BYTE_SHIFT). */
function keptCost(bytes: number): number {
  return Math.floor(0xffffffff / (Math.floor(bytes / 16) + 1));
}

function keptBytes(bytes: number): number {
  return (Math.floor(0xffffffff / keptCost(bytes)) - 1) * 16;
}

const burst: ValueType = {
  hint: 'write a number up to 1000000, or bytes such as 1mb',
  saved: (text) => (/^\d+[km]?b$/i.test(text) ? text : whole(1n, 1_000_000n).saved(text, 4)),
  examples: () => ['1', '5', '1000000', '10'],
  refused: () => ['1000001', 'x'],
};

/** Decimal only. */
const seconds: ValueType = {
  hint: 'write a number of seconds',
  saved: (text) => (/^\d{1,9}$/.test(text) && Number(text) > 0 ? String(Number(text)) : undefined),
  examples: () => ['1', '10', '3600'],
  refused: () => ['x', '0x10'],
};

/** net/netfilter/xt_hashlimit.c: a token bucket a group; a table that is full drops the packet at once, whatever the rule's target. */
export const hashlimit: Match = {
  kind: 'match',
  name: 'hashlimit',
  families: [4, 6],
  options: options(
    ['! --hashlimit-upto|--hashlimit RATE', hashRate],
    ['! --hashlimit-above RATE', hashRate],
    ['--hashlimit-burst NUMBER', burst],
    ['--hashlimit-mode FIELDS', choices(['srcip', 'srcport', 'dstip', 'dstport'])],
    ['*--hashlimit-name NAME', plainName(14)],
    ['--hashlimit-htable-size NUMBER', whole(0n, u32, capped)],
    ['--hashlimit-htable-max NUMBER', whole(0n, u32, capped)],
    ['--hashlimit-htable-gcinterval MS', whole(1n, u32)],
    ['--hashlimit-htable-expire MS', whole(1n, u32)],
    ['--hashlimit-srcmask LENGTH', prefixLength],
    ['--hashlimit-dstmask LENGTH', prefixLength],
    '--hashlimit-rate-match',
    ['--hashlimit-rate-interval SECONDS', seconds],
  ),

  limits: [{ kind: 'one', of: ['--hashlimit-upto', '--hashlimit-above'] }],
  saved: (use, _backend, spelled) => savedLimit(use, spelled),
  meaning: (use) => burstFault(use) ?? opaque(use, 'stateful', true),
};

function savedLimit(use: Use, spelled: readonly Given[]): readonly Given[] {
  const limit = pick(spelled, '--hashlimit-upto', '--hashlimit-above')[0];
  const text = use.given.find((one) => one.name === limit?.name)?.values[0] ?? '';
  const isAbove = (limit?.name === '--hashlimit-above') !== limit?.inverted;
  const isBytes = bytesRate(text) !== undefined;
  const burstGiven = pick(spelled, '--hashlimit-burst')[0];
  const period = readRate(text, hashScale) ?? hashScale;
  const matchesRate = given(use, '--hashlimit-rate-match') !== undefined;
  const unit = isBytes ? 1 : unitSeconds(text);
  const interval = pick(spelled, '--hashlimit-rate-interval')[0]?.values[0] ?? String(unit);
  // Where the rate itself is matched, iptables divides by the unit, and the interval carries it.
  const shown = matchesRate && !isBytes ? Math.floor(period / unit) : period;
  const rateShown = isBytes ? (limit?.values[0] ?? '') : rateText(shown, hashScale);
  const usualExpiry = isBytes ? (burstGiven === undefined ? 15_000 : 60_000) : rateUnitSeconds(shown, hashScale) * 1000;
  const expiry = pick(spelled, '--hashlimit-htable-expire')[0]?.values[0] ?? String(isBytes ? usualExpiry : unit * 1000);
  const bits = String(bitsOf(use.family));
  const unless = (name: string, usual: string): readonly Given[] => pick(spelled, name).filter((one) => one.values[0] !== usual);
  return [
    option(isAbove ? '--hashlimit-above' : '--hashlimit-upto', rateShown),
    ...(burstGiven === undefined ? (isBytes ? [] : [option('--hashlimit-burst', '5')]) : [savedBurst(burstGiven, text)]),
    ...pick(spelled, '--hashlimit-mode', '--hashlimit-name'),
    ...unless('--hashlimit-htable-size', '0'),
    ...unless('--hashlimit-htable-max', '0'),
    ...unless('--hashlimit-htable-gcinterval', '1000'),
    ...(expiry === String(usualExpiry) ? [] : [option('--hashlimit-htable-expire', expiry)]),
    ...unless('--hashlimit-srcmask', bits),
    ...unless('--hashlimit-dstmask', bits),
    ...(matchesRate ? [option('--hashlimit-rate-match')] : []),
    ...(matchesRate && interval !== '1' ? [option('--hashlimit-rate-interval', interval)] : []),
  ];
}

function unitSeconds(text: string): number {
  const unit = /\/([a-z]+)$/i.exec(text)?.[1]?.toLowerCase() ?? 's';
  return ({ d: 86_400, h: 3600, m: 60 } as const)[unit[0] as 'd'] ?? 1;
}

/** The kernel's own bound on both (xt_hashlimit.c, HASHLIMIT_MAX_SIZE). */
function capped(value: bigint): string {
  return String(value > 1_048_576n ? 1_048_576n : value);
}

/** Beside a rate of bytes the burst is one of bytes too, and a whole number of seconds of it. */
function savedBurst(burst: Given, rateText: string): Given {
  const aSecond = bytesASecond(rateText);
  if (aSecond === undefined) return burst;
  const bytes = Math.ceil((burstBytes(burst.values[0] ?? '') ?? 0) / aSecond) * aSecond;
  const [unit, size] =
    bytes >= 1024 * 1024 ? (['m', 1024 * 1024] as const) : bytes >= 1024 ? (['k', 1024] as const) : (['', 1] as const);
  return { ...burst, values: [`${Math.floor(bytes / size)}${unit}b`] };
}

function bytesASecond(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9})([km]?)b\/s$/i.exec(text) ?? [];
  return amount === '' ? undefined : keptBytes(Number(amount) * factor(unit));
}

function burstBytes(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9})(?:([km]?)b)?$/i.exec(text) ?? [];
  return amount === '' ? undefined : Number(amount) * factor(unit);
}

/** A burst must fit its rate. */
function burstFault(use: Use): Bad | undefined {
  const burstGiven = given(use, '--hashlimit-burst');
  if (burstGiven === undefined) return undefined;
  const limit = given(use, '--hashlimit-upto') ?? given(use, '--hashlimit-above');
  const aSecond = bytesASecond(limit?.values[0] ?? '');
  const text = burstGiven.values[0] ?? '';
  if (aSecond === undefined)
    return /b$/i.test(text) ? badValue(burstGiven, 'write a number of packets, as the rate counts packets') : undefined;
  return (burstBytes(text) ?? 0) < aSecond ? badValue(burstGiven, 'write at least what the rate allows in a second') : undefined;
}
