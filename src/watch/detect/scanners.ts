import { formatPrefix, type Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Severity } from '../incidents/incident.ts';
import type { DetectorContext, Sort } from './detector.ts';
import { Distinct } from './distinct.ts';
import type { Records } from './records.ts';
import { firstClientPort, sortCount } from './sort.ts';

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
  readonly looksAt: readonly Sort[];
  /** Of these only what goes to ports that no client has. */
  readonly lowOnly?: readonly Sort[];
  /** What is counted of an event, as its probe has it. */
  readonly thing: 'service' | 'host' | 'target';
  /** Bits of the bitmap of each source. */
  readonly bits: number;
  readonly halfLifeMs: number;
  /** Bits that a source is marked with for what it sent, by sort; and for anything that it sent to a port that no client has. */
  readonly marks?: ReadonlyMap<Sort, number>;
  readonly lowMark?: number;
  /** Fewer are none at all. */
  readonly least: number;
  /**
   * How bad so many targets are, 0: not at all. It is said when it gets worse.
   *
   * @param lasts milliseconds since what is counted began.
   */
  level(count: number, marks: number, lasts: number): number;
  say(level: number, count: number, batch: Batch, row: number, marks: number): Said;
}

type ScanContext = Pick<DetectorContext, 'sources' | 'probe' | 'report' | 'more'>;

/** The sources of all kinds of scans: every probe is shown to those who count such. */
export class Scanners {
  private readonly context: ScanContext;
  private readonly all: Scanner[] = [];
  private readonly shownTo: readonly Scanner[][] = Array.from({ length: sortCount }, () => []);

  constructor(context: ScanContext) {
    this.context = context;
  }

  follow(rule: ScanRule): void {
    const scanner = new Scanner(this.context, rule);
    this.all.push(scanner);
    for (const sort of rule.looksAt) this.shownTo[sort]?.push(scanner);
  }

  see(batch: Batch, row: number, slot: number, sort: Sort): void {
    const shown = this.shownTo[sort] as readonly Scanner[];
    for (let each = 0; each < shown.length; each += 1) (shown[each] as Scanner).see(batch, row, slot, sort);
  }

  tick(now: number): void {
    for (let each = 0; each < this.all.length; each += 1) (this.all[each] as Scanner).asked.decay.advance(now);
  }
}

/** Of a source's record: its open incident; events that no incident has counted, with the level that was said in the last two bits; its marks. */
const [INCIDENT, COUNTED, MARKS, OWN] = [0, 1, 2, 3] as const;

/** What one rule keeps of each source. */
class Scanner {
  readonly asked: Distinct;
  private readonly context: ScanContext;
  private readonly rule: ScanRule;
  private readonly least: number;
  private readonly thing: ScanRule['thing'];
  private readonly marks = new Uint8Array(sortCount);
  private readonly lowMark: number;
  private readonly lowOnly = new Uint8Array(sortCount);
  private readonly records: Records;
  /** When what is counted began, epoch milliseconds. */
  private readonly since: number;
  private readonly own: number;

  constructor(context: ScanContext, rule: ScanRule) {
    const { records } = context.sources;
    this.context = context;
    this.rule = rule;
    this.least = rule.least;
    this.thing = rule.thing;
    this.lowMark = rule.lowMark ?? 0;
    for (const [sort, mark] of rule.marks ?? []) this.marks[sort] = mark;
    for (const sort of rule.lowOnly ?? []) this.lowOnly[sort] = 1;
    this.records = records;
    this.since = records.reserveDouble();
    this.own = records.reserve(OWN);
    this.asked = new Distinct(records, rule.bits, rule.halfLifeMs);
  }

  see(batch: Batch, row: number, slot: number, sort: Sort): void {
    const { words, stride } = this.records;
    const isLow = (batch.dport[row] as number) < firstClientPort;
    if (this.lowOnly[sort] === 1 && !isLow) return;
    const own = slot * stride + this.own;
    const mark = (this.marks[sort] as number) | (isLow ? this.lowMark : 0);
    if (mark !== 0) words[own + MARKS] = (words[own + MARKS] as number) | mark;
    const { probe } = this.context;
    const count = this.asked.add(
      slot,
      this.thing === 'service' ? probe.service : this.thing === 'host' ? probe.host : probe.target,
      probe.second,
    );
    if (count >= 0 && count <= 1) {
      this.begin(slot, batch.at[row] as number);
      words[own + COUNTED] = (words[own + COUNTED] as number) & 3;
    }
    if (count >= this.least || words[own + INCIDENT] !== 0) this.judge(batch, row, slot, count);
    else words[own + COUNTED] = (words[own + COUNTED] as number) + 4;
  }

  private begin(slot: number, at: number): void {
    this.records.doubles[slot * (this.records.stride >>> 1) + this.since] = at;
  }

  private sinceOf(slot: number): number {
    return this.records.doubles[slot * (this.records.stride >>> 1) + this.since] as number;
  }

  /** It may be too many, or is already. */
  private judge(batch: Batch, row: number, slot: number, count: number): void {
    const { words, stride } = this.records;
    const own = slot * stride + this.own;
    const at = batch.at[row] as number;
    const lasts = at - this.sinceOf(slot);
    const level = count < this.least ? 0 : this.rule.level(count, words[own + MARKS] as number, lasts);
    if (words[own + INCIDENT] !== 0 && level <= ((words[own + COUNTED] as number) & 3)) {
      if (this.context.more(words[own + INCIDENT] as number, batch, row)) return;
      // It is over: if this is another one, it begins here.
      words[own + INCIDENT] = 0;
      words[own + COUNTED] = 0;
      this.begin(slot, at);
    }
    words[own + COUNTED] = (words[own + COUNTED] as number) + 4;
    if (level > ((words[own + COUNTED] as number) & 3)) this.report(level, count, batch, row, slot);
  }

  private report(level: number, count: number, batch: Batch, row: number, slot: number): void {
    const { words, stride } = this.records;
    const own = slot * stride + this.own;
    const source = this.context.sources.source(slot);
    const name = formatPrefix(source);
    const { severity, did, why, ban = true } = this.rule.say(level, count, batch, row, words[own + MARKS] as number);
    words[own + INCIDENT] = this.context.report({
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
      since: this.sinceOf(slot),
      events: (words[own + COUNTED] as number) >>> 2,
      spoofable: true,
      ban,
    });
    // While what came before a start is learned, nothing is said, and nothing was.
    if (words[own + INCIDENT] !== 0) words[own + COUNTED] = level;
  }
}

/** The network that a source is counted to: its /24, or its /48. */
export function networkAround({ family, value }: Prefix): Prefix {
  return family === 4 ? { family, value: (value >> 8n) << 8n, length: 24 } : { family, value: (value >> 80n) << 80n, length: 48 };
}
