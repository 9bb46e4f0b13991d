import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';

/** Who watches: this process' own namespace, where the test starts the servers. */
export const monitoring = '10.9.0.1';
/** The host with a firewall, as monitoring reaches it. */
export const watched = '10.9.0.2';
/** The same, as the Internet reaches it. */
export const outside = '203.0.113.1';
export const attacker = '203.0.113.9';

/** A host with a firewall between those who watch it and somebody who attacks it, all of it joined by wires of its own. */
export interface Network extends AsyncDisposable {
  readonly host: Namespace;
  readonly attacker: Namespace;
  /** Runs a program on the host, and throws where it fails. */
  onHost(argv: readonly [string, ...string[]], input?: string): Promise<string>;
}

export async function makeNetwork(): Promise<Network> {
  const kernel = createKernel();
  await using parts = new AsyncDisposableStack();
  const host = parts.use(await kernel.namespace());
  const network = parts.use(
    await kernel.namespace({
      beside: host,
      links: [
        {
          name: 'eth0',
          addresses: [`${attacker}/24`, '2001:db8:9::9/64'],
          peer: { namespace: host, name: 'eth0', addresses: [`${outside}/24`, '2001:db8:9::1/64'] },
        },
      ],
    }),
  );
  // The wire to this namespace goes away with the host's.
  const wire = `link add mon0 type veth peer name story0 netns ${process.pid}\naddress add ${watched}/24 dev mon0\naddress add fd09::2/64 dev mon0 nodad\nlink set mon0 up\n`;
  const here = `address add ${monitoring}/24 dev story0\naddress add fd09::1/64 dev story0 nodad\nlink set story0 up\n`;
  const run = async (namespace: Pick<Namespace, 'run'>, argv: readonly [string, ...string[]], input = ''): Promise<string> => {
    const ran = await namespace.run({ argv, input, timeoutMs: 60_000 });
    if (ran.kind !== 'exited' || ran.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(ran)}`);
    return ran.stdout;
  };
  await run(host, ['ip', '-batch', '-'], wire);
  await run(kernel, ['ip', '-batch', '-'], here);
  const held = parts.move();
  return {
    host,
    attacker: network,
    onHost: (argv, input) => run(host, argv, input),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What listens on the loopback of this namespace, handed on to the host. */
export interface Passage extends AsyncDisposable {
  /** As the host reaches it: ADDRESS:PORT. */
  readonly at: string;
  readonly port: number;
}

export async function passTo(port: number): Promise<Passage> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => open.delete(socket));
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, monitoring, resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    at: `${monitoring}:${own}`,
    port: own,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
