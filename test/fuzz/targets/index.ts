/**
 * The parsers that `npm run fuzz` feeds, each as often as its weight says. All that palisade reads from outside passes
 * through one of them; and what it writes of others' text into alerts.
 */
import { type Random, randomOf } from '../random.ts';
import { type Trial, type Trials, trialsOf } from '../target.ts';
import { alertText } from './alert-text.ts';
import { facts } from './facts.ts';
import { hostText } from './host-text.ts';
import { ipset } from './ipset.ts';
import { kernelLine } from './kernel-line.ts';
import { lexer } from './lexer.ts';
import { list } from './list.ts';
import { logLines } from './log-lines.ts';
import { nflog } from './nflog.ts';
import { packet } from './packet.ts';
import { ruleset } from './ruleset.ts';
import { script } from './script.ts';

/** Of fifteen inputs, so many go to each. */
export const weights: readonly (readonly [Trials, number])[] = [
  [trialsOf(ruleset), 4],
  [trialsOf(lexer), 1],
  [trialsOf(ipset), 1],
  [trialsOf(facts), 1],
  [trialsOf(packet), 1],
  [trialsOf(kernelLine), 1],
  [trialsOf(logLines), 1],
  [trialsOf(nflog), 1],
  [trialsOf(script), 1],
  [trialsOf(hostText), 1],
  [trialsOf(list), 1],
  [trialsOf(alertText), 1],
];
const weighted = weights.flatMap(([trials, weight]) => Array.from({ length: weight }, () => trials));

/** Of so many inputs one is of a megabyte. */
const largeEvery = 5000;

/** The trial of that number in the run of that seed. */
export function trialAt(seed: number, index: number): Trial {
  const random: Random = randomOf(seed, index);
  const isLarge = random.once(largeEvery);
  return random.pick(weighted).trial(random, isLarge);
}
