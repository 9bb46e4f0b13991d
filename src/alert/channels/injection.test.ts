import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compose } from '../mail/index.ts';
import { fitted, sizeOf, visible, visibleLine } from '../text/index.ts';
import { attacks, harmless, messageFrom, type Texts } from './hostile.fixture.ts';
import { channels } from './index.ts';
import { ofMail, shapeOf } from './readers.fixture.ts';

const letter = { from: 'palisade <palisade@example.net>', to: ['root@example.net'] };

const attack = fc.oneof(
  fc.constantFrom(...attacks),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...'<>&"\'`|\\=[]{}$*_~@\r\n\t\0\u001b\u202e\ud800 x'), maxLength: 8 }),
);
/** Short, so that nothing is cut: what is cut is left out of both, but not at the same place. */
const short = attack.map((text) => text.slice(0, 12));
const long = fc.array(attack, { maxLength: 200 }).map((parts) => parts.join(''));

const textsOf = (text: fc.Arbitrary<string>, mostAlerts: number): fc.Arbitrary<Texts> =>
  fc.record({
    all: fc.array(text, { minLength: 1, maxLength: 17 }),
    alerts: fc.nat(mostAlerts),
    evidence: fc.nat(3),
    state: fc.constantFrom('firing' as const, 'acknowledged' as const, 'resolved' as const),
    kind: fc.constantFrom('transition' as const, 'digest' as const, 'renewal' as const, 'test' as const),
  });

describe('text of others', () => {
  test('changes nothing of what a channel makes but text', () => {
    fc.assert(
      fc.property(textsOf(short, 2), (texts) => {
        expect(shapeOf(messageFrom(texts))).toEqual(shapeOf(messageFrom(harmless(texts))));
      }),
      { numRuns: 60 },
    );
  });

  test('of any length fits, and is of the form', () => {
    fc.assert(
      fc.property(textsOf(long, 55), (texts) => {
        shapeOf(messageFrom(texts));
      }),
      { numRuns: 6 },
    );
  });

  test('changes nothing of a mail but text', async () => {
    await fc.assert(
      fc.asyncProperty(textsOf(short, 2), async (texts) => {
        const [one, other] = [await compose(messageFrom(texts), letter), await compose(messageFrom(harmless(texts)), letter)];
        expect(ofMail(one.toString())).toEqual(ofMail(other.toString()));
      }),
      { numRuns: 25 },
    );
  });

  test.each(attacks)('%j, in every place', async (text) => {
    const texts: Texts = { all: [text], alerts: 2, evidence: 1, state: 'acknowledged', kind: 'transition' };
    expect(shapeOf(messageFrom({ ...texts, all: [text.slice(0, 30)] }))).toEqual(shapeOf(messageFrom(harmless(texts))));
    const mail = await compose(messageFrom(texts), letter);
    expect(ofMail(mail.toString())).toEqual(ofMail((await compose(messageFrom(harmless(texts)), letter)).toString()));
  });
});

describe('a text', () => {
  test('is written out where it would act', () => {
    expect(visibleLine('a\r\nb\t\u001b[1m\u0085\u202ex\u2066\ud800\u200b')).toBe(
      'a\\x0d\\nb\\t\\x1b[1m\\x85\\u{202e}x\\u{2066}\\u{d800}\\u{200b}',
    );
    expect(visible('a\nb\tc')).toBe('a\nb\tc');
    expect(visibleLine('Grüße, 日本語 😀 e\u0301')).toBe('Grüße, 日本語 😀 e\u0301');
  });

  test('is cut between characters', () => {
    expect(fitted('abc', { points: 3 })).toBe('abc');
    expect(fitted('abcd', { points: 3 })).toBe('ab…');
    expect(fitted('😀😀😀', { points: 2 })).toBe('😀…');
    expect(fitted('😀😀😀', { units: 5 })).toBe('😀😀…');
    expect(fitted('ae\u0301x', { points: 3 })).toBe('a…');
    expect(fitted('üüü', { bytes: 5 })).toBe('ü…');
    expect(fitted('a&b', { points: 5 }, (character) => (character === '&' ? '&amp;' : character))).toBe('a…');
    expect(fitted('abc', { bytes: 2 })).toBe('');
    const marks = '\u0301'.repeat(100);
    expect(sizeOf(fitted(marks, { points: 10 })).points).toBe(10);
  });

  test('that is cut fits, and begins as it did', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.nat(70),
        fc.constantFrom('points', 'bytes', 'units'),
        (text, room, unit) => {
          const cut = fitted(text, { [unit]: room });
          const size = sizeOf(text);
          if (size[unit as 'points'] <= room) expect(cut).toBe(text);
          expect(sizeOf(cut)[unit as 'points']).toBeLessThanOrEqual(room);
          expect(text.startsWith(cut.replace(/…$/, '')) || cut === text).toBe(true);
        },
      ),
    );
  });
});

test('each channel says what it is, and what each of its settings does', () => {
  expect(new Set(channels.map(({ type }) => type)).size).toBe(channels.length);
  for (const { summary, settings } of channels) {
    expect(summary).not.toMatch(/^[A-Z]|\.$/);
    for (const setting of Object.values(settings.shape))
      expect((setting as { description?: string }).description).toMatch(/[.…]$/);
  }
});
