import { formatAddress, type Prefix } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import { mostSources } from '../../incidents/incident.ts';
import { Attempts, targetOf } from '../attempts.ts';
import type { Batch, Detector, DetectorContext, Family, Looking } from '../detector.ts';
import { duration } from '../duration.ts';
import { knownFor, loginPorts, loginServices } from '../login-services.ts';
import { Places } from '../places.ts';
import { mix } from '../probe.ts';
import { sorts } from '../sort.ts';

const sshPort = 22;
const hours = 2;
const crowd = 40;
/** Who tries more often does so by itself, and others see it. */
const mostTries = 40;
/** Tries within the time from which on a source is one of them, and from which on it is shut out: a failed login is no mistake of a rule's. */
const ofLogins = { part: 2, ban: 3 } as const;
const ofConnections = { part: 4, ban: 4 } as const;
/** Services of addresses that are followed at once, and sources of each. */
const [services, members] = [512, 512] as const;
const pairs = { logins: 8192, connections: 16_384 } as const;

export const distributedBruteForce: Detector = {
  id: 'distributed-brute-force',
  title: 'Brute force by many',
  remedy:
    'Let only those networks reach the service that need it (from: in the policy), or let people log in by keys alone (PasswordAuthentication no); bans.action: on shuts out who tries most.',
  description: `${crowd} or more sources try one service at which one logs in, each so seldom that nothing is seen of it alone: by ${ofLogins.part} or more failed logins of ssh each within ${hours} hours, and no login, or by ${ofConnections.part} or more new connections to the same service of the same address that rules log. Who tried more than ${mostTries} times, or has logged in within a day, does not belong to them. The incident names all of them; shut out are those with ${ofLogins.ban} failed logins, or ${ofConnections.ban} connections, and more. Fewer may be somebody's mistake.`,
  looksAt: [sorts.syn, sorts.failedLogin, sorts.acceptedLogin],
  quietMs: 3_600_000,
  start(context) {
    const logins = new Crowds(context, pairs.logins, ofLogins, 'logins failed');
    const connections = new Crowds(context, pairs.connections, ofConnections, 'new connections were logged');
    const serviceAt = loginPorts();
    const acceptedAt = new Float64Array(context.sources.capacity);
    const isKnown = (slot: number, at: number): boolean => Math.abs(at - (acceptedAt[slot] as number)) < knownFor;
    const looking: Looking = {
      see(batch, row, slot, sort) {
        if (slot < 0) return;
        const at = batch.at[row] as number;
        if (sort === sorts.acceptedLogin) {
          acceptedAt[slot] = Math.max(at, acceptedAt[slot] as number);
          logins.pardon(slot, 0, sshPort);
        } else if (sort === sorts.failedLogin) {
          if (!isKnown(slot, at)) logins.see(batch, row, slot, 0, sshPort);
        } else {
          const port = batch.dport[row] as number;
          if (port === sshPort ? !isKnown(slot, at) : (serviceAt[port] as number) > 0)
            connections.see(batch, row, slot, targetOf(batch, row), port);
        }
      },
      forget(slot) {
        logins.forget(slot);
        connections.forget(slot);
        acceptedAt[slot] = 0;
      },
    };
    return looking;
  },
};

/** Those who try, together, the services of addresses. */
class Crowds {
  private readonly context: DetectorContext;
  private readonly tried: Attempts;
  private readonly rule: { readonly part: number; readonly ban: number };
  private readonly what: string;
  /** The crowd that each pair has joined, and one more. */
  private readonly joined: Uint16Array;
  private readonly banned: Uint8Array;
  private readonly crowds: Places;
  /** Pairs of each crowd, the last that joined. */
  private readonly pairsOf = new Int32Array(services * members).fill(-1);
  private readonly next = new Uint16Array(services);
  private readonly incidents = new Int32Array(services);
  /** When one of them tried last, epoch milliseconds. */
  private readonly touched = new Float64Array(services);

  constructor(context: DetectorContext, size: number, rule: { readonly part: number; readonly ban: number }, what: string) {
    this.context = context;
    this.rule = rule;
    this.what = what;
    this.tried = new Attempts(size, context.sources.capacity, context.seed, hours * 3_600_000);
    this.joined = new Uint16Array(size);
    this.banned = new Uint8Array(size);
    this.crowds = new Places(
      services,
      (place) => this.touched[place] as number,
      (place) => {
        for (const pair of this.pairsOf.subarray(members * place, members * (place + 1)))
          if (pair >= 0 && this.joined[pair] === place + 1) this.joined[pair] = 0;
        this.pairsOf.fill(-1, members * place, members * (place + 1));
        this.next[place] = 0;
        this.incidents[place] = 0;
      },
    );
  }

  see(batch: Batch, row: number, slot: number, target: number, port: number): void {
    const { tried } = this;
    const at = batch.at[row] as number;
    const pair = tried.placeOf(slot, target, port, at);
    if (tried.tries(pair) === 0) {
      this.joined[pair] = 0;
      this.banned[pair] = 0;
    }
    if (target !== 0 && !tried.connects(pair, batch.sport[row] as number, at)) return;
    tried.add(pair, at);
    if (tried.secondsOf(pair, this.rule.part) > hours * 3600 || tried.tries(pair) > mostTries) return;
    const isNew = this.joined[pair] === 0;
    if (isNew) this.join(batch, pair, target, port);
    const place = (this.joined[pair] as number) - 1;
    this.touched[place] = at;
    const isOpen = this.context.more(this.incidents[place] as number, batch, row, this.banned[pair] === 0);
    if (isOpen && (this.banned[pair] === 1 || tried.secondsOf(pair, this.rule.ban) > hours * 3600)) return;
    // A crowd grows by those who join, and by those who come again after a while.
    if (!isOpen && !isNew && tried.tries(pair) % 8 !== 0) return;
    const all = this.membersAt(place, at, this.context.sources.isTrusted(slot));
    if (isOpen) this.report(batch, row, place, [pair], all.length);
    else if (all.length >= crowd) this.report(batch, row, place, all, all.length);
  }

  /** It has logged in: what failed before was a mistake. */
  pardon(slot: number, target: number, port: number): void {
    const pair = this.tried.find(slot, target, port);
    if (pair < 0) return;
    this.tried.forgive(pair, this.tried.tries(pair));
    this.joined[pair] = 0;
  }

  forget(slot: number): void {
    this.tried.forget(slot);
  }

  private join(batch: Batch, pair: number, target: number, port: number): void {
    const { seed } = this.context;
    const key = (port << 1) | (batch.trusted ? 1 : 0);
    const place = this.crowds.of(target, key, mix(mix(seed, target), key));
    this.joined[pair] = place + 1;
    // Another pair of the same place may have joined before.
    if (this.pairsOf.subarray(members * place, members * (place + 1)).includes(pair)) return;
    const next = this.next[place] as number;
    const gone = this.pairsOf[members * place + next] as number;
    if (gone >= 0 && this.joined[gone] === place + 1) this.joined[gone] = 0;
    this.pairsOf[members * place + next] = pair;
    this.next[place] = (next + 1) % members;
  }

  /** Pairs of a crowd that try now. */
  private membersAt(place: number, at: number, isTrusted: boolean): number[] {
    const { tried } = this;
    const found: number[] = [];
    for (let each = members * place; each < members * (place + 1); each += 1) {
      const pair = this.pairsOf[each] as number;
      if (
        pair >= 0 &&
        this.joined[pair] === place + 1 &&
        tried.isAlive(pair) &&
        this.context.sources.isTrusted(tried.slot(pair)) === isTrusted &&
        tried.tries(pair) <= mostTries &&
        at - tried.last(pair) <= hours * 3_600_000
      )
        found.push(pair);
    }
    return found;
  }

  private report(batch: Batch, row: number, place: number, pairs: readonly number[], count: number): void {
    const { tried, context, rule } = this;
    const at = batch.at[row] as number;
    const port = batch.dport[row] as number;
    const isLogin = rule === ofLogins;
    const name = isLogin || port === sshPort ? 'ssh' : (loginServices[(ports[port] as number) - 1]?.name ?? `port ${port}`);
    const target = isLogin ? '' : formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
    const shut = (pair: number): boolean => tried.secondsOf(pair, rule.ban) <= hours * 3600;
    const sourceOf = (pair: number): Prefix => context.sources.source(tried.slot(pair));
    const [guilty, doubtful] = [pairs.filter(shut), pairs.filter((pair) => !shut(pair))];
    const all = this.membersAt(place, at, batch.trusted);
    const since = Math.min(at, ...all.map((pair) => tried.first(pair)));
    const sum = all.reduce((total, pair) => total + tried.tries(pair), 0);
    for (const [ban, of] of [
      [true, guilty],
      [false, doubtful],
    ] as const) {
      if (of.length === 0) continue;
      for (const pair of of) this.banned[pair] = ban ? 1 : 0;
      const isFirst = pairs.length > 1 && of === (guilty.length > 0 ? guilty : doubtful);
      this.incidents[place] = context.report({
        detector: 'distributed-brute-force',
        key: isLogin ? 'logins of ssh' : `${target} port ${port}`,
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

const ports = loginPorts();
