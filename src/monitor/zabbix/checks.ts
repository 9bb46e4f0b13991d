import { isRecord } from './call.ts';

/** An item that a server wants of an active agent. */
export interface Wanted {
  readonly key: string;
  /** How often. */
  readonly everyMs: number;
}

/** What a server says to `active checks`. */
export type Checks =
  | {
      readonly kind: 'wanted';
      readonly checks: readonly Wanted[] /** Since 6.4 it also wants to hear that the agent lives. */;
      readonly heartbeats: boolean;
    }
  | { readonly kind: 'refused'; readonly why: string };

/** As many items are served. A host has one that is ours, and some that every agent has. */
const mostChecks = 1000;
const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads the list that a server answers. What it says of items is not believed further than that they have a key and an interval. */
export function checksIn(answer: Readonly<Record<string, unknown>>): Checks {
  const { response, info, data, config_revision: revision } = answer;
  if (response !== 'success')
    return { kind: 'refused', why: typeof info === 'string' ? info.slice(0, 300) : 'it refuses without saying why' };
  const checks = (Array.isArray(data) ? data.slice(0, mostChecks) : []).flatMap((one: unknown): Wanted[] => {
    if (!isRecord(one) || typeof one['key'] !== 'string' || one['key'].length > 2048) return [];
    const everyMs = intervalOf(one['delay']);
    return everyMs === null ? [] : [{ key: one['key'], everyMs }];
  });
  return { kind: 'wanted', checks, heartbeats: typeof revision === 'number' };
}

/** `60`, `"60"`, `"1m"`, `"30s;wd1-5h9-18"`, in milliseconds; of flexible intervals the first. */
function intervalOf(delay: unknown): number | null {
  const [, number, unit = ''] = /^(\d{1,7})([smhdw]?)(?:;|$)/.exec(String(delay)) ?? [];
  const seconds = Number(number) * (units[unit] ?? 1);
  return seconds >= 1 && seconds <= 86_400 * 7 ? seconds * 1000 : null;
}
