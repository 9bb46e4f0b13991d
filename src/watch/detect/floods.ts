import { formatAddress, formatPrefix, type Prefix } from '../../model/net/index.ts';
import { addressAt } from '../events/batch.ts';
import type { Batch, DetectorContext, Family } from './detector.ts';
import { Many } from './many.ts';
import { Places } from './places.ts';
import { mix } from './probe.ts';

/** What was counted is worth this much a second later: a rate is then one over about five seconds. */
const fading = 0.8;
/** Targets that are followed at once, and the sources that send most to each. */
const [targets, heaviest] = [256, 16] as const;
/** Targets are followed that get so many packets within a second; who gets fewer is only counted, in one of so many buckets. */
const [noticed, buckets] = [8, 4096] as const;
/** From this part of what is too much on, who sends is counted. */
const closely = 0.25;

/** How much of what is a flood. */
export interface FloodRule {
  readonly detector: string;
  /** `SYN packets`. */
  readonly what: string;
  /** Packets a second, to one target, in all. */
  readonly perTarget: number;
  /** Packets a second, to one target, of one source. */
  readonly perSource: number;
  /** A target is a port of an address, of TCP, and not the address. */
  readonly isByPort?: boolean;
  /** Sources that there are at the least; 1 if left out. */
  readonly leastSources?: number;
  /** Nobody is named, though they send much: somebody else has them answer. */
  readonly isReflected?: boolean;
}

/**
 * Packets a second to targets, and who sends most of them. Nothing is kept of sources, however many there are, but those that send most
 * (Space-Saving: Metwally, Agrawal and El Abbadi 2005; what a source may have been given of others' counts is taken off before it is judged),
 * and an estimate of how many there are.
 */
export class Floods {
  private readonly context: DetectorContext;
  private readonly rule: FloodRule;
  private readonly places: Places;
  private readonly score = new Float64Array(targets);
  private readonly second = new Float64Array(targets);
  private readonly many = new Many(targets);
  /** Events since who sends is counted; 0 while it is not. */
  private readonly events = new Uint32Array(targets);
  private readonly since = new Float64Array(targets);
  private readonly incident = new Int32Array(targets);
  private readonly saidAt = new Float64Array(targets);
  private readonly saidSources = new Uint8Array(targets);
  private readonly words = new Uint32Array(4 * heaviest * targets);
  private readonly counts = new Float64Array(heaviest * targets);
  private readonly errors = new Float64Array(heaviest * targets);
  /** Of each bucket: the target that has most of it (Boyer and Moore 1991), how much of the second it has, and the second. */
  private readonly held = new Int32Array(buckets);
  private readonly holding = new Uint16Array(buckets);
  private readonly heldAt = new Uint32Array(buckets);
  /** The place of a target of each bucket that is followed. */
  private readonly placeIn = new Uint8Array(buckets);

  constructor(context: DetectorContext, rule: FloodRule) {
    this.context = context;
    this.rule = rule;
    this.places = new Places(
      targets,
      (one, other) => this.worth(one) < this.worth(other),
      (place) => this.begin(place),
    );
  }

  /** One packet to a target, of which `target` is a keyed hash. */
  see(batch: Batch, row: number, target: number): void {
    const at = batch.at[row] as number;
    const second = Math.floor(at / 1000);
    const kind = batch.trusted ? 1 : 0;
    const bucket = target & (buckets - 1);
    let place = this.placeIn[bucket] as number;
    let packets = 1;
    if (!this.places.holds(place, target, kind) || second - (this.second[place] as number) > 60) {
      packets = this.notice(target, bucket, second);
      if (packets === 0) return;
      place = this.places.of(target, kind, target ^ kind);
      this.placeIn[bucket] = place;
    }
    const passed = second - (this.second[place] as number);
    if (passed !== 0) this.fade(place, second, passed);
    const score = (this.score[place] as number) + packets;
    this.score[place] = score;
    const rate = score * (1 - fading);
    const { perTarget, perSource } = this.rule;
    const least = perSource < perTarget ? perSource : perTarget;
    if (this.events[place] === 0) {
      if (rate < closely * least) return;
      this.since[place] = at;
    }
    this.events[place] = (this.events[place] as number) + packets;
    const hash = hashOf(this.context.seed, batch, row);
    this.many.add(place, hash);
    const heavy = this.weigh(place, batch, row);
    const isHeavy = this.rule.isReflected !== true && heavy * (1 - fading) >= perSource;
    if (rate < perTarget && !isHeavy) {
      if (this.incident[place] !== 0) this.context.more(this.incident[place] as number, batch, row, true);
      return;
    }
    this.say(batch, row, place, rate, isHeavy);
  }

  /** @returns how many packets the target got that were not counted to its place, 0 while it gets few. */
  private notice(target: number, bucket: number, second: number): number {
    const holding = this.holding[bucket] as number;
    if (this.heldAt[bucket] !== second || holding === 0) {
      this.held[bucket] = target;
      this.heldAt[bucket] = second;
      this.holding[bucket] = 1;
      return 0;
    }
    if (this.held[bucket] !== target) {
      this.holding[bucket] = holding - 1;
      return 0;
    }
    if (holding >= noticed) return 1;
    this.holding[bucket] = holding + 1;
    return holding + 1 === noticed ? noticed : 0;
  }

  private say(batch: Batch, row: number, place: number, rate: number, isHeavy: boolean): void {
    const at = batch.at[row] as number;
    const isNews = isHeavy && this.saidSources[place] === 0;
    const isSoon = !isNews && Math.abs(at - (this.saidAt[place] as number)) < 1000;
    const incident = this.incident[place] as number;
    const goesOn = incident !== 0 && this.context.more(incident, batch, row, !isHeavy);
    // Sources are counted once a second.
    if (isSoon && (goesOn || incident === 0)) return;
    if (incident !== 0 && !goesOn) {
      this.since[place] = at;
      this.events[place] = 1;
    }
    this.saidAt[place] = at;
    const count = this.many.count(place);
    if (count < (this.rule.leastSources ?? 1)) return;
    this.incident[place] = this.report(batch, row, place, rate, count, goesOn ? 1 : (this.events[place] as number));
  }

  private report(batch: Batch, row: number, place: number, rate: number, count: number, events: number): number {
    const { detector, what, perTarget, perSource, isReflected = false, isByPort = false } = this.rule;
    const heavy = isReflected ? [] : this.heavyOf(place, batch.family[row] as Family);
    this.saidSources[place] = heavy.length;
    const share = Math.min(1, heavy.reduce((sum, { rate: of }) => sum + of, 0) / Math.max(1, rate));
    const target = `${formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family))}${isByPort ? ` port ${batch.dport[row]}/tcp` : ''}`;
    const [first] = heavy;
    const isOne = first !== undefined && heavy.length === 1 && share > 0.5;
    const who = isOne ? `${formatPrefix(first.source).replace(/\/32$/, '')} floods` : 'Many sources flood';
    const named =
      heavy.length === 0
        ? `No source is named: ${isReflected ? 'they answer questions that somebody asked in the name of this address' : 'none sends much, and any may be forged'}.`
        : `Named are those that send ${perSource} a second and more.`;
    return this.context.report({
      detector,
      key: target,
      severity: rate >= 10 * perTarget ? 'critical' : 'high',
      title: `${who} ${target} with ${what}`,
      why: `${Math.round(rate)} a second came, over about five seconds, from about ${count} ${count === 1 ? 'source' : 'sources'}; ${perTarget} in all${isReflected ? '' : `, or ${perSource} of one source,`} are too many. ${named}`,
      sources: heavy.map(({ source }) => source),
      sourceCount: isOne ? 1 : Math.max(count, heavy.length),
      targets: [],
      batch,
      row,
      at: batch.at[row] as number,
      since: this.since[place] as number,
      events,
      spoofable: true,
      ban: heavy.length > 0,
    });
  }

  /** Sources that send too much by themselves, most first. */
  private heavyOf(place: number, family: Family): { readonly source: Prefix; readonly rate: number }[] {
    const found: { source: Prefix; rate: number }[] = [];
    for (let each = heaviest * place; each < heaviest * (place + 1); each += 1) {
      const rate = ((this.counts[each] as number) - (this.errors[each] as number)) * (1 - fading);
      if (rate < this.rule.perSource) continue;
      const address = addressAt(this.words, 4 * each, family);
      found.push({ source: { ...address, length: family === 4 ? 32 : 64 }, rate });
    }
    return found.sort((one, other) => other.rate - one.rate);
  }

  /** Counts a packet to its source. @returns what it has sent lately, for sure. */
  private weigh(place: number, batch: Batch, row: number): number {
    const from = 4 * row;
    const isFour = batch.family[row] === 4;
    const a = isFour ? 0 : (batch.src[from] as number);
    const b = isFour ? 0 : (batch.src[from + 1] as number);
    const d = isFour ? (batch.src[from + 3] as number) : 0;
    const { words, counts, errors } = this;
    const end = heaviest * (place + 1);
    let least = heaviest * place;
    for (let each = heaviest * place; each < end; each += 1) {
      const word = 4 * each;
      if (words[word + 3] === d && words[word + 1] === b && words[word] === a) {
        counts[each] = (counts[each] as number) + 1;
        return (counts[each] as number) - (errors[each] as number);
      }
      if ((counts[each] as number) < (counts[least] as number)) least = each;
    }
    const word = 4 * least;
    words[word] = a;
    words[word + 1] = b;
    words[word + 3] = d;
    errors[least] = counts[least] as number;
    counts[least] = (counts[least] as number) + 1;
    return 1;
  }

  private worth(place: number): number {
    return (this.score[place] as number) * fading ** Math.max(0, this.context.now / 1000 - (this.second[place] as number));
  }

  /** Seconds have passed at a place, or an event came late. */
  private fade(place: number, second: number, passed: number): void {
    if (passed < 0) {
      // Late by a little, or the clock was set back.
      if (passed < -60) this.second[place] = second;
      return;
    }
    const factor = passed > 200 ? 0 : fading ** passed;
    const score = (this.score[place] as number) * factor;
    this.score[place] = score;
    this.second[place] = second;
    if (this.events[place] === 0) return;
    if (score < 1) {
      this.begin(place);
      return;
    }
    for (let each = heaviest * place; each < heaviest * (place + 1); each += 1) {
      this.counts[each] = (this.counts[each] as number) * factor;
      this.errors[each] = (this.errors[each] as number) * factor;
    }
  }

  /** Nothing was sent to the place. */
  private begin(place: number): void {
    if (this.events[place] !== 0) this.many.forget(place);
    this.score[place] = 0;
    this.events[place] = 0;
    this.incident[place] = 0;
    this.saidAt[place] = 0;
    this.saidSources[place] = 0;
    this.counts.fill(0, heaviest * place, heaviest * (place + 1));
    this.errors.fill(0, heaviest * place, heaviest * (place + 1));
    this.words.fill(0, 4 * heaviest * place, 4 * heaviest * (place + 1));
  }
}

function hashOf(seed: number, batch: Batch, row: number): number {
  const at = 4 * row;
  if (batch.family[row] === 4) return mix(seed, batch.src[at + 3] as number);
  return mix(mix(seed, batch.src[at] as number), batch.src[at + 1] as number);
}

/** A row's target address as a keyed hash, where it is no probe. */
export function hashOfTarget(seed: number, batch: Batch, row: number): number {
  const at = 4 * row;
  const hash = mix(seed, batch.dst[at + 3] as number);
  if (batch.family[row] === 4) return hash;
  return mix(mix(mix(hash, batch.dst[at] as number), batch.dst[at + 1] as number), batch.dst[at + 2] as number);
}
