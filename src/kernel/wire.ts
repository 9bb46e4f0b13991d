import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { identify } from './frame.ts';
import { isErrorOnWire } from './icmp-error.ts';
import { type Nflog, type NflogPacket, openNflog } from './nflog.ts';
import { type NftTrace, openNftTrace } from './nftrace.ts';
import { marks } from './observed.ts';
import { fenceLetter, fenceMac, markOfChain, markOfLetter, observerGroup, observerTable } from './observers.ts';
import { type Owner, openRawOutput, openSender, type RawOutput, type Sender } from './packets.ts';
import { loopback } from './stage.ts';

/** Where legacy tables' tracing goes: nf_log's own group. */
const traceGroup = 0;

/** Bytes to send: over link `by`, over loopback, or as if the namespace had made them. Ids count from 1 in the low 16 bits. */
export interface Shot {
  readonly by: number | 'lo' | 'output';
  readonly family: Family;
  readonly mark: number;
  readonly bytes: Uint8Array;
  /** Whose socket sends it; ours if left out. */
  readonly owner?: Owner;
  /** Why it cannot be sent at all. */
  readonly impossible?: string;
}

/** A rule, or what tells one, as the kernel names it. */
export type Trail =
  | { readonly kind: 'nft'; readonly family: number; readonly table: string; readonly chain: string; readonly handle: number }
  | { readonly kind: 'legacy'; readonly family: number; readonly prefix: string; readonly hook: number };

/** What was seen of a volley, by shot. */
export interface Sighting {
  /** Bits of {@link marks}. */
  flags: number;
  out: string | null;
  /** The link that it was bound for at FORWARD or OUTPUT. */
  bound: string | null;
  /** Why it could not be sent. */
  unsent: string | null;
  trail: Trail[];
  /** It has left by POSTROUTING; what comes after, over loopback, is another way. */
  ended: boolean;
}

export interface Wire extends Disposable {
  /** Sends at most 60,000 shots, whose ids have `epoch` in their high 16 bits, and waits until what became of each is known. */
  volley(shots: readonly Shot[], epoch: number): Promise<Result<Sighting[]>>;
}

export interface WireOptions {
  /** Processes in the namespaces; `undefined` for the one that we are in. */
  readonly namespacePid: number | undefined;
  readonly neighbourPid: number;
  /** The far ends on which packets for each link are put, in the order in which those were staged. */
  readonly farEnds: readonly string[];
  readonly tracing: 'nft' | 'legacy' | null;
}

const bufferBytes = 64 * 1024 * 1024;
/**
 * Shots between two readings. Fewer where nobody may enlarge the buffer, so that what they make fits into it, and where
 * legacy tables trace: the kernel sends each step of theirs by itself, in a message with room for a whole batch.
 */
const readEvery = { enlarged: 128, small: 32, traced: 4 } as const;
const fenceTries = 40;

/** Opens the sockets of a rehearsal with packets. Needs rights over both namespaces; see {@link openNflog}. */
export function openWire(options: WireOptions): Result<Wire> {
  using made = new DisposableStack();
  const { namespacePid, neighbourPid, farEnds, tracing } = options;
  const within = namespacePid === undefined ? {} : { namespacePid };
  const problems: Problem[] = [];
  const use = <T extends Disposable>(result: Result<T>): T | undefined => {
    if (result.ok) return made.use(result.value);
    problems.push(...result.problems);
    return undefined;
  };
  const watch = (group: number): Nflog | undefined =>
    use(openNflog({ group, ...within, receiveBufferBytes: bufferBytes, copyBytes: 72 }));
  const reported = watch(observerGroup);
  const traced = tracing === 'legacy' ? watch(traceGroup) : undefined;
  const nftTrace: NftTrace | undefined = tracing === 'nft' ? use(openNftTrace(namespacePid)) : undefined;
  const lo: Sender | undefined = use(openSender({ link: loopback, ...within }));
  const four = use(openRawOutput({ family: 4, ...within }));
  const six = use(openRawOutput({ family: 6, ...within }));
  const senders = farEnds.map((link) => openSender({ link, namespacePid: neighbourPid }));
  for (const sender of senders) if (sender.ok) made.use(sender.value);
  if (problems.length > 0 || reported === undefined || lo === undefined || four === undefined || six === undefined)
    return failed(...problems.slice(0, 1));
  const held = made.move();
  const nflog: Nflog = reported;
  const enlarged = nflog.receiveBufferBytes >= bufferBytes;
  const pace = tracing === 'legacy' ? readEvery.traced : enlarged ? readEvery.enlarged : readEvery.small;
  const outputs: Record<Family, RawOutput> = { 4: four, 6: six };

  const owned = new Map<string, RawOutput>();

  /** @throws why there is none */
  const outputFor = ({ family, owner }: Shot): RawOutput => {
    if (owner === undefined) return outputs[family];
    const key = `${family} ${owner.uid} ${owner.gid}`;
    const before = owned.get(key);
    if (before !== undefined) return before;
    const opened = openRawOutput({ family, owner, ...within });
    if (!opened.ok) throw new Error(opened.problems[0]?.message ?? 'no such socket');
    owned.set(key, held.use(opened.value));
    return opened.value;
  };

  const fire = (shot: Shot): string | null => {
    const { by } = shot;
    if (shot.impossible !== undefined) return shot.impossible;
    try {
      if (by === 'output') outputFor(shot).send(shot.bytes, shot.mark);
      else if (by === 'lo') lo.send(shot.bytes);
      else {
        const sender = senders[by];
        if (sender?.ok !== true) return 'no such link could be made';
        sender.value.send(shot.bytes);
      }
      return null;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      // What OUTPUT drops its sender is told: that is an answer, not a failure.
      return by === 'output' && said.endsWith('EPERM') ? null : said;
    }
  };

  async function volley(shots: readonly Shot[], epoch: number): Promise<Result<Sighting[]>> {
    const seen: Sighting[] = shots.map(() => ({ flags: 0, out: null, bound: null, unsent: null, trail: [], ended: false }));
    const find = sightingBy(seen, epoch);
    let fences = 0;
    const take = (packets: readonly NflogPacket[]): void => {
      for (const packet of packets) {
        if (packet.prefix === fenceLetter) {
          fences += identify(packet.payload) === (epoch << 16) >>> 0 ? 1 : 0;
          continue;
        }
        const found = find(packet.payload);
        if (found === undefined) continue;
        // A packet that came back over loopback has ended its way already.
        if ((found.flags & marks.left) !== 0) continue;
        const mark = markOfLetter(packet.prefix);
        found.flags |= mark;
        if (mark === marks.left) found.out = packet.out;
        if (mark === marks.forward || mark === marks.output) found.bound = packet.out;
      }
    };
    const byTrace = new Map<number, Sighting>();
    const read = (): void => {
      take(all(nflog));
      for (const step of all(nftTrace)) {
        if (step.header !== null) {
          const found = find(step.header);
          if (found === undefined) byTrace.delete(step.trace);
          else byTrace.set(step.trace, found);
        }
        const sighting = byTrace.get(step.trace);
        if (sighting === undefined || sighting.ended) continue;
        if (step.table === observerTable) {
          const mark = markOfChain(step.chain);
          sighting.flags |= mark === marks.left ? 0 : mark;
          sighting.ended = mark === marks.left;
        }
        // What has no handle and is no policy says only that a chain's end was reached.
        else if (step.kind === 'policy' || (step.kind === 'rule' && step.handle !== 0))
          sighting.trail.push({ kind: 'nft', family: step.family, table: step.table, chain: step.chain, handle: step.handle });
      }
      for (const { prefix, payload, family, hook } of all(traced)) {
        const sighting = find(payload);
        if (sighting === undefined || sighting.ended) continue;
        sighting.trail.push({ kind: 'legacy', family: family ?? 0, prefix, hook });
      }
    };
    const used = new Set<Shot['by']>();
    for (const [index, shot] of shots.entries()) {
      const sighting = seen[index] as Sighting;
      sighting.unsent = fire(shot);
      used.add(shot.by);
      if (index % pace === 0) read();
    }
    used.delete('output');
    if (used.size === 0) used.add('lo');
    // Twice: what another processor had in hand when the first fence came is done when the second does.
    for (let round = 0; round < 2; round += 1) {
      for (const by of used) {
        const before = fences;
        for (let attempt = 0; fences === before; attempt += 1) {
          if (attempt === fenceTries) return failed(silent);
          const why = fire({ by, family: 4, mark: 0, bytes: fence(epoch) });
          if (why !== null) break;
          for (let wait = 0; wait < 100 && fences === before; wait += 1) {
            await sleep(1);
            read();
          }
        }
      }
    }
    read();
    const lost = nflog.lost() + (traced?.lost() ?? 0) + (nftTrace?.lost() ?? 0);
    return lost > 0 ? failed(overrun(lost)) : ok(seen);
  }
  return ok({ volley, [Symbol.dispose]: () => held.dispose() });
}

/** One reading brings only so much; what is left behind would be missed, and no loss counted. */
function all<T>(source: { read(): T[] } | undefined): readonly T[] {
  const found: T[] = [];
  for (let some = source?.read() ?? []; some.length > 0; some = source?.read() ?? []) for (const one of some) found.push(one);
  return found;
}

/** Finds a shot by the id that its bytes carry. */
function sightingBy(seen: readonly Sighting[], epoch: number): (ip: Uint8Array) => Sighting | undefined {
  return (ip) => {
    const id = isErrorOnWire(ip) ? lowBits(ip) : identify(ip);
    // Errors and headers that are cut carry the low bits alone.
    if (id === undefined || (id > 0xfffff && id >>> 16 !== epoch)) return undefined;
    return seen[(id & 0xffff) - 1];
  };
}

/** Of the id, what the IP header alone holds: behind it stands another packet's. */
const lowBits = (ip: Uint8Array): number | undefined => identify(ip.subarray(0, (ip[0] ?? 0) >>> 4 === 4 ? 20 : 40));

/** An IPv4 packet of UDP to nowhere whose id is 0 in this epoch. */
function fence(epoch: number): Uint8Array {
  const bytes = Buffer.alloc(14 + 60);
  bytes.writeUIntBE(0xffffffffffff, 0, 6);
  bytes.writeUIntBE(fenceMac, 6, 6);
  bytes.writeUInt16BE(0x0800, 12);
  bytes.set([0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2], 14);
  bytes.writeUInt16BE(ipv4Sum(bytes.subarray(14, 34)), 24);
  bytes.writeUInt32BE((epoch << 16) >>> 0, 14 + 20 + 8);
  return bytes;
}

function ipv4Sum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const silent: Problem = {
  code: 'unread',
  message: 'the kernel did not report the end of the packets sent',
  hint: 'check that it has nf_tables and the module nfnetlink_log, and try again',
};

function overrun(lost: number): Problem {
  const hint = 'raise net.core.rmem_max, or send fewer packets at once';
  return { code: 'unread', message: `${lost} of the kernel's reports were lost, so that a missing one says nothing`, hint };
}
