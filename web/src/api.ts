import type { RulesetJson, StatusJson, TraceJson } from '../../src/verbs/shapes.ts';

/** What came of a request. `refused`: the token is not accepted; `unreachable`: nobody answered. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused' | 'unreachable' }
  | { readonly kind: 'said'; readonly message: string; readonly hint: string };

export function getStatus(token: string, signal: AbortSignal): Promise<Answer<StatusJson>> {
  return ask('status', token, { signal });
}

export function getRules(token: string, signal: AbortSignal): Promise<Answer<RulesetJson>> {
  return ask('show', token, { signal });
}

export function postTrace(token: string, packet: object): Promise<Answer<TraceJson>> {
  return ask('trace', token, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(packet) });
}

async function ask<T>(path: string, token: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
    if (response.status === 401 || response.status === 429) return { kind: 'refused' };
    const body: unknown = await response.json();
    if (response.ok) return { kind: 'ok', value: body as T };
    const { message, hint } = body as { message: string; hint: string };
    return { kind: 'said', message, hint };
  } catch {
    // fetch and json() throw alike when the server goes away, before or in mid-answer.
    return { kind: 'unreachable' };
  }
}
