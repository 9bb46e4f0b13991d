/**
 * `npm run soak -- watch [--only CASE] [--seconds 20] [--rate 20000] [--seed 1]`: sources against ground truth. A
 * writer writes numbered lines, logrotate and journald do what they do, and the reader is killed and begun again at random moments; in
 * the end every line must be in the store exactly once. Of the kernel's log and of NFLOG, every gap must have been said with its size: what was read and
 * what was said to be lost come to what the rules have counted. And a table of connections is filled to its end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';
import { soakConnections } from './watching/connections.ts';
import { type Packing, soakFiles } from './watching/files.ts';
import { soakJournal } from './watching/journal.ts';
import { soakKmsg } from './watching/kmsg.ts';
import { soakNflog } from './watching/nflog.ts';
import { chance } from './watching/readers.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
await setup();
const holding = createHolding();
const top = mkdtempSync(join(tmpdir(), 'palisade-soak-watch-'));
const given = { folder: top, seconds: Number(values.seconds), rate: Number(values.rate), holding };
const files = (way: 'rename' | 'copytruncate', packing: Packing): Promise<void> =>
  soakFiles({ ...given, way, packing, random: chance(`${values.seed} ${way} ${packing}`) });
const cases = {
  rename: () => files('rename', 'never'),
  'rename-later': () => files('rename', 'later'),
  'rename-at-once': () => files('rename', 'at-once'),
  copytruncate: () => files('copytruncate', 'never'),
  'copytruncate-at-once': () => files('copytruncate', 'at-once'),
  journal: () => soakJournal({ ...given, random: chance(`${values.seed} journal`) }),
  kmsg: () => soakKmsg({ ...given, random: chance(`${values.seed} kmsg`) }),
  nflog: () => soakNflog({ ...given, random: chance(`${values.seed} nflog`) }),
  connections: () => soakConnections({ ...given, random: chance(`${values.seed} connections`) }),
} as const;
try {
  for (const [name, run] of Object.entries(cases)) {
    if (values.only !== undefined && values.only !== name) continue;
    holding.say(name);
    await run();
  }
} finally {
  rmSync(top, { recursive: true, force: true });
}
holding.end();
