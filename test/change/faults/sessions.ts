import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../../src/kernel/index.ts';
import { tcpFlags } from '../../../src/model/packet/index.ts';
import type { Backend } from '../changing.fixture.ts';
import { counter, ends, type Joined, joined, packetOf, send } from './joined.ts';
import type { Trials } from './trial.ts';

/** A program at one end of a TCP connection: says what it reads, and sends what it is told to. */
interface End extends AsyncDisposable {
  /** The next line that it reads, or `null` where none comes in time. */
  reads(patienceMs: number): Promise<string | null>;
  says(line: string): void;
}

function end(ns: Namespace, script: string): End {
  const [tool, ...args] = [...ns.enter, process.execPath, '--no-warnings', '--input-type=module', '-e', script];
  const child: ChildProcess = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  let next: Promise<string | null> | null = null;
  return {
    async reads(patienceMs) {
      next ??= lines.next().then(({ value }) => (value as string | undefined) ?? null);
      const line = await Promise.race([next, sleep(patienceMs, undefined)]);
      if (line === undefined) return null;
      next = null;
      return line;
    },
    says: (line) => void child.stdin?.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

const talk = `
  const talk = (socket) => {
    socket.setNoDelay();
    socket.on('data', (bytes) => process.stdout.write(bytes));
    socket.on('error', (error) => console.log(error.code));
    process.stdin.on('data', (bytes) => socket.write(bytes));
  };`;

/** A session of one who manages the host: the server bears the name of the one that people log in to. */
export async function session(
  { place, client }: Joined,
  family: 4 | 6,
  port: number,
): Promise<{ readonly server: End; readonly peer: End }> {
  const server = end(
    place.ns,
    `import { createServer } from 'node:net'; process.title = 'sshd'; ${talk}
     createServer((socket) => { console.log('taken'); talk(socket); }).listen({ port: ${port}, host: '::' }, () => console.log('ready'));`,
  );
  await server.reads(10_000);
  const peer = end(
    client,
    `import { connect } from 'node:net'; ${talk}
     const socket = connect({ port: ${port}, host: '${ends.here[family]}' }, () => { console.log('there'); talk(socket); });`,
  );
  await peer.reads(10_000);
  await server.reads(10_000);
  return { server, peer };
}

const strict = `palisade: 1
otherwise: { outgoing: drop }
incoming:
  - { allow: [22/tcp, 2222/tcp], at-most: { new: 1, within: 10m } }
protect: { bad-flags: true, new-not-syn: true }
`;

/** Sessions stay idle over the first change on a host that tracked nothing, and go on afterwards, whoever speaks first. */
async function idle(backend: Backend, family: 4 | 6): Promise<readonly string[]> {
  await using here = await joined(backend);
  const { place } = here;
  // No rule of others asks for tracking; their bans do not either.
  const first = await session(here, family, 22);
  await using _one = first.server;
  await using _two = first.peer;
  const second = await session(here, family, 2222);
  await using _three = second.server;
  await using _four = second.peer;
  const wrong: string[] = [];
  const said = await place.run('apply', { policy: strict });
  if (said.exit !== 0) return [`apply ended with ${said.exit}: ${said.text}`];
  const heard = async (from: End, to: End, who: string): Promise<void> => {
    from.says(who);
    const line = await to.reads(3000);
    if (line !== who) wrong.push(`after the first change, nothing comes from ${who} of an idle session: ${line}`);
  };
  await heard(first.peer, first.server, 'the client');
  await heard(second.server, second.peer, 'the server');
  await heard(first.server, first.peer, 'the server, second');
  await heard(second.peer, second.server, 'the client, second');
  // The rules say nothing of them: the next plan finds nothing to do.
  const again = await place.run('apply', { policy: strict });
  if (!again.text.includes('the host is as the policy says')) wrong.push(`the same again: ${again.exit} ${again.text}`);
  // And the policy holds for whoever is no session: a packet out of nowhere is not answered by a reset.
  const resets = await counter(place.ns, 'Tcp.OutRsts');
  send(here.client, [
    packetOf(family, ends.there[family], ends.here[family], { proto: 6, flags: tcpFlags.ACK, sport: 999, dport: 22 }),
  ]);
  await sleep(30);
  if ((await counter(place.ns, 'Tcp.OutRsts')) !== resets) wrong.push('a packet of no connection at all passes too');
  return wrong;
}

/** The kernel does not learn of the sessions: the change is refused, and they go on. */
async function untold(backend: Backend): Promise<readonly string[]> {
  await using here = await joined(backend);
  const { server, peer } = await session(here, 4, 22);
  await using _one = server;
  await using _two = peer;
  const before = await here.place.firewall();
  const said = await here.place.run('apply', { policy: strict, untold: true });
  const wrong = said.exit === 4 && /would be cut/.test(said.text) ? [] : [`it ended with ${said.exit}: ${said.text}`];
  if ((await here.place.firewall()) !== before) wrong.push('the firewall is another one');
  peer.says('still here');
  return (await server.reads(3000)) === 'still here' ? wrong : [...wrong, 'the session is cut'];
}

/** A policy in which whoever manages the host now has no place: it is refused, and he goes on. */
async function lockedOut(backend: Backend, policy: string): Promise<readonly string[]> {
  await using here = await joined(backend);
  const { server, peer } = await session(here, 4, 22);
  await using _one = server;
  await using _two = peer;
  const before = await here.place.firewall();
  const said = await here.place.run('apply', { policy });
  const wrong =
    said.exit === 4 && /who manages this host now/.test(said.text) ? [] : [`it ended with ${said.exit}: ${said.text}`];
  if ((await here.place.firewall()) !== before) wrong.push('the firewall is another one');
  peer.says('still here');
  return (await server.reads(3000)) === 'still here' ? wrong : [...wrong, 'the session is cut'];
}

export const sessions: Trials = (backend) => [
  ...([4, 6] as const).map((family) => ({
    does: `idle sessions over IPv${family} meet the first change`,
    quick: family === 6 && backend === 'nft',
    judge: () => idle(backend, family),
  })),
  {
    does: 'a policy leaves no way in for a session that is there',
    judge: () => lockedOut(backend, 'palisade: 1\nincoming:\n  - { allow: http }\n'),
  },
  {
    does: 'a policy would cut a session that is there',
    judge: () =>
      lockedOut(backend, `palisade: 1\nbasics: { established: false }\nincoming:\n  - { deny: ssh, from: "${ends.there[4]}" }\n`),
  },
  { does: 'the kernel does not take sessions to track', judge: () => untold(backend) },
];
