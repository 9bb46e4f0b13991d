/**
 * `npm run soak -- up`: `palisade up` in a namespace, packets on the wire, and `kill -9` of the process that watches, again and again. What is
 * remembered is compared with what was sent: each packet once, but for those that nobody could read, which are said to be lost, to the last one.
 *
 * Usage: npm run soak -- up [ROUNDS]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openReading } from '../../src/store/index.ts';
import type { UpPart } from '../../src/verbs/index.ts';
import { count, run } from '../watching/program.fixture.ts';
import { watchedHost } from '../watching/watched.fixture.ts';

const rounds = Number(process.argv[2] ?? 5);
await using host = await watchedHost();
await using up = run<UpPart>(host, 'up', '--no-web', '--no-drift');
const { heard, until } = up;
const watches = (): number => heard.filter(({ kind }) => kind === 'watching').length;
const incidents = () => heard.filter((part) => part.kind === 'incident');
let failures = 0;
const check = (what: string, isSo: boolean, more = ''): void => {
  if (!isSo) failures += 1;
  process.stdout.write(`${isSo ? 'ok  ' : 'FAIL'} ${what} ${more}\n`);
};

await until('it watches', () => watches() === 1);
let sent = 0;
for (let round = 1; round <= rounds; round += 1) {
  const source = `203.0.113.${round}`;
  const began = performance.now();
  host.send([source], count(1, 60));
  sent += 60;
  await until('a scan is seen', () => incidents().some(({ sources }) => sources.includes(source)));
  check(`round ${round}: an incident`, true, `${(performance.now() - began).toFixed(0)} ms after the first packet`);
  // What is not written yet goes with the process, and so would the incident.
  await sleep(600);
  process.kill(await up.watcher(), 'SIGKILL');
  await until('it watches again', () => watches() === round + 1);
}
// Now in the middle, with packets that are read and not written, and others while nobody reads.
for (let round = 1; round <= rounds; round += 1) {
  const watcher = await up.watcher();
  host.send([`198.51.100.${round}`], count(1, 2000));
  process.kill(watcher, 'SIGKILL');
  host.send([`198.51.100.${round}`], count(2001, 500));
  sent += 2500;
  await until('it watches again', () => watches() === rounds + round + 1);
}
host.send(['198.51.100.99'], count(1, 60));
sent += 60;
await until('a last scan is seen', () => incidents().some(({ sources }) => sources.includes('198.51.100.99')));
check('it ends with exit 0', (await up.end()) === 0);
const opened = openReading(`${host.folder}/state`);
if (!opened.ok) throw new Error(opened.problems[0]?.message);
using reading = opened.value;
const events = [...reading.events({ most: 1_000_000 })];
const pairs = new Set(events.map(({ packet }) => `${packet.src.value} ${packet.dport}`));
const lost = reading.losses(0).reduce((sum, loss) => sum + loss.count, 0);
check('none is remembered twice', pairs.size === events.length, `${pairs.size} of ${events.length}`);
check(
  'each packet is remembered or said to be lost',
  events.length + lost === sent,
  `${events.length} + ${lost} of ${sent}\n${heard.flatMap((part) => (part.kind === 'notice' ? [part.text] : [])).join('\n')}`,
);
// 203.0.113.0/24 scanned while nobody was killed, and 198.51.100.99 in the end.
const scans = [
  ...reading.incidents({ detector: 'vertical-scan', source: '203.0.113.0/24' }),
  ...reading.incidents({ detector: 'vertical-scan', source: '198.51.100.99' }),
];
check('each scan is one incident', scans.length === rounds + 1, `${scans.length} of ${rounds + 1}`);
check(
  'deaths were said',
  heard.filter((part) => part.kind === 'notice' && part.text.includes('started again')).length === 2 * rounds,
);
process.exitCode = failures === 0 ? 0 : 1;
