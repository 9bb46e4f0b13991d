import { formatPrefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Severity } from '../incidents/incident.ts';
import type { DetectorContext } from './detector.ts';
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
  private readonly incidents: Int32Array;
  /** What was said of it while its incident is open. */
  private readonly levels: Uint8Array;
  /** Events that no incident has counted. */
  private readonly events: Uint32Array;

  constructor(context: DetectorContext, rule: ScanRule) {
    const { capacity } = context.sources;
    this.context = context;
    this.rule = rule;
    this.asked = new Distinct(capacity, rule.bits, rule.halfLifeMs);
    this.since = new Float64Array(capacity);
    this.incidents = new Int32Array(capacity);
    this.levels = new Uint8Array(capacity);
    this.events = new Uint32Array(capacity);
  }

  /** A source asks for a target, of which this is the hash. */
  see(batch: Batch, row: number, slot: number, target: number): void {
    const at = batch.at[row] as number;
    const count = this.asked.add(slot, target, at);
    if (count >= 0 && count <= 1) {
      this.since[slot] = at;
      this.events[slot] = 0;
    }
    const level = count < 0 ? 0 : this.rule.level(count, slot, at);
    if (this.incidents[slot] !== 0 && level <= (this.levels[slot] as number)) {
      if (this.context.more(this.incidents[slot] as number, batch, row)) return;
      this.incidents[slot] = 0;
      this.levels[slot] = 0;
    }
    this.events[slot] = (this.events[slot] as number) + 1;
    if (level > (this.levels[slot] as number)) this.report(level, count, batch, row, slot);
  }

  forget(slot: number): void {
    this.asked.forget(slot);
    this.incidents[slot] = 0;
    this.levels[slot] = 0;
    this.events[slot] = 0;
  }

  tick(now: number): void {
    this.asked.decay.advance(now);
  }

  private report(level: number, count: number, batch: Batch, row: number, slot: number): void {
    const source = this.context.sources.source(slot);
    const name = formatPrefix(source);
    const { severity, did, why, ban = true } = this.rule.say(level, count, batch, row, slot);
    this.levels[slot] = level;
    this.incidents[slot] = this.context.report({
      detector: this.rule.detector,
      key: name,
      severity,
      title: `${name.replace(/\/32$/, '')} ${did}`,
      why,
      sources: [source],
      targets: [],
      batch,
      row,
      at: batch.at[row] as number,
      since: this.since[slot] as number,
      events: this.events[slot] as number,
      spoofable: true,
      ban,
    });
    this.events[slot] = 0;
  }
}
