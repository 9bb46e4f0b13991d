import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Channel } from '../channel.ts';
import { authorizationOf, bodyFor, deliver, httpSettings, secretText, senderOf } from '../wire/index.ts';
import { documentOf } from '../words/index.ts';

const settings = z.strictObject({
  url: secretText.describe('Where messages are posted to, https://…'),
  secret: secretText.optional().describe('Signs each message: the receiver can tell that it comes from here, and when.'),
  authorization: secretText.optional().describe('The Authorization header, such as "Bearer TOKEN".'),
  ...httpSettings,
});

/**
 * Posts each message as JSON (docs/schemas/alert-message.json). `X-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA-256 of `SECONDS.BODY`; a receiver
 * compares it in constant time and refuses what is older than some minutes. `Idempotency-Key` is the same at every attempt.
 */
export const webhook: Channel<typeof settings> = {
  type: 'webhook',
  summary: 'each message as signed JSON to a URL',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) => {
      const body = bodyFor(documentOf(message));
      const seconds = Math.floor(context.clock.now() / 1000);
      const headers = {
        'idempotency-key': keyOf(message.id),
        ...(await authorizationOf(said.authorization, context)),
        ...(said.secret !== undefined && { 'x-signature': signature(await context.secret(said.secret), seconds, body) }),
      };
      return deliver({ url: await context.secret(said.url), headers, body }, said, context, signal);
    }),
};

export function signature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Ids are letters and digits; another could not stand in a header. */
function keyOf(id: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
}
