import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import { type NflogOptions, type NflogSight, openNflog as openGroup } from '../../kernel/index.ts';
import { Batch, parsePacketInto } from '../events/index.ts';
import type { Source } from './source.ts';
import { unavailable } from './unavailable.ts';

export interface NflogSettings extends Omit<NflogOptions, 'promptly'> {
  readonly clock?: Clock;
}

const rows = 8192;
/** More than one of the kernel's batches holds. */
const spare = 4096;

/**
 * The packets that NFLOG rules hand to a group, as they are logged. Loss is exact, packet by packet; what is logged while nobody reads the group
 * the kernel does not number, and it is said when that was.
 */
export function openNflog(settings: NflogSettings): Source {
  return { name: `nflog:${settings.group}`, trusted: true, follow: (after, signal) => follow(settings, after, signal) };
}

async function* follow(settings: NflogSettings, after: string | null, signal: AbortSignal): ReturnType<Source['follow']> {
  const clock = settings.clock ?? systemClock;
  const opened = openGroup({ ...settings, promptly: true });
  if (!opened.ok) {
    yield* unavailable(opened.problems);
    return;
  }
  using nflog = opened.value;
  const unread = after === null ? Number.NaN : Number(after);
  if (!Number.isNaN(unread))
    yield {
      kind: 'notice',
      text: `Nobody read NFLOG group ${settings.group} between ${time(unread)} and ${time(clock.now())}: what was logged then is not counted.`,
    };
  const batch = new Batch(rows);
  batch.trusted = true;
  const links = createLinks(batch, (index) => nflog.nameOf(index));
  const meta = { at: 0, prefix: 0, in: 0, out: 0, mark: 0 };
  let now = 0;
  let passed = 0;
  const take = (packet: NflogSight): void => {
    // The kernel stamps what arrives; what leaves may be unstamped, and is then of now.
    meta.at = Number.isNaN(packet.at) ? now : packet.at;
    meta.prefix = batch.names.of(packet.bytes, packet.prefixFrom, packet.prefixTo);
    meta.in = links.named(packet.inIndex);
    meta.out = links.named(packet.outIndex);
    meta.mark = packet.mark;
    const payload = packet.bytes.subarray(packet.payloadFrom, packet.payloadTo);
    if (packet.family === 0 || !parsePacketInto(payload, meta, batch)) {
      passed += 1;
      return;
    }
    batch.textLength[batch.length] = 0;
    batch.length += 1;
  };
  let told = 0;
  while (!signal.aborted) {
    batch.clear();
    links.forget();
    passed = 0;
    now = clock.now();
    let received = false;
    while (batch.length + spare <= batch.capacity && nflog.receive(take)) received = true;
    const lost = nflog.lost();
    if (lost > told) yield { kind: 'lost', count: lost - told, of: 'packets', at: now };
    told = lost;
    if (received) {
      yield { kind: 'batch', batch, cursor: String(now), passed };
      // Under a flood there is always something to read: let timers and sockets have their turn.
      await setImmediate();
    } else await nflog.wait(signal);
  }
}

/** Names of links as numbers of the batch. A link may be renamed, so each is asked for anew in each batch. */
function createLinks(batch: Batch, nameOf: (index: number) => string): { named(index: number): number; forget(): void } {
  const known = new Map<number, number>();
  // Packets that come together mostly came by the same link.
  let last = 0;
  let lastName = 0;
  return {
    named(index) {
      if (index === 0) return 0;
      if (index === last) return lastName;
      last = index;
      lastName = known.get(index) ?? batch.names.named(nameOf(index));
      known.set(index, lastName);
      return lastName;
    },
    forget() {
      known.clear();
      last = 0;
    },
  };
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
