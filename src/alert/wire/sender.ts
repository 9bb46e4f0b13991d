import type { Delivery, Sender } from '../channel.ts';
import type { Message } from '../message.ts';
import { faultOf } from './fault.ts';

/** A sender that throws nothing, and stops at once when it is closed: what a file, a setting or a socket throws is no reason to lose a message. */
export function senderOf(send: (message: Message, signal: AbortSignal) => Promise<Delivery>): Sender {
  const closed = new AbortController();
  return {
    async send(message, signal) {
      const either = AbortSignal.any([signal, closed.signal]);
      if (either.aborted) return { kind: 'again', why: 'stopped before it began' };
      try {
        return await send(message, either);
      } catch (error) {
        return { kind: 'again', why: faultOf(error) };
      }
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
    },
  };
}
