import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespace.ts';

/** A real TCP connection between two namespaces, over which single bytes go there and come back. */
export interface Connection extends AsyncDisposable {
  /** The client's own port. */
  readonly port: number;
  /**
   * Sends a byte and waits for its echo. `alive`: it came. `stalled`: it did not within `patienceMs`. `ended`: the connection
   * was reset.
   */
  ask(patienceMs: number): Promise<'alive' | 'stalled' | 'ended'>;
}

const serving = (port: number): string => `
  import { createServer } from 'node:net';
  createServer({ noDelay: true }, (socket) => socket.on('error', () => undefined).pipe(socket))
    .listen({ port: ${port}, host: '::' }, () => console.log('listening'));
  process.stdin.resume().on('end', () => process.exit());`;

const asking = (address: string, port: number): string => `
  import { connect } from 'node:net';
  import { createInterface } from 'node:readline';
  let [sent, heard, ended] = [0, 0, false];
  let settle = () => undefined;
  const socket = connect({ host: '${address}', port: ${port}, noDelay: true }, () => console.log(socket.localPort));
  socket.on('data', (bytes) => { heard += bytes.length; settle(); });
  socket.on('error', (error) => { if (sent === 0) console.log(error.code); ended = true; settle(); });
  for await (const line of createInterface({ input: process.stdin })) {
    sent += 1;
    if (!ended) socket.write('.');
    const answer = () => (ended ? 'ended' : heard === sent ? 'alive' : null);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Number(line));
      settle = () => { if (answer() !== null) { clearTimeout(timer); resolve(); } };
      settle();
    });
    console.log(answer() ?? 'stalled');
  }
  process.exit();`;

function program(namespace: Namespace, text: string): ChildProcess {
  const [tool, ...args] = [...namespace.enter, process.execPath, '--no-warnings', '--input-type=module', '-e', text] as [
    string,
    ...string[],
  ];
  return spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Echoes on a port until it is disposed of. */
export async function serve(namespace: Namespace, port: number): Promise<AsyncDisposable> {
  const child = program(namespace, serving(port));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { [Symbol.asyncDispose]: () => end(child) };
}

/** Connects; `null` where that is refused or nobody answers within `patienceMs`. */
export async function open(namespace: Namespace, address: string, port: number, patienceMs = 20_000): Promise<Connection | null> {
  const child = program(namespace, asking(address, port));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const said = await lines.next();
  clearTimeout(timer);
  const own = Number(said.value);
  if (said.done === true || !Number.isInteger(own)) {
    await end(child);
    return null;
  }
  return {
    port: own,
    async ask(forMs) {
      child.stdin?.write(`${forMs}\n`);
      const answer = (await lines.next()).value;
      if (answer !== 'alive' && answer !== 'stalled' && answer !== 'ended') throw new Error(`the client said ${answer}`);
      return answer;
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
