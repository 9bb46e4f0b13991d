import { type Ranges, ranges } from '../../../net/index.ts';
import { allOf, always, anyOf, type ClockField, type Constraint, clockBounds, never, not } from '../../../packet/index.ts';
import { bad, type Given, given, givenValue, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';
import { option, pick } from '../pick.ts';

const clockTime: ValueType = {
  hint: 'write HH:MM or HH:MM:SS',
  saved: (text) => {
    const [, hours = '', minutes = '', seconds = '0'] = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$/.exec(text) ?? [];
    if (hours === '' || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
    return [hours, minutes, seconds].map((part) => part.padStart(2, '0')).join(':');
  },
  examples: () => ['09:00', '17:30:15', '00:00', '23:59:59', '7:05'],
  refused: () => ['24:00', '12:60', '12:00:60', '12', 'x'],
};

const monthDays: ValueType = {
  hint: 'write days from 1 to 31 with commas between',
  saved: (text) => {
    const days = text.split(',').map((part) => readNumber(part, 31));
    if (days.some((day) => day === undefined || day === 0)) return undefined;
    return [...new Set(days)].sort((a, b) => (a as number) - (b as number)).join(',');
  },
  examples: () => ['1', '31', '1,15,31', '31,2,1', '5,5'],
  refused: () => ['0', '32', 'x', '1,,2'],
};

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

const weekDays: ValueType = {
  hint: 'write some of Mon,Tue,Wed,Thu,Fri,Sat,Sun',
  saved: (text) => {
    const days = text
      .split(',')
      .map((part) =>
        /^[1-7]$/.test(part) ? Number(part) - 1 : dayNames.findIndex((name) => part.length >= 2 && name.startsWith(part)),
      );
    return days.includes(-1) ? undefined : dayNames.filter((_, index) => days.includes(index)).join(',');
  },
  examples: () => [...dayNames, 'Mon,Tue,Wed,Thu,Fri', '7,6', 'Su,Mo', '1'],
  refused: () => ['0', 'sun', 'Xyz'],
};

/** The last second that the kernel's 32 bits hold. */
const endOfTime = '2038-01-19T03:14:07';

const date: ValueType = {
  hint: 'write a date such as 2030-01-31 or 2030-01-31T17:00:00',
  saved: (given) => {
    const [, year = '', month = '1', day = '1', hour = '0', minute = '0', second = '0'] =
      /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/.exec(given) ?? [];
    const parts = [month, day, hour, minute, second];
    if (
      year === '' ||
      Number(year) < 1970 ||
      Number(year) > 2038 ||
      Number(month) < 1 ||
      Number(month) > 12 ||
      Number(day) < 1 ||
      Number(day) > 31
    )
      return undefined;
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
    const [m, d, h, i, s] = parts.map((part) => part.padStart(2, '0'));
    const text = `${year}-${m}-${d}T${h}:${i}:${s}`;
    return text > endOfTime ? undefined : text;
  },
  examples: () => ['2030-01-01', '2030-12-31T23:59:59', '2035', '2030-06', '2030-06-01T12', '1970-01-02'],
  refused: () => ['1969-01-01', '2030-13-01', '2030-01-32', '2030-01-01T24:00:00', 'x'],
};

/** net/netfilter/xt_time.c: the clock decides. */
export const time: Match = {
  kind: 'match',
  name: 'time',
  families: [4, 6],
  options: options(
    ['--timestart TIME', clockTime],
    ['--timestop TIME', clockTime],
    ['! --monthdays DAYS', monthDays],
    ['! --weekdays DAYS', weekDays],
    ['--datestart DATE', date],
    ['--datestop DATE', date],
    '--kerneltz',
    '--contiguous',
    '--localtz',
    '--utc',
  ),

  limits: [
    { kind: 'at-most-one', of: ['--kerneltz', '--utc'] },
    { kind: 'at-most-one', of: ['--localtz', '--utc'] },
  ],
  saved: (_use, _backend, spelled) => savedTime(spelled),
  meaning(use) {
    const start = clockTime.saved(givenValue(use, '--timestart') ?? '0:00', 4) ?? '';
    const stop = clockTime.saved(givenValue(use, '--timestop') ?? '23:59:59', 4) ?? '';
    if (given(use, '--contiguous') !== undefined && start < stop)
      return bad('--contiguous says nothing here', 'it is for times over midnight: leave it out', '--contiguous');
    // Minutes west of Greenwich are the kernel's own secret; its clock is one for all rules all the same.
    if (given(use, '--kerneltz') !== undefined || given(use, '--localtz') !== undefined) return opaque(use, 'pure');
    const [from, to] = [secondsOf(start), secondsOf(stop)];
    const weekday = among(
      'weekday',
      daysOf(given(use, '--weekdays'), weekDays, (name) => dayNames.indexOf(name as (typeof dayNames)[number])),
    );
    const monthday = among(
      'monthday',
      daysOf(given(use, '--monthdays'), monthDays, (day) => Number(day) - 1),
    );
    const within = numbers('date', [
      [dateOf(givenValue(use, '--datestart')) ?? 0, dateOf(givenValue(use, '--datestop')) ?? lastSecond],
    ]);
    if (from < to) return allOf(within, numbers('second', [[from, to]]), weekday, monthday);
    if (given(use, '--contiguous') === undefined)
      return allOf(within, numbers('second', [[0, to], [from, daySeconds - 1]]), weekday, monthday); // biome-ignore format: two
    // Until it stops it is the day before still, which no day of the month tells.
    if (given(use, '--monthdays') !== undefined) return opaque(use, 'pure');
    const later = not(numbers('second', [[0, to]]));
    return allOf(
      within,
      anyOf(
        allOf(numbers('second', [[0, to]]), dayAfter(weekday)),
        allOf(later, numbers('second', [[from, daySeconds - 1]]), weekday),
      ),
    );
  },
};

const daySeconds = 86_400;
const lastSecond = 0x7fff_ffff;

function secondsOf(saved: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = saved.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** Days beyond a month's last are those of the next, as mktime(3) counts. */
function dateOf(text: string | undefined): number | undefined {
  const saved = text === undefined ? undefined : date.saved(text, 4);
  if (saved === undefined) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = saved.split(/[-T:]/).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** The days that are meant, in order; `undefined`: all. */
function daysOf(one: Given | undefined, type: ValueType, number: (saved: string) => number): readonly number[] | undefined {
  if (one === undefined) return undefined;
  const named = (type.saved(one.values[0] ?? '', 4) ?? '').split(',').map(number);
  if (!one.inverted) return named;
  const count = type === weekDays ? 7 : 31;
  return Array.from({ length: count }, (_, day) => day).filter((day) => !named.includes(day));
}

function among(field: 'weekday' | 'monthday', days: readonly number[] | undefined): Constraint {
  return days === undefined ? always : numbers(field, ranges(...days.map((day) => [day, day] as const)));
}

function numbers(field: ClockField, within: Ranges<number>): Constraint {
  const some = ranges(...within);
  const [first] = some;
  if (first === undefined) return never;
  return some.length === 1 && first[0] === 0 && first[1] === clockBounds[field]
    ? always
    : { kind: 'number', field, ranges: some };
}

function dayAfter(weekday: Constraint): Constraint {
  if (weekday.kind !== 'number') return weekday;
  const days = weekday.ranges.flatMap(([lo, hi]) => Array.from({ length: hi - lo + 1 }, (_, index) => (lo + index + 1) % 7));
  return numbers(
    'weekday',
    days.map((day) => [day, day] as const),
  );
}

/** Times and dates have defaults that print as soon as one of a kind differs; the last second is always there. */
function savedTime(spelled: readonly Given[]): readonly Given[] {
  const value = (name: string, otherwise: string): string => pick(spelled, name)[0]?.values[0] ?? otherwise;
  const start = value('--timestart', '00:00:00');
  const stop = value('--timestop', '23:59:59');
  const first = value('--datestart', '1970-01-01T00:00:00');
  return [
    ...(start === '00:00:00' && stop === '23:59:59' ? [] : [option('--timestart', start), option('--timestop', stop)]),
    ...pick(spelled, '--monthdays').map((one) =>
      uninverted(
        one,
        Array.from({ length: 31 }, (_, index) => String(index + 1)),
      ),
    ),
    ...pick(spelled, '--weekdays').map((one) => uninverted(one, dayNames)),
    ...(first === '1970-01-01T00:00:00' ? [] : [option('--datestart', first)]),
    option('--datestop', value('--datestop', endOfTime)),
    ...(pick(spelled, '--kerneltz', '--localtz').length > 0 ? [option('--kerneltz')] : []),
    ...pick(spelled, '--contiguous'),
  ];
}

/** The kernel keeps the days that are meant, not those that are left out. */
function uninverted(one: Given, all: readonly string[]): Given {
  const days = (one.values[0] ?? '').split(',');
  return one.inverted ? option(one.name, all.filter((day) => !days.includes(day)).join(',')) : one;
}
