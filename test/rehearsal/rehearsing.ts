/**
 * A program for killed.test.ts: rehearses rulesets with packets, again and again, until it is killed. It says `begun` and,
 * after each, `done`.
 */

import { createKernel, rehearse } from '../../src/kernel/index.ts';
import { rehearsalOf, rehearsedPacket } from './example.ts';

/** Its lines. */
export type Said = 'begun' | 'done';

const say = (said: Said): boolean => process.stdout.write(`${said}\n`);
const kernel = createKernel();
say('begun');
for (let turn = 0; ; turn += 1) {
  const rehearsed = await rehearse(kernel, rehearsalOf(turn % 2 === 0 ? 'nft' : 'legacy'));
  if (!rehearsed.ok) throw new Error(JSON.stringify(rehearsed.problems));
  await using rehearsal = rehearsed.value;
  for (const rules of [false, true]) {
    const sent = await rehearsal.send([rehearsedPacket, { ...rehearsedPacket, state: 'ESTABLISHED', flags: 16 }], { rules });
    if (!sent.ok) throw new Error(JSON.stringify(sent.problems));
  }
  say('done');
}
