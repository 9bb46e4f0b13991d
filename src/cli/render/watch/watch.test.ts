import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WatchPart } from '../../../verbs/watch-shape.ts';
import { paintFor } from '../view.ts';
import { widthOf } from '../width.ts';
import { bar, cutTo, leftTime, shortTime, spark } from './cells.ts';
import { draw, pageOf, type Size } from './draw.ts';
import { part } from './index.ts';
import { busy, quiet } from './picture.fixture.ts';
import { emptyScreen, listOf, pressed, type Screen, told } from './screen.ts';

const plain = paintFor('never', true, {});
const coloured = paintFor('always', true, {});
const usual: Size = { width: 80, height: 24 };

function shown(screen: Screen, size = usual): string {
  return draw(screen, size, plain)
    .map((line) => line.trimEnd().replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS'))
    .join('\n');
}

function after(screen: Screen, ...keys: string[]): Screen {
  return keys.reduce((now, key) => pressed(now, key, pageOf(now, usual)).screen, screen);
}

test('a bad day at 80 by 24', () => {
  expect(`\n${shown(told(emptyScreen, busy))}\n`).toBe(`
 palisade  web1  ● watching nflog:5, kmsg                              HH:MM:SS
     53/s ██▁▇▇▇▆▆▅▅▄▄▃▁▃▃▂▂▂▂▂▃▃▃▁▄▅▅▆▆▇▇▇█  123,456 in the last hour  17 lost
▸ Incidents  2 open, 1 over ──────────────────────────────────────  EVENTS  LAST
▸ ● high     203.0.113.9 scanned 412 ports of 198.51.100.1             412    4s
  ● critical SYN flood on 198.51.100.1:443 from forged addresses,…  720.0k    0s
  ○ low      日本語の名前 \\x1b[31mred\\u{202e} tried names               31    2h



─ Top sources ─────────────────  EVENTS  LAST ─ Top ports ────────  EVENTS  LAST
  203.0.113.9              ▇▇▇▇   48.0k    0s   22/tcp               60.0k    0s
  203.0.113.10          DE ▇▇     24.0k    7s   445/tcp              30.0k    1s
  203.0.113.11          DE ▇      16.0k   14s   3389/tcp             20.0k    2s
  2001:db8:1234:5678:9…    ▇      12.0k   21s   53/udp               15.0k    3s
  203.0.113.13          DE ▇       9600   28s   icmp                 12.0k    4s
  203.0.113.14          DE ▇       8000   35s
  203.0.113.15             ▇       6857   42s
─ Bans  2 ─────────────────────────────────────────────────────────────     LEFT
  203.0.113.9                new scanned 412 ports of 198.51.100.1        9m 12s
  2001:db8:bad:bad::/64      all tried 30 passwords                       1d 01h



 q quit Tab panel ↑↓ move Enter details s sort / filter p pause b ban ? help
`);
});

test('a host where nothing can be seen says so, and what to do', () => {
  expect(`\n${shown(told(emptyScreen, quiet))}\n`).toBe(`
 palisade  web1  ● watching nflog:5, kmsg                              HH:MM:SS
      0/s ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  0 in the last hour  0 lost
▸ Incidents ────────────────────────────────────────────────────────────────────
   No incident. 0 events in the last hour.
   LOG or NFLOG rules: none found, so that nothing is ever seen.
   Add "log:" to the policy (palisade help plan).



─ Top sources ─────────────────────────────── ─ Top ports ──────────────────────
   None in the last hour.                        None in the last hour.






─ Bans ─────────────────────────────────────────────────────────────────────────
   Nobody is shut out.




 q quit Tab panel ↑↓ move Enter details s sort / filter p pause b ban ? help
`);
});

test('the details of an incident hold all that is known, and can be leafed through', () => {
  const opened = after(told(emptyScreen, busy), 'enter');
  expect(`\n${shown(opened)}\n`).toBe(`
 palisade  web1  ● watching nflog:5, kmsg                              HH:MM:SS
     53/s ██▁▇▇▇▆▆▅▅▄▄▃▁▃▃▂▂▂▂▂▃▃▃▁▄▅▅▆▆▇▇▇█  123,456 in the last hour  17 lost

 203.0.113.9 scanned 412 ports of 198.51.100.1

 severity  high
 state     open
 seen by   vertical-scan
 why       412 different ports within 3 minutes; 12 are too many
 do        Close the ports.
 from      203.0.113.9
 to        198.51.100.1:22, 198.51.100.1:23, 198.51.100.1:80
 events    412
 first     HH:MM:SS, 3m ago
 last      HH:MM:SS, 4s ago
 proof     its sources were not forged; none of it can be written by users of
           this machine

 Its first and its last lines
 FW-DROP: IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.1 LEN=60 TOS=0x00
 PREC=0x00 TTL=52 ID=0 DF PROTO=TCP SPT=40000 DPT=20 WINDOW=64240 RES=0x00 SYN
 … 58 more lines: ↓

 q quit  ↑↓ read on  Esc back
`);
  expect(shown(after(opened, 'pagedown', 'pagedown', 'pagedown', 'pagedown'))).toContain('DPT=39');
  expect(shown(after(opened, 'escape'))).toContain('Top sources');
});

test('every screen has its height and fits its width, whatever others chose as text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('日本語', '\u001b[2J', '👩‍👩‍👧', '\u202e', 'e\u0301'),
  );
  fc.assert(
    fc.property(
      fc.record({
        width: fc.oneof(fc.integer({ min: 38, max: 82 }), fc.integer({ min: 1, max: 210 })),
        height: fc.integer({ min: 1, max: 70 }),
      }),
      hostile,
      fc.array(fc.constantFrom('tab', 'down', 'enter', 's', '/', '1', 'p', 'b', '?', 'escape', 'pagedown'), { maxLength: 5 }),
      (size, text, keys) => {
        const [incident] = busy.incidents;
        const picture = {
          ...busy,
          host: text,
          incidents: incident === undefined ? [] : [{ ...incident, title: text, why: text, evidence: [text] }],
          bans: busy.bans.map((ban) => ({ ...ban, why: text })),
          events: busy.events.map((event) => ({ ...event, prefix: text })),
        };
        for (const paint of [plain, coloured]) {
          const lines = draw(after(told(emptyScreen, picture), ...keys), size, paint);
          expect(lines.length).toBe(size.height);
          for (const line of lines) {
            expect(widthOf(line)).toBeLessThanOrEqual(size.width);
            // Nothing but colours of our own.
            // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
            expect(line.replace(/\u001b\[[0-9;]*m/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
          }
        }
      },
    ),
    { numRuns: 15 },
  );
});

test('what is chosen stays chosen while others come before it', () => {
  const before = after(told(emptyScreen, busy), 'tab', 'down', 'down');
  const [first, ...rest] = busy.top.sources;
  const moved = { ...busy, top: { ...busy.top, sources: [...rest.slice(0, 4), ...(first ? [first] : []), ...rest.slice(4)] } };
  const list = (screen: Screen): string | undefined => {
    const { items, at } = listOf(screen, 'sources');
    return items[at]?.key;
  };
  expect(list(before)).toBe('203.0.113.11');
  expect(list(told(before, moved))).toBe('203.0.113.11');
  // What is gone gives its place to what stands there.
  expect(list(told(before, { ...busy, top: { ...busy.top, sources: rest.slice(3) } }))).toBe('203.0.113.15');
});

test('keys ask for a filter, a ban and an end, and a slip asks for nothing', () => {
  const start = told(emptyScreen, busy);
  expect(pressed(start, 'q', 5).ends).toBe(true);
  const typing = after(start, '/', '2', '0', 'x', '3', 'backspace', '3', '.', '0');
  expect(shown(typing)).toContain('Address or network: 203.0█');
  expect(pressed(typing, 'q', 5).ends).toBeUndefined();
  expect(pressed(typing, 'enter', 5).wish).toEqual({ kind: 'filter', text: '203.0' });
  expect(pressed(after(start, 'tab'), 'enter', 5).wish).toEqual({ kind: 'filter', text: '203.0.113.9' });
  expect(pressed(told(emptyScreen, { ...busy, filter: '203.0' }), 'escape', 5).wish).toEqual({ kind: 'filter', text: null });
  const asking = after(start, 'b');
  expect(shown(asking)).toContain('Shut out 203.0.113.9 for an hour? y: yes');
  expect(pressed(asking, 'y', 5).wish).toEqual({ kind: 'ban', source: '203.0.113.9' });
  expect(pressed(asking, 'Y', 5).wish).toBeUndefined();
  expect(pressed(asking, 'q', 5)).toEqual({ screen: { ...asking, over: null } });
  // A flood from anywhere has nobody who could be shut out.
  expect(after(start, 'down', 'b').over).toBeNull();
});

test('a pause lets the picture stand still, and other orders sort it', () => {
  const paused = told(after(told(emptyScreen, busy), 'p'), quiet);
  expect(shown(paused)).toContain('‖ paused');
  expect(shown(paused)).toContain('203.0.113.9 scanned');
  expect(shown(after(paused, 'p'))).toContain('No incident.');
  const worst = after(told(emptyScreen, busy), 's');
  expect(listOf(worst, 'incidents').items.map(({ key }) => key)).toEqual([
    'syn-flood-198.51.100.1:443',
    'vertical-scan-203.0.113.9-1',
    'names',
  ]);
});

test('elsewhere than on a screen each part is a line', () => {
  const [incident] = busy.incidents;
  const [ban] = busy.bans;
  const parts: WatchPart[] = [
    { kind: 'watching', at: busy.at, sources: ['nflog:5', 'kmsg'], pid: 1 },
    { kind: 'second', at: busy.at, events: 1234 },
    { kind: 'lost', at: busy.at, source: 'kmsg', count: 17, of: 'records' },
    ...(incident === undefined ? [] : [{ ...incident, change: 'opened' as const }]),
    ...(ban === undefined ? [] : [ban]),
  ];
  const text = parts.map((one) => part(one, { columns: null, paint: plain })).join('');
  expect(text.replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS')).toBe(`HH:MM:SS  Watching nflog:5, kmsg. Ctrl-C ends it.
HH:MM:SS  1,234 events
HH:MM:SS  17 records lost of kmsg
HH:MM:SS  high: 203.0.113.9 scanned 412 ports of 198.51.100.1 (412 events)
HH:MM:SS  203.0.113.9/32 is shut out for 10m 12s: scanned 412 ports of 198.51.100.1
`);
});

test('numbers and texts in so many cells', () => {
  expect(spark([0, 1, 5, 10], 6)).toBe('▁▁▁▃▅█');
  expect(spark([], 3)).toBe('▁▁▁');
  expect([bar(0, 10, 4), bar(1, 1000, 4), bar(10, 10, 4)]).toEqual(['', '▇', '▇▇▇▇']);
  expect([cutTo('日本語', 6), cutTo('日本語', 5), cutTo('日本語', 2), cutTo('abc def', 5)]).toEqual([
    '日本語',
    '日本…',
    '日',
    'abc …',
  ]);
  expect([shortTime(59.9), shortTime(61), shortTime(7300), shortTime(200_000), shortTime(-5)]).toEqual([
    '59s',
    '1m',
    '2h',
    '2d',
    '0s',
  ]);
  expect([leftTime(5), leftTime(65), leftTime(7500), leftTime(90_000)]).toEqual(['5s', '1m 05s', '2h 05m', '1d 01h']);
});
