import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../../src/kernel/index.ts';
import type { Backend } from '../changing.fixture.ts';
import { counter, ends, type Joined, joined } from './joined.ts';
import type { Trials } from './trial.ts';

const list = (from: number): string =>
  Array.from({ length: 1000 }, (_, index) => `"198.${18 + (index >> 8)}.${index & 255}.${from}/32"`).join(', ');
/** Both let new and old connections through that the streams belong to, and neither lets the third. */
const policies = [
  `palisade: 1
sets: { partners: [${list(0)}] }
incoming:
  - { allow: http }
  - { allow: https, from: partners }
protect: { bad-flags: true, early-drop: true }
`,
  `palisade: 1
sets: { partners: [${list(1)}] }
incoming:
  - { allow: ssh, at-most: { new: 3, within: 60s } }
  - { allow: [https, 5432/tcp], from: partners }
  - { allow: http }
protect: { new-not-syn: true }
`,
] as const;

/** A program in a namespace that says lines, and ends with its input. */
function program(ns: Namespace, argv: readonly string[]) {
  const [tool, ...args] = [...ns.enter, process.execPath, '--no-warnings', ...argv];
  const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => String((await lines.next()).value),
    end: () => void child.stdin.end(),
  };
}

/** Takes what comes to two ports; the first speaks to the other end, so that what comes back is of a known connection. */
const receiving = `
  import { createSocket } from 'node:dgram';
  const [met, buffer] = [{ established: 0, forbidden: 0 }, 8 * 1024 * 1024];
  const take = (name, port) => new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: buffer });
    socket.on('message', () => { met[name] += 1; }).on('error', () => undefined);
    socket.bind(port, '0.0.0.0', () => resolve(socket));
  });
  const socket = await take('established', 5001);
  await take('forbidden', 6666);
  socket.send('hello', 5000, '${ends.there[4]}', () => console.log('ready'));
  setInterval(() => socket.send('hello', 5000, '${ends.there[4]}'), 500);
  process.stdin.resume().on('end', () => { console.log(JSON.stringify(met)); process.exit(); });`;

export interface Counts {
  readonly sent: number;
  /** Of known connections, and of new ones: what did not come through, or was not answered. */
  readonly lost: readonly [established: number, fresh: number];
  readonly admitted: number;
}

/** What becomes of the streams while something is done. */
export async function during({ place, client }: Joined, perSecond: number, act: () => Promise<void>): Promise<Counts> {
  const receiver = program(place.ns, ['--input-type=module', '-e', receiving]);
  await receiver.line();
  const [answered, full] = [await counter(client, 'Tcp.InSegs'), await counter(place.ns, 'Udp.RcvbufErrors')];
  const sender = program(client, [join(import.meta.dirname, 'streams.ts'), String(perSecond)]);
  await sender.line();
  await act();
  sender.end();
  const sent = JSON.parse(await sender.line()) as { established: number; fresh: number; forbidden: number };
  await sleep(300);
  receiver.end();
  const met = JSON.parse(await receiver.line()) as { established: number; forbidden: number };
  // What came through the firewall, and found the receiver too slow, is none that was lost on the way.
  const late = (await counter(place.ns, 'Udp.RcvbufErrors')) - full;
  const resets = (await counter(client, 'Tcp.InSegs')) - answered;
  return { sent: sent.fresh, lost: [sent.established - met.established - late, sent.fresh - resets], admitted: met.forbidden };
}

/** `briefly`: without what shows that the streams themselves lose nothing, and that nothing keeps the third out but a policy. */
async function gap(backend: Backend, changes: number, briefly = false): Promise<readonly string[]> {
  await using here = await joined(backend);
  const wrong: string[] = [];
  const apply = async (turn: number): Promise<void> => {
    const said = await here.place.run('apply', { policy: policies[turn % 2] ?? '' });
    if (said.exit !== 0 || said.text.includes('nothing')) wrong.push(`change ${turn} ended with ${said.exit}: ${said.text}`);
  };
  if (!briefly) {
    // Without any policy the third stream comes through: what is counted can be more than none.
    const open = await during(here, 2000, () => sleep(500));
    if (open.admitted === 0) wrong.push('without any policy nothing comes through either: this shows nothing');
  }
  await apply(0);
  const told = (what: string, { sent, lost, admitted }: Counts): void => {
    if (!briefly)
      process.stdout.write(
        `  ${what}: ${sent} sent of each, lost ${lost[0]} established and ${lost[1]} new, ${admitted} forbidden admitted\n`,
      );
    if (sent < 100) wrong.push(`${what}, only ${sent} packets of each were sent`);
    if (lost[0] !== 0) wrong.push(`${what}, ${lost[0]} of ${sent} packets of a known connection were lost`);
    if (lost[1] !== 0) wrong.push(`${what}, ${lost[1]} of ${sent} new connections got no answer`);
    if (admitted !== 0) wrong.push(`${what}, ${admitted} of ${sent} forbidden packets were let through`);
  };
  if (!briefly) told('without any change', await during(here, 2000, () => sleep(3000)));
  const counts = await during(here, 2000, async () => {
    for (let turn = 1; turn <= changes; turn += 1) await apply(turn);
  });
  told(`over ${changes} ${changes === 1 ? 'change' : 'changes'}`, counts);
  return wrong;
}

/** Nothing is lost that both policies allow, and nothing let through that both forbid, while one becomes the other. */
export const gaps: Trials = (backend) => [
  { does: '50 changes in a row under 2,000 packets a second of each of three streams', judge: () => gap(backend, 50) },
  { does: 'one change under the same', quick: backend === 'nft', judge: () => gap(backend, 1, true) },
];
