import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Channel } from '../channel.ts';
import { bodyFor, headerValue, httpSettings, judged, post, secretText, senderOf, urlOf } from '../wire/index.ts';
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
      const url = urlOf(await context.secret(said.url));
      if (!url.ok) return { kind: 'again', why: url.why };
      const body = bodyFor(documentOf(message));
      const headers: Record<string, string> = { 'idempotency-key': keyOf(message.id) };
      if (said.authorization !== undefined) {
        const value = await headerValue(said.authorization, 'authorization', context);
        if (!value.ok) return { kind: 'again', why: value.why };
        headers['authorization'] = value.value;
      }
      if (said.secret !== undefined)
        headers['x-signature'] = signature(await context.secret(said.secret), Math.floor(context.clock.now() / 1000), body);
      const answer = await post(
        {
          url: url.value,
          headers,
          body,
          timeoutMs: said['timeout-seconds'] * 1000,
          allowPrivate: said['allow-private'],
          ca: said.ca,
        },
        signal,
      );
      return judged(answer, url.value.host, context.clock.now());
    }),
};

export function signature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Ids are letters and digits; another could not stand in a header. */
function keyOf(id: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
}
