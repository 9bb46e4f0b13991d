import type { Packet } from '../model/packet/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { aboutOf, isRelatedError, shortestError } from './icmp-error.ts';
import { load, type RehearsalInput } from './load.ts';
import type { Namespace } from './namespace.ts';
import { marks } from './observed.ts';
import { policyChains } from './restorable.ts';
import { restore } from './restore.ts';
import { shotOf } from './shot.ts';
import { turned } from './turned.ts';
import type { Shot, Wire } from './wire.ts';

export interface Connecting {
  readonly namespace: Namespace;
  readonly wire: Wire;
  readonly links: readonly string[];
  readonly epoch: number;
  readonly packets: readonly Packet[];
  readonly input: RehearsalInput;
  /** Ends of the connections that are open; more are added. They stay open as long as the rehearsal. */
  readonly open: Set<string>;
}

export interface Connected {
  /** The rules were loaded anew. */
  readonly reloaded: boolean;
  /** Packets whose state is not to be had, and why. */
  readonly astray: ReadonlyMap<Packet, string>;
}

const notOpened = 'its connection could not be opened';
const alreadyOpen = 'a connection with its ends was opened for another packet, so that it is not new';
const atOnce = 32_000;
const TCP = 6;
const [SYN, ACK] = [2, 16];
const trackingTable = 'palisade-tracking';

/**
 * Opens the connections that ESTABLISHED packets belong to, and those that RELATED errors of ICMP are about, by packets
 * both ways, as the two ends would: TCP's handshake, one packet and its answer for the rest. The rules are out of the way
 * meanwhile, since they may forbid what they let pass once it is established; then they are loaded anew. Translations are
 * out of the way too: connections through them cannot be opened.
 */
export async function openConnections(connecting: Connecting): Promise<Result<Connected>> {
  const { namespace, wire, links, epoch, packets, input, open } = connecting;
  const first = new Map<string, Packet>();
  const keys = new Map<Packet, string>();
  const broken = new Set<string>();
  const astray = new Map<Packet, string>();
  for (const packet of packets) {
    if (isUnopenable(packet)) astray.set(packet, notOpened);
    const opening = openingOf(packet);
    if (opening === null) continue;
    const key = keyOf(opening, epoch);
    if (!first.has(key)) first.set(key, opening);
    keys.set(packet, key);
  }
  for (const key of first.keys()) open.add(key);
  // The kernel would not take it for NEW.
  for (const packet of open.size === 0 ? [] : packets)
    if (packet.state === 'NEW' && [packet, turned(packet)].some((one) => open.has(keyOf(one, epoch))))
      astray.set(packet, alreadyOpen);
  if (first.size === 0) return ok({ reloaded: false, astray });
  const emptied = await empty(namespace, input);
  if (!emptied.ok) return emptied;
  // Without a rule that asks for it, nothing is tracked.
  const chain = (hook: string): string => `chain ${hook} { type filter hook ${hook} priority -150; ct state new; }\n`;
  const tracking = `table inet ${trackingTable} {\n${chain('prerouting')}${chain('output')}}\n`;
  const tracked = await namespace.run({ argv: ['nft', tracking] });
  if (tracked.kind !== 'exited' || tracked.status !== 0)
    return failed(untracked(tracked.kind === 'exited' ? tracked.stderr : tracked.kind));
  for (const [step, flags] of [SYN, SYN | ACK, ACK].entries()) {
    const openings = [...first].filter(([, { proto }]) => step < 2 || proto === TCP);
    for (let from = 0; from < openings.length; from += atOnce) {
      const some = openings.slice(from, from + atOnce);
      const shots = some.map(([, opening], index) => stepShot(opening, step, flags, links, ((epoch << 16) | (index + 1)) >>> 0));
      const seen = await wire.volley(shots, epoch);
      if (!seen.ok) return seen;
      // Nothing is in the way now: what did not come through never will.
      for (const [index, [key]] of some.entries())
        if (((seen.value[index]?.flags ?? 0) & (marks.delivered | marks.left)) === 0) broken.add(key);
    }
  }
  const loaded = await load(namespace, input);
  await namespace.run({ argv: ['nft', `delete table inet ${trackingTable}`] });
  if (!loaded.ok) return loaded;
  for (const [packet, key] of keys) if (broken.has(key)) astray.set(packet, notOpened);
  return ok({ reloaded: true, astray });
}

/** The first packet of its connection; `null` for a packet that needs none. */
function openingOf(packet: Packet): Packet | null {
  if (packet.state === 'ESTABLISHED') return packet.direction === 'original' ? packet : turned(packet);
  return isRelatedError(packet) ? aboutOf(packet) : null;
}

/** RELATED to a connection that a helper expects, a redirect, which would be obeyed, or an error too short to quote what it is about. */
const isUnopenable = (packet: Packet): boolean =>
  packet.state === 'RELATED' && (!isRelatedError(packet) || packet.length < shortestError(packet));

function keyOf({ family, proto, src, dst, sport, dport, icmpType }: Packet, epoch: number): string {
  // Of ICMP the kernel takes the type too, and the epoch is the identifier.
  return [family, proto, src, dst, sport, dport, ...(icmpType === null ? [] : [icmpType, epoch])].join(' ');
}

function stepShot(opening: Packet, step: number, flags: number, links: readonly string[], id: number): Shot {
  const packet = step === 1 ? turned(opening) : opening;
  const length = packet.family === 4 ? 60 : 80;
  const sent = { ...packet, mark: 0, flags: packet.proto === TCP ? flags : 0, ttl: 64, length };
  // Over loopback both ends are this host: what one sends comes in by itself.
  const local = sent.in === 'lo' ? { ...sent, hook: 'output' as const, in: null, out: 'lo' } : sent;
  return shotOf(local, links, id);
}

/** Every table that was loaded, without rules and with ACCEPT everywhere. */
async function empty(namespace: Namespace, { rulesets, backend }: RehearsalInput): Promise<Result<void>> {
  for (const family of [4, 6] as const) {
    const tables = (rulesets[family] ?? '').match(/^\*\S+$/gm) ?? [];
    const text = tables.map((table) => `${table}\n${policies(table.slice(1))}COMMIT\n`).join('');
    const done = await restore(namespace, text, { family, backend });
    if (!done.ok) return failed(...done.problems);
  }
  return ok(undefined);
}

function policies(table: string): string {
  return (policyChains[table] ?? []).map((chain) => `:${chain} ACCEPT [0:0]\n`).join('');
}

function untracked(said: string): Problem {
  const message = `connections cannot be opened here: ${said.trim().split('\n')[0]}`;
  return { code: 'unread', message, hint: 'check that the kernel has nf_conntrack and nft_ct' };
}
