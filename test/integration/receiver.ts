import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A post that has come. */
export interface Posted {
  /** Its Idempotency-Key. */
  readonly key: string;
  /** The signature is of the secret, over this very body. */
  readonly isSigned: boolean;
  readonly body: {
    readonly state: string;
    readonly kind: string;
    readonly title: string;
    readonly alerts: readonly { readonly key: string; readonly title: string; readonly state: string }[];
  };
}

/** Takes what a webhook posts, and answers that all is well. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly posts: readonly Posted[];
}

export async function startReceiver(address: string, secret: string): Promise<Receiver> {
  const posts: Posted[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const [, seconds = '', given = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['x-signature'])) ?? [];
    const isSigned = given === createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex');
    posts.push({ key: String(request.headers['idempotency-key']), isSigned, body: JSON.parse(text) as Posted['body'] });
    response.statusCode = 204;
    response.end();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve));
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/alerts`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
