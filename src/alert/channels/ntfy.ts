import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { fitted } from '../text/index.ts';
import { authorizationOf, bodyFor, deliver, httpSettings, objectOf, secretText, senderOf } from '../wire/index.ts';
import { headline, plainText } from '../words/index.ts';

const settings = z.strictObject({
  url: z.string().min(1).default('https://ntfy.sh').describe('The server.'),
  topic: secretText.describe('The topic; where anybody may read any topic, it is a secret.'),
  authorization: secretText.optional().describe('The Authorization header, such as "Bearer tk_…".'),
  ...httpSettings,
});

/** Publishes each message to a topic of ntfy, as JSON: its headers could hold no text of others. */
export const ntfy: Channel<typeof settings> = {
  type: 'ntfy',
  summary: 'telephones and desktops that follow a topic of ntfy',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) => {
      const topic = (await context.secret(said.topic)).trim();
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(topic)) return { kind: 'again', why: '"topic" is not made of letters, digits, - and _' };
      return deliver(
        {
          url: said.url,
          headers: await authorizationOf(said.authorization, context),
          body: bodyFor({ topic, ...ntfyBody(message) }),
        },
        said,
        context,
        signal,
        ({ body, isWhole }) => (isWhole && objectOf(body)?.['event'] === 'message' ? { kind: 'delivered' } : null),
      );
    }),
};

/** 4096 are taken; beyond, a text becomes a file that is attached. */
const mostBytes = 3900;
const priorities: Readonly<Record<Message['severity'], number>> = { critical: 5, high: 4, medium: 3, low: 2, info: 1 };

export function ntfyBody(message: Message): Readonly<Record<string, unknown>> {
  const isFiring = message.state === 'firing';
  return {
    title: fitted(headline(message, 200), { bytes: 400 }),
    message: fitted(plainText(message), { bytes: mostBytes }),
    priority: isFiring ? priorities[message.severity] : 2,
    tags: [isFiring ? 'rotating_light' : message.state === 'resolved' ? 'white_check_mark' : 'eyes'],
    markdown: false,
  };
}
