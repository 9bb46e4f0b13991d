import type { ValueType } from '../extension.ts';

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['min', 60],
  ['sec', 1],
] as const;

/**
 * `NUMBER[/UNIT]`, a unit being any beginning of second, minute, hour or day. The kernel counts the time between two
 * packets in parts of a second (`scale` of them), so that a rate prints in the largest unit that says it exactly.
 */
export function readRate(text: string, scale: number): number | undefined {
  const [, amount = '', unit] = /^(\d{1,9})(?:\/([a-zA-Z]+))?$/.exec(text) ?? [];
  const seconds = unit === undefined ? 1 : secondsOf(unit);
  if (amount === '' || seconds === undefined || Number(amount) === 0) return undefined;
  // More than one packet a part of a second cannot be said.
  const period = Math.floor((scale * seconds) / Number(amount));
  return period === 0 ? undefined : period;
}

/** The rate whose packets are so many parts of a second apart. */
export function rateText(period: number, scale: number): string {
  let index = 1;
  while (index < units.length) {
    const whole = (units[index]?.[1] ?? 1) * scale;
    if (period > whole || Math.floor(whole / period) < whole % period) break;
    index += 1;
  }
  const [name, seconds] = units[index - 1] as (typeof units)[number];
  return `${Math.floor((seconds * scale) / period)}/${name}`;
}

/** Seconds of the unit in which the rate prints. */
export function rateUnitSeconds(period: number, scale: number): number {
  const name = rateText(period, scale).split('/')[1];
  return units.find(([unit]) => unit === name)?.[1] ?? 1;
}

function secondsOf(unit: string): number | undefined {
  const lower = unit.toLowerCase();
  const index = ['day', 'hour', 'minute', 'second'].findIndex((name) => name.startsWith(lower));
  return index < 0 ? undefined : units[index]?.[1];
}

/** A rate of packets. */
export function rate(scale: number): ValueType {
  return {
    hint: 'write a rate such as 5/minute',
    saved: (text) => {
      const period = readRate(text, scale);
      return period === undefined ? undefined : rateText(period, scale);
    },
    examples: () => [
      '1',
      '5/s',
      '5/sec',
      '5/second',
      '30/minute',
      '7/m',
      '100/hour',
      '1/h',
      '3/d',
      '24/day',
      '1440/day',
      '9999/sec',
      '10000/s',
      '7/day',
      '61/hour',
      '5/MIN',
    ],
    refused: () => ['0/sec', '0', '5/week', '5/', '/sec', 'x/sec'],
  };
}
