import { formatPrefix, type Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Severity } from '../incidents/incident.ts';
import type { DetectorContext, Looking, Sort } from './detector.ts';
import { Distinct } from './distinct.ts';

/** What a detector says of one source. */
export interface Said {
  readonly severity: Severity;
  /** What the source did, behind its name: `scanned the ports of 198.51.100.1`. */
  readonly did: string;
  readonly why: string;
  /** It may be shut out for it; true if left out. */
  readonly ban?: boolean;
}

/** All detectors of a source's scans count its distinct targets, and differ in what a target is and how many are too many. */
export interface ScanRule {
  readonly detector: string;
  /** Bits of the bitmap of each source. */
  readonly bits: number;
  readonly halfLifeMs: number;
  /** How bad so many targets are, 0: not at all. It is said when it gets worse. */
  level(count: number, slot: number, at: number): number;
  say(level: number, count: number, batch: Batch, row: number, slot: number): Said;
}

/** The sources of scans, by their slots. */
export class Scanners {
  readonly asked: Distinct;
  /** When what is counted began, epoch milliseconds. */
  readonly since: Float64Array;
  private readonly context: DetectorContext;
  private readonly rule: ScanRule;
  /** Of each source: its open incident; events that no incident has counted, with the level that was said in the last two bits. */
  private readonly words: Uint32Array;
  private readonly stride: number;
  private readonly own: number;

  constructor(context: DetectorContext, rule: ScanRule) {
    const { capacity, records } = context.sources;
    this.context = context;
    this.rule = rule;
    this.asked = new Distinct(records, rule.bits, rule.halfLifeMs);
    this.own = records.reserve(2);
    ({ words: this.words, stride: this.stride } = records);
    this.since = new Float64Array(capacity);
  }

  /** A source asks for a target, of which this is the hash. */
  private see(batch: Batch, row: number, slot: number, target: number): void {
    const at = batch.at[row] as number;
    const count = this.asked.add(slot, target, at);
    const incident = slot * this.stride + this.own;
    const counted = incident + 1;
    if (count >= 0 && count <= 1) {
      this.since[slot] = at;
      this.words[counted] = (this.words[counted] as number) & 3;
    }
    const level = count < 0 ? 0 : this.rule.level(count, slot, at);
    if (this.words[incident] !== 0 && level <= ((this.words[counted] as number) & 3)) {
      if (this.context.more(this.words[incident] as number, batch, row)) return;
      // It is over: if this is another one, it begins here.
      this.words[incident] = 0;
      this.words[counted] = 0;
      this.since[slot] = at;
    }
    this.words[counted] = (this.words[counted] as number) + 4;
    if (level > ((this.words[counted] as number) & 3)) this.report(level, count, batch, row, slot);
  }

  /**
   * What a detector is that shows each of its events to these. All such detectors have this one function, which is compiled once for all of them.
   *
   * @param thing what is counted of an event; @param before asked first, whether the event is one of them.
   */
  looking(
    thing: 'service' | 'host' | 'target',
    before: ((batch: Batch, row: number, slot: number, sort: Sort) => boolean) | null = null,
  ): Looking {
    const { probe } = this.context;
    const { decay } = this.asked;
    return {
      see: (batch, row, slot, sort) => {
        if (slot < 0 || (before !== null && !before(batch, row, slot, sort))) return;
        this.see(batch, row, slot, thing === 'service' ? probe.service : thing === 'host' ? probe.host : probe.target);
      },
      tick: (now) => decay.advance(now),
    };
  }

  private report(level: number, count: number, batch: Batch, row: number, slot: number): void {
    const source = this.context.sources.source(slot);
    const name = formatPrefix(source);
    const { severity, did, why, ban = true } = this.rule.say(level, count, batch, row, slot);
    const incident = slot * this.stride + this.own;
    this.words[incident] = this.context.report({
      detector: this.rule.detector,
      key: name,
      partOf: { detector: 'network-scan', key: formatPrefix(networkAround(source)) },
      severity,
      title: `${name.replace(/\/32$/, '')} ${did}`,
      why,
      sources: [source],
      targets: [],
      batch,
      row,
      at: batch.at[row] as number,
      since: this.since[slot] as number,
      events: (this.words[incident + 1] as number) >>> 2,
      spoofable: true,
      ban,
    });
    // While what came before a start is learned, nothing is said, and nothing was.
    if (this.words[incident] !== 0) this.words[incident + 1] = level;
  }
}

/** The network that a source is counted to: its /24, or its /48. */
export function networkAround({ family, value }: Prefix): Prefix {
  return family === 4 ? { family, value: (value >> 8n) << 8n, length: 24 } : { family, value: (value >> 80n) << 80n, length: 48 };
}
