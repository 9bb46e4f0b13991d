import { type AddressInfo, createServer } from 'node:net';
import { packet, reading } from './wire.ts';

export type Body = Readonly<Record<string, unknown>>;

export interface FakeServer extends AsyncDisposable {
  /** What it was asked, in order. */
  readonly asked: readonly Body[];
  /** As host:port. */
  readonly server: string;
}

/** A server of Zabbix's protocol that answers as a test has it: a body, bytes as they are, `null`: it hangs up, `undefined`: nothing. */
export async function startFakeServer(answer: (body: Body) => unknown): Promise<FakeServer> {
  const asked: Body[] = [];
  const server = createServer((socket) => {
    const reader = reading();
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const got = reader.take(bytes);
      if (got === null) return;
      asked.push(got.value as Body);
      const said = answer(got.value as Body);
      if (said === null) socket.destroy();
      else if (said !== undefined) socket.end(Buffer.isBuffer(said) ? said : packet(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    server: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** As a server counts what it took. */
export function counted(processed: number, failed = 0): Body {
  const counts = `processed: ${processed}; failed: ${failed}; total: ${processed + failed}; seconds spent: 0.000040`;
  return { response: 'success', info: counts };
}
