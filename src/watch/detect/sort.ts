import { type Address, ICMP, ICMPV6, TCP, UDP } from '../../model/net/index.ts';
import { absent, type Batch, eventKinds } from '../events/batch.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * What an event is to detectors, told once for all of them. Only `syn` to `protocol` are probes: packets by which somebody may be looking for
 * something. All else is no sign of a scan, however much of it there is.
 */
export const sorts = {
  /** Nothing that is one of the others. */
  other: 0,
  /** TCP that opens a connection: SYN without ACK, RST or FIN. */
  syn: 1,
  /** TCP with FIN alone. */
  fin: 2,
  /** TCP without any flag. */
  null: 3,
  /** TCP with FIN, PSH and URG, or with all flags. */
  xmas: 4,
  /** TCP with FIN and ACK, from no server's port. */
  maimon: 5,
  /** TCP with ACK alone, likewise. */
  ack: 6,
  /** TCP with flags that no connection has together: SYN and FIN, URG alone. */
  odd: 7,
  /** UDP that is no late answer. */
  udp: 8,
  /** An ICMP echo request. */
  echo: 9,
  /** A protocol that is none of TCP, UDP and ICMP. */
  protocol: 10,
  /** TCP that answers: SYN+ACK, RST. Of many whom we never asked, it answers somebody who forges our address. */
  backscatter: 11,
  /** TCP of a connection that is (no longer) there, and UDP of somebody who was asked. */
  answer: 12,
  /** An ICMP error or answer: it quotes what somebody chose. */
  error: 13,
  /** What this host sends itself. */
  outgoing: 14,
  /** To everybody on the link: multicast and broadcast. */
  broadcast: 15,
  /** SYN that a rule's prefix says was let in. */
  acceptedSyn: 16,
  /** Anything else that a rule's prefix says was let in. */
  accepted: 17,
  failedLogin: 18,
  acceptedLogin: 19,
} as const;

export type Sort = (typeof sorts)[keyof typeof sorts];

/** So many sorts there are. */
export const sortCount = 20;

/** Whoever sends these may be looking for something. */
export const probes: readonly Sort[] = [
  sorts.syn,
  sorts.fin,
  sorts.null,
  sorts.xmas,
  sorts.maimon,
  sorts.ack,
  sorts.odd,
  sorts.udp,
  sorts.echo,
  sorts.protocol,
];

/** Whoever sends these may want to log in. */
export const attempts: readonly Sort[] = [sorts.syn, sorts.udp, sorts.answer, sorts.failedLogin, sorts.acceptedLogin];

const [FIN, SYN, RST, PSH, ACK, URG] = [1, 2, 4, 8, 16, 32] as const;
/** Clients on Linux are given ports from here on (`net.ipv4.ip_local_port_range`), on others from 49152 (RFC 6335, 6). */
export const firstClientPort = 32_768;
/** Ports above 1023 on which servers commonly are, that we may have asked. */
const highServices = [
  1194, 1433, 1521, 3128, 3306, 3389, 3478, 4500, 5060, 5222, 5223, 5228, 5432, 5671, 5672, 6379, 6443, 8000, 8080, 8443, 8883,
  9000, 9090, 9092, 9200, 11_211, 27_017, 51_820,
];

/** Tells the sorts of a batch's events. */
export class Sorter {
  private readonly service = new Uint8Array(65_536);
  /** Of each prefix by its number: 0 not looked at yet, 1 nothing said, 2 it was let in. */
  private readonly prefixes = new Uint8Array(65_536);
  private readonly answering: ReadonlySet<string> | null;
  private readonly broadcasts: ReadonlySet<number>;

  constructor(surroundings: Surroundings) {
    this.service.fill(1, 1, 1024);
    for (const port of highServices) this.service[port] = 1;
    this.answering = surroundings.answering.length === 0 ? null : new Set(surroundings.answering.map(keyOfAddress));
    this.broadcasts = new Set(
      surroundings.connected
        .filter(({ family, length }) => family === 4 && length < 31)
        .map(({ value, length }) => Number(value) + 2 ** (32 - length) - 1),
    );
  }

  /** What the event of a row is. */
  sortOf(batch: Batch, row: number): Sort {
    const kind = batch.kind[row] as number;
    if (kind !== eventKinds.packet) return kind === eventKinds.failedLogin ? sorts.failedLogin : sorts.acceptedLogin;
    if (batch.in[row] === 0 && batch.out[row] !== 0) return sorts.outgoing;
    const sort = this.packetSort(batch, row);
    if (batch.prefix[row] !== 0 && this.letIn(batch, batch.prefix[row] as number))
      return sort === sorts.syn ? sorts.acceptedSyn : sorts.accepted;
    return sort;
  }

  private packetSort(batch: Batch, row: number): Sort {
    if (this.isToAll(batch, row)) return sorts.broadcast;
    switch (batch.proto[row]) {
      case TCP:
        return this.tcpSort(batch.flags[row] as number, batch.sport[row] as number, batch.dport[row] as number);
      case UDP:
        return this.udpSort(batch, row);
      case ICMP:
        return batch.icmpType[row] === 8 ? sorts.echo : sorts.error;
      case ICMPV6:
        return batch.icmpType[row] === 128 ? sorts.echo : sorts.error;
      case absent:
        return sorts.other;
      default:
        return sorts.protocol;
    }
  }

  private tcpSort(word: number, sport: number, dport: number): Sort {
    // A later fragment, or one that was cut short.
    if (word < 0 || dport < 0) return sorts.other;
    const flags = word & 63;
    if (flags === SYN) return sorts.syn;
    if (flags === 63) return sorts.xmas;
    if ((flags & RST) !== 0 || (flags & (SYN | ACK)) === (SYN | ACK)) return sorts.backscatter;
    if (flags === 0) return sorts.null;
    if (flags === FIN) return sorts.fin;
    if (flags === (FIN | PSH | URG)) return sorts.xmas;
    if (flags === ACK) return this.isLate(sport, dport) ? sorts.answer : sorts.ack;
    if (flags === (FIN | ACK)) return this.isLate(sport, dport) ? sorts.answer : sorts.maimon;
    // With ACK and data: of a connection that is no longer known here.
    return (flags & ACK) !== 0 && (flags & SYN) === 0 ? sorts.answer : sorts.odd;
  }

  /** It may belong to a connection that one of ours had opened, and that is forgotten by now. */
  private isLate(sport: number, dport: number): boolean {
    return dport >= 1024 && this.service[sport] === 1;
  }

  private udpSort(batch: Batch, row: number): Sort {
    const [sport, dport] = [batch.sport[row] as number, batch.dport[row] as number];
    if (dport < 0) return sorts.other;
    if (dport >= 1024 && (this.service[sport] === 1 || (this.answering !== null && this.isAsked(batch, row))))
      return sorts.answer;
    return sorts.udp;
  }

  private isAsked(batch: Batch, row: number): boolean {
    const at = 4 * row;
    const { src } = batch;
    return (
      this.answering?.has(
        keyOfWords(
          batch.family[row] as number,
          src[at] as number,
          src[at + 1] as number,
          src[at + 2] as number,
          src[at + 3] as number,
        ),
      ) === true
    );
  }

  private isToAll(batch: Batch, row: number): boolean {
    const at = 4 * row;
    if (batch.family[row] === 6) return (batch.dst[at] as number) >>> 24 === 0xff;
    const to = batch.dst[at + 3] as number;
    return to >>> 28 === 0xe || to === 0xffffffff || (this.broadcasts.size > 0 && this.broadcasts.has(to));
  }

  private letIn(batch: Batch, prefix: number): boolean {
    let known = this.prefixes[prefix] as number;
    if (known === 0) {
      known = saysLetIn(batch.names.text(prefix)) ? 2 : 1;
      this.prefixes[prefix] = known;
    }
    return known === 2;
  }
}

/** A prefix such as `ACCEPT `, `[UFW ALLOW] `; none that also says the contrary. */
export function saysLetIn(prefix: string): boolean {
  const text = prefix.toLowerCase();
  return /accept|allow|permit/.test(text) && !/drop|deny|denied|block|reject|not|un|dis/.test(text);
}

function keyOfAddress({ family, value }: Address): string {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn);
  return family === 4 ? keyOfWords(4, 0, 0, 0, word(0n)) : keyOfWords(6, word(96n), word(64n), word(32n), word(0n));
}

function keyOfWords(family: number, a: number, b: number, c: number, d: number): string {
  return `${family} ${a} ${b} ${c} ${d}`;
}
