import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import { type NflogOptions, type NflogSight, openNflog as openGroup, openHanded } from '../../kernel/index.ts';
import { Batch, parsePacketInto } from '../events/index.ts';
import type { Gap } from './nflog/account.ts';
import { createAlarm } from './nflog/alarm.ts';
import { createCounting } from './nflog/counting.ts';
import { formatPlace, type Place, parsePlace } from './nflog/place.ts';
import type { Source } from './source.ts';
import { unavailable } from './unavailable.ts';

export interface NflogSettings extends Omit<NflogOptions, 'promptly'> {
  readonly clock?: Clock;
}

const rows = 8192;
/** More than one of the kernel's batches holds. */
const spare = 4096;

/**
 * The packets that NFLOG rules hand to a group, as they are logged. Loss is exact, packet by packet: while the group is read the kernel numbers them, and while
 * nobody reads it the counters of its rules go on. Where these were set back meanwhile, nobody can tell, and that is said.
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
  const before = after === null ? null : parsePlace(after);
  const begun = clock.now();
  // Behind the opening: what comes from then on is numbered.
  const rules = openHanded(settings);
  using handed = rules.ok ? rules.value : null;
  using alarm = createAlarm(signal);
  const counting = createCounting(nflog, handed ?? { why: 'the rules cannot be read' }, before, () => alarm.ring());
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
    let isDrained: boolean;
    do {
      isDrained = false;
      while (!isDrained && batch.length + spare <= batch.capacity) {
        isDrained = !nflog.receive(take);
        received ||= !isDrained;
      }
    } while (counting.turn(isDrained));
    const lost = nflog.lost();
    let isSaid = lost > told || counting.isNews();
    // What is said to be lost, and the place behind it, are kept together: nothing may come between them.
    if (lost > told) yield { kind: 'lost', count: lost - told, of: 'packets', at: now };
    told = lost;
    const gap = counting.gap();
    if (gap !== null) {
      isSaid = true;
      yield { kind: 'notice', text: gapText(settings.group, before, begun, gap) };
      if (gap.kind !== 'unknown' && gap.more > 0) yield { kind: 'lost', count: gap.more, of: 'packets', at: now };
    }
    if (received || isSaid) {
      yield { kind: 'batch', batch, cursor: formatPlace(counting.place(nflog.received() + told, now)), passed };
      // Under a flood there is always something to read: let timers and sockets have their turn.
      await setImmediate();
    } else await nflog.wait(alarm.before(counting.nextAt()));
  }
}

function gapText(group: number, before: Place | null, begun: number, gap: Gap): string {
  const since = before === null ? '' : ` between ${time(before.since ?? before.at)} and ${time(begun)}`;
  return `Nobody read NFLOG group ${group}${since}: ${sizeText(gap)}.`;
}

function sizeText(gap: Gap): string {
  switch (gap.kind) {
    case 'counted':
      if (gap.packets === 0) return 'nothing was logged then';
      return gap.packets === 1
        ? 'one packet was logged then, and is lost'
        : `${gap.packets} packets were logged then, and are lost`;
    case 'between':
      return `${gap.low} to ${gap.high} packets were logged then, and are lost`;
    case 'unknown':
      return `how many packets were logged then is not known, since ${gap.why}`;
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
