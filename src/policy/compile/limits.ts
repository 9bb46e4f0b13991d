import type { Family } from '../../model/net/index.ts';
import type { Limit, UpTo } from '../policy.ts';

/** Units of iptables' rates, most exact last (xt_hashlimit, xt_limit): name, seconds. */
const units = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
] as const;

/** The most sources that a limit keeps count of; behind them it would drop what it has not seen (xt_hashlimit.c, dsthash_alloc_init). */
const mostSources = 65_536;

/**
 * The match of what stays within a limit.
 *
 * A source of IPv6 is its /64, which is what a customer has. What a source has spent is forgotten when a whole burst is there again,
 * and not sooner, as after xt_hashlimit's ten seconds. The name says everything: under an old name the kernel goes on with
 * the old limit. It takes 14 bytes at most (libxt_hashlimit.c).
 *
 * @param what tells this limit from others of the same policy
 */
export function limitMatch(limit: Limit, family: Family, what: string, digest: (text: string) => string): string {
  const rate = limit.of === 'new' ? rateText(limit.amount, limit.withinSeconds) : packetRate(limit);
  const burst = limit.of === 'bytes' ? '' : ` --hashlimit-burst ${limit.amount}`;
  if (limit.per === 'all' && limit.of !== 'bytes') return `-m limit --limit ${rate} --limit-burst ${limit.amount}`;
  const mode = limit.per === 'source' ? ` --hashlimit-mode srcip${family === 6 ? ' --hashlimit-srcmask 64' : ''}` : '';
  const expire = Math.max(1, limit.withinSeconds) * 1000;
  const rest = `--hashlimit-upto ${rate}${burst}${mode}`;
  const tail = `--hashlimit-htable-max ${mostSources} --hashlimit-htable-expire ${expire}`;
  const name = `PAL${family}-${digest(`${what} ${rest} ${tail}`).slice(0, 9)}`;
  return `-m hashlimit ${rest} --hashlimit-name ${name} ${tail}`;
}

/** As iptables-save prints it. */
export function upToMatch({ rate, burst }: UpTo): string {
  const short = rate.replace('second', 'sec').replace('minute', 'min');
  return `-m limit --limit ${short}${burst === 5 ? '' : ` --limit-burst ${burst}`}`;
}

/** Exactly, where some unit says it; else the next lower rate a day. */
export function rateText(amount: number, withinSeconds: number): string {
  for (const [unit, seconds] of units) {
    const each = (amount * seconds) / withinSeconds;
    if (Number.isInteger(each) && each >= 1) return `${each}/${unit}`;
  }
  return `${Math.max(1, Math.floor((amount * 86_400) / withinSeconds))}/day`;
}

function packetRate({ of, amount, withinSeconds }: Limit): string {
  return of === 'bytes' ? `${amount}b/s` : rateText(amount, withinSeconds);
}
