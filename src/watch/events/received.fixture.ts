import { Batch, type LoggedPacket, packetAt, parsePacketInto } from './index.ts';
import { type NflogMeta, parseNflogPacket } from './packet.fixture.ts';
import { shown } from './scanned.fixture.ts';

/**
 * A packet as NFLOG hands it over, read into a row, and by the slow reading.
 *
 * @throws {Error} when they do not say the same.
 */
export function received(payload: Uint8Array, meta: NflogMeta): LoggedPacket | null {
  const expected = parseNflogPacket(payload, meta);
  const names = new Batch(1).names;
  const fresh = new Batch(4, names);
  const numbers = {
    at: meta.at,
    prefix: names.of(Buffer.from(meta.prefix, 'latin1'), 0, meta.prefix.length),
    in: names.named(meta.in ?? ''),
    out: names.named(meta.out ?? ''),
    mark: meta.mark,
  };
  // A row that holds another event is written over.
  fresh.src.fill(7);
  fresh.dst.fill(7);
  const got = parsePacketInto(payload, numbers, fresh) ? packetAt(fresh, 0) : null;
  if (shown(got) !== shown(expected))
    throw new Error(
      `broken promise: both readings say the same of ${Buffer.from(payload).toString('hex')}:\n${shown(got)}\n${shown(expected)}`,
    );
  return expected;
}
