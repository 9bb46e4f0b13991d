import { formatAddress, type Prefix } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import { mostSources } from '../../incidents/incident.ts';
import { type Attempts, targetOf } from '../attempts.ts';
import type { Batch, Detector, DetectorContext, Family } from '../detector.ts';
import { duration } from '../duration.ts';
import { Places } from '../places.ts';
import { mix } from '../probe.ts';
import { sorts } from '../sort.ts';

const hours = 2;
const crowd = 40;
/** Who tries more often does so by itself, and others see it. */
const mostTries = 40;
/** Tries within the time from which on a source is one of them, and from which on it is shut out: a failed login is no mistake of a rule's. */
const ofLogins = { part: 2, ban: 3 } as const;
const ofConnections = { part: 4, ban: 4 } as const;
/** Services of addresses that are followed at once, and sources of each. */
const [services, members] = [512, 512] as const;

export const distributedBruteForce: Detector = {
  id: 'distributed-brute-force',
  title: 'Brute force by many',
  remedy:
    'Let only those networks reach the service that need it (from: in the policy), or let people log in by keys alone (PasswordAuthentication no); bans.action: on shuts out who tries most.',
  description: `${crowd} or more sources try one service at which one logs in, each so seldom that nothing is seen of it alone: by ${ofLogins.part} or more failed logins of ssh each within ${hours} hours, and no login, or by ${ofConnections.part} or more new connections to the same service of the same address that rules log. Who tried more than ${mostTries} times, or has logged in within a day, does not belong to them. The incident names all of them; shut out are those with ${ofLogins.ban} failed logins, or ${ofConnections.ban} connections, and more. Fewer may be somebody's mistake.`,
  quietMs: 3_600_000,
  start(context) {
    const { attempt } = context;
    const logins = new Crowds(context, attempt.logins, ofLogins, 'logins failed');
    const connections = new Crowds(context, attempt.connections, ofConnections, 'new connections were logged');
    return {
      attempt(batch, row, _slot, sort) {
        const { place } = attempt;
        if (sort === sorts.syn) {
          if (attempt.isNew) connections.see(batch, row, place);
        } else if (sort === sorts.acceptedLogin) logins.leave(place);
        else if (sort === sorts.failedLogin && !attempt.isKnown) logins.see(batch, row, place);
      },
    };
  },
};

/** A pair's note: the crowd that it has joined and one more, and whether it was said to be one to shut out. */
const [joined, banned] = [0xffff, 0x10000] as const;

/** Those who try, together, the services of addresses. */
class Crowds {
  private readonly context: DetectorContext;
  private readonly tried: Attempts;
  private readonly rule: { readonly part: number; readonly ban: number };
  private readonly what: string;
  private readonly crowds: Places;
  /** Pairs of each crowd, the last that joined. */
  private readonly pairsOf = new Int32Array(services * members).fill(-1);
  private readonly next = new Uint16Array(services);
  private readonly incidents = new Int32Array(services);
  /** When one of them tried last, epoch milliseconds. */
  private readonly touched = new Float64Array(services);

  constructor(context: DetectorContext, tried: Attempts, rule: { readonly part: number; readonly ban: number }, what: string) {
    this.context = context;
    this.tried = tried;
    this.rule = rule;
    this.what = what;
    this.crowds = new Places(
      services,
      (one, other) => (this.touched[one] as number) < (this.touched[other] as number),
      (place) => {
        for (const pair of this.pairsOf.subarray(members * place, members * (place + 1)))
          if (pair >= 0 && this.isOf(pair, place)) this.leave(pair);
        this.pairsOf.fill(-1, members * place, members * (place + 1));
        this.next[place] = 0;
        this.incidents[place] = 0;
      },
    );
  }

  /** A pair that has tried once more. */
  see(batch: Batch, row: number, pair: number): void {
    const { tried } = this;
    const at = batch.at[row] as number;
    const count = tried.count(pair);
    if (tried.secondsOfLast(pair, this.rule.part) > hours * 3600 || count > mostTries) return;
    const isNew = (tried.crowd(pair) & joined) === 0;
    if (isNew) this.join(batch, row, pair);
    const place = (tried.crowd(pair) & joined) - 1;
    const isBanned = (tried.crowd(pair) & banned) !== 0;
    this.touched[place] = at;
    const isOpen = this.context.more(this.incidents[place] as number, batch, row, !isBanned);
    if (isOpen && (isBanned || tried.secondsOfLast(pair, this.rule.ban) > hours * 3600)) return;
    // A crowd grows by those who join, and by those who come again after a while.
    if (!isOpen && !isNew && count % 8 !== 0) return;
    const all = this.membersAt(place, at, batch.trusted);
    if (isOpen) this.report(batch, row, place, [pair], all.length);
    else if (all.length >= crowd) this.report(batch, row, place, all, all.length);
  }

  /** It has logged in: what failed before was a mistake. */
  leave(pair: number): void {
    this.tried.setCrowd(pair, this.tried.crowd(pair) & ~joined);
  }

  private isOf(pair: number, place: number): boolean {
    return (this.tried.crowd(pair) & joined) === place + 1;
  }

  private join(batch: Batch, row: number, pair: number): void {
    const { seed } = this.context;
    const isLogin = this.rule === ofLogins;
    const target = isLogin ? 0 : targetOf(batch, row);
    const key = (this.tried.service(pair) << 1) | (batch.trusted ? 1 : 0);
    const place = this.crowds.of(target, key, mix(mix(seed, target), key));
    this.tried.setCrowd(pair, (this.tried.crowd(pair) & banned) | (place + 1));
    // Another pair of the same place may have joined before.
    if (this.pairsOf.subarray(members * place, members * (place + 1)).includes(pair)) return;
    const next = this.next[place] as number;
    const gone = this.pairsOf[members * place + next] as number;
    if (gone >= 0 && this.isOf(gone, place)) this.leave(gone);
    this.pairsOf[members * place + next] = pair;
    this.next[place] = (next + 1) % members;
  }

  /** Pairs of a crowd that try now. */
  private membersAt(place: number, at: number, isTrusted: boolean): number[] {
    const { tried } = this;
    const found: number[] = [];
    // So many have never been there.
    if ((this.pairsOf[members * place + crowd - 1] as number) < 0) return found;
    for (let each = members * place; each < members * (place + 1); each += 1) {
      const pair = this.pairsOf[each] as number;
      if (
        pair >= 0 &&
        this.isOf(pair, place) &&
        tried.isAlive(pair) &&
        this.context.sources.isTrusted(tried.slot(pair)) === isTrusted &&
        tried.count(pair) <= mostTries &&
        at - tried.last(pair) <= hours * 3_600_000
      )
        found.push(pair);
    }
    return found;
  }

  private report(batch: Batch, row: number, place: number, pairs: readonly number[], count: number): void {
    const { tried, context, rule } = this;
    const at = batch.at[row] as number;
    const isLogin = rule === ofLogins;
    const { name } = context.attempt.service;
    const target = isLogin ? '' : formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
    const shut = (pair: number): boolean => tried.secondsOfLast(pair, rule.ban) <= hours * 3600;
    const sourceOf = (pair: number): Prefix => context.sources.source(tried.slot(pair));
    const [guilty, doubtful] = [pairs.filter(shut), pairs.filter((pair) => !shut(pair))];
    const all = this.membersAt(place, at, batch.trusted);
    const since = Math.min(at, ...all.map((pair) => tried.first(pair)));
    const sum = all.reduce((total, pair) => total + tried.count(pair), 0);
    for (const [ban, of] of [
      [true, guilty],
      [false, doubtful],
    ] as const) {
      if (of.length === 0) continue;
      for (const pair of of) tried.setCrowd(pair, (tried.crowd(pair) & joined) | (ban ? banned : 0));
      const isFirst = pairs.length > 1 && of === (guilty.length > 0 ? guilty : doubtful);
      this.incidents[place] = context.report({
        detector: 'distributed-brute-force',
        key: isLogin ? 'logins of ssh' : `${name} of ${target}`,
        severity: 'high',
        title: `Many sources try ${name}${target === '' ? '' : ` of ${target}`} together`,
        why: `${count} sources tried it ${sum} times within ${duration((at - since) / 1000)} (${this.what}), none of them more than ${mostTries} times; ${crowd} with ${rule.part} tries are too many. Those with ${rule.ban} and more are to be shut out: ${all.filter(shut).length}.`,
        sources: of.slice(0, mostSources).map(sourceOf),
        sourceCount: count,
        targets: isLogin ? ['ssh'] : [],
        batch,
        row,
        at,
        since,
        events: isFirst ? sum : 1,
        spoofable: !isLogin,
        ban,
      });
    }
  }
}
