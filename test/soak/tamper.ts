/**
 * `npm run soak -- tamper [--rounds N]`: rules of a policy are tampered with at random, on both backends, and palisade puts its own back: each
 * time it must be as it was accepted, what others have as they left it, and nothing may be let in that was kept out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernel } from '../change/changing.fixture.ts';
import { accepted, dice, tamper, wrongAfterRepair } from '../change/drifting.fixture.ts';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const { say, holds, end } = createHolding();
await setup();
const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-tamper-'));
try {
  for (const backend of ['nft', 'legacy'] as const) {
    await using ns = await kernel.namespace();
    const host = await accepted(ns, backend, folder);
    const roll = dice(Number(values.rounds) + backend.length);
    say(`${values.rounds} rounds on ${backend}`);
    const done: string[] = [];
    let wrong: readonly string[] = [];
    for (let round = 0; round < Number(values.rounds) && wrong.length === 0; round += 1) {
      done.push(...(await tamper(host, roll)), '');
      wrong = await wrongAfterRepair(host, round % 2 === 1);
    }
    holds('everything was put back', wrong.length === 0, `${done.slice(-40).join('\n')}\n${wrong.join('\n')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
end();
