import type { Fields } from './fields.ts';

/** IPsec: packets that its policies catch are encrypted, decrypted or dropped beside what the rules say. */
export interface Xfrm {
  readonly states: number;
  /** Of the whole host, by direction; `socket` those that programs set for sockets of their own. */
  readonly policies: { readonly in: number; readonly out: number; readonly forward: number; readonly socket: number };
}

export const noXfrm: Xfrm = { states: 0, policies: { in: 0, out: 0, forward: 0, socket: 0 } };

/** `ip xfrm state count`, then `ip -s xfrm policy count` (iproute2, ip/xfrm_state.c and xfrm_policy.c). */
export function parseXfrm(text: string): Xfrm | undefined {
  const states = /\bSAD count (\d+)/.exec(text)?.[1];
  const policies = /\bSPD IN +(\d+) OUT (\d+) FWD (\d+)(?: \(Sock: IN (\d+) OUT (\d+) FWD (\d+)\))?/.exec(text);
  if (states === undefined || policies === null) return undefined;
  const [into, out, forward, ...sockets] = policies.slice(1).map((count) => Number(count ?? 0));
  if (into === undefined || out === undefined || forward === undefined) return undefined;
  const socket = sockets.reduce((sum, count) => sum + count, 0);
  return { states: Number(states), policies: { in: into, out, forward, socket } };
}

/** From a facts file; what it leaves out is 0. */
export function readXfrm(fields: Fields): Xfrm {
  const count = (key: string): number => fields.optionalNumber(key, 0, 1e9) ?? 0;
  const policies = { in: count('in'), out: count('out'), forward: count('forward'), socket: count('socket') };
  return { states: count('states'), policies };
}
