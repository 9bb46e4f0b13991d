import type { Family } from '../../../src/model/net/index.ts';
import { rulesetHolds } from '../promises.ts';
import type { Random } from '../random.ts';
import { assembled, oddities, operations, pools, shapes, texts } from '../ruleset-texts.ts';
import { filled, type Target } from '../target.ts';

const keys = [...pools.keys()].sort();
const small = texts.filter((text) => text.length < 6000);
const marks = [...'AINPUT-jmp :*[]0"\\ \n!'];
const frames: readonly ((filling: string) => string)[] = [
  (filling) => filling,
  (filling) => `*filter\n:INPUT ACCEPT [0:0]\n${filling}\nCOMMIT\n`,
  (filling) => `*filter\n-A INPUT ${filling} -j ACCEPT\nCOMMIT\n`,
  (filling) => `*filter\n-A INPUT -m comment --comment "${filling}" -j ACCEPT\nCOMMIT\n`,
];
/** Put in front of the text: how it is to be read. */
const said = [' ', '4', '6'] as const;

/** The save text of iptables. The first character of an input says the family, or nothing when it is a blank. */
export const ruleset: Target<string> = {
  name: 'ruleset',
  make(random) {
    const kind = random.nat(20);
    if (kind < 14) {
      const key = random.pick(keys);
      return `${random.once(8) ? random.pick(said) : key[0]}${edited(ofRealRules(key, random), random, 3)}`;
    }
    return `${random.pick(said)}${kind < 18 ? noise(random) : edited(random.pick(small), random, 5)}`;
  },
  makeLarge(random) {
    const shape = random.once(2) ? random.pick(Object.values(shapes))() : random.pick(frames)(filled(piece(random)));
    return `${random.pick(said)}${shape}`;
  },
  check(input) {
    return rulesetHolds(input.slice(1), input.startsWith(' ') ? undefined : (Number(input[0]) as Family));
  },
};

function ofRealRules(key: string, random: Random): string {
  return assembled(
    key,
    Array.from({ length: random.nat(7) }, () => random.nat(1 << 30)),
  );
}

function edited(text: string, random: Random, most: number): string {
  let changed = text;
  for (let edit = random.nat(most + 1); edit > 0; edit -= 1)
    changed = random.pick(operations)(changed, random.nat(1 << 30), random.nat(1 << 30));
  return changed;
}

function noise(random: Random): string {
  return random.pick(frames)(
    Array.from({ length: random.nat(40) }, () => random.pick(random.once(2) ? oddities : marks)).join(''),
  );
}

function piece(random: Random): string {
  if (random.once(3)) return `${random.pick(pools.get(random.pick(keys)) ?? [''])}\n`;
  return Array.from({ length: 1 + random.nat(4) }, () => random.pick(random.once(2) ? oddities : marks)).join('');
}
