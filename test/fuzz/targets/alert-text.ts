import { attacks, harmless, messageFrom, type Texts } from '../../../src/alert/channels/hostile.fixture.ts';
import { shapeOf } from '../../../src/alert/channels/readers.fixture.ts';
import { visibleLine } from '../../../src/alert/text/index.ts';
import { promise } from '../promises.ts';
import type { Random } from '../random.ts';
import { filled, type Target } from '../target.ts';

const states = ['firing', 'acknowledged', 'resolved'] as const;
const kinds = ['transition', 'digest', 'renewal', 'test'] as const;

/** What others may write into an alert, in every channel: strict readers of each form find the same in it as in harmless text. */
export const alertText: Target<string> = {
  name: 'text of alerts',
  make: (random) =>
    JSON.stringify({
      all: Array.from({ length: 1 + random.nat(17) }, () => hostile(random).slice(0, 14)),
      alerts: random.nat(4),
      evidence: random.nat(4),
      state: random.pick(states),
      kind: random.pick(kinds),
    } satisfies Texts),
  makeLarge: (random) =>
    JSON.stringify({
      all: [filled(hostile(random)), hostile(random)],
      alerts: 1 + random.nat(2),
      evidence: random.nat(4),
      state: random.pick(states),
      kind: random.pick(kinds),
    } satisfies Texts),
  check(input) {
    const texts = JSON.parse(input) as Texts;
    const shape = shapeOf(messageFrom(texts));
    // Accepted: nothing in it had to be written out.
    const isPlain = texts.all.every((text) => visibleLine(text) === text);
    // What is long is cut, and harmless text of its length elsewhere.
    if (texts.all.some((text) => text.length > 14)) return isPlain;
    const [ours, theirs] = [JSON.stringify(shape), JSON.stringify(shapeOf(messageFrom(harmless(texts))))];
    promise(ours === theirs, 'text of others changes what a channel makes');
    return isPlain;
  },
};

/** Pieces of attacks, and of all of Unicode with its halves. */
function hostile(random: Random): string {
  return Array.from({ length: 1 + random.nat(3) }, () => {
    if (random.once(3)) return String.fromCharCode(random.nat(0x10000));
    if (random.once(3)) return random.pick([...'<>&"\'`|\\=[]{}$*_~@\r\n\t\0 ']);
    const attack = random.pick(attacks);
    const from = random.nat(attack.length);
    return attack.slice(from, from + 1 + random.nat(12));
  }).join('');
}
