import { formatProtocol, parsePrefix, parseProtocol } from '../../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { momentOf } from '../moment.ts';

export interface Asked {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Of which time somebody asks, in epoch milliseconds; `usually` where he does not say since when. */
export function windowOf(asked: Asked, now: number, usually: string | undefined): Result<{ since?: number; until?: number }> {
  const since = moment('since', asked.since ?? usually, now);
  const until = moment('until', asked.until, now);
  if (!since.ok) return since;
  if (!until.ok) return until;
  return ok({
    ...(since.value !== undefined && { since: since.value }),
    ...(until.value !== undefined && { until: until.value }),
  });
}

function moment(flag: string, text: string | undefined, now: number): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const at = momentOf(text, now);
  return at === null ? failed(wrong(`--${flag} ${text} is no time`, 'write 2h, 7d, or a time such as 2026-11-22T08:00')) : ok(at);
}

/** An address or a network, as somebody wrote it. */
export function networkText(flag: string, text: string | undefined): Result<string | undefined> {
  if (text === undefined || parsePrefix(text) !== undefined) return ok(text);
  return failed(wrong(`--${flag} ${text} is no address and no network`, 'write 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32'));
}

export function protoNumber(text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const proto = parseProtocol(text);
  if (proto !== undefined) return ok(proto);
  return failed(wrong(`--proto ${text} is no protocol`, `write ${[6, 17, 1].map(formatProtocol).join(', ')} or a number`));
}

function wrong(message: string, hint: string): Problem {
  return { code: 'usage', message, hint };
}
