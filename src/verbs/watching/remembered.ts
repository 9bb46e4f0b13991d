import type { Reading } from '../../store/index.ts';
import { absent, Batch, eventKinds, type LoggedPacket, putAddress } from '../../watch/index.ts';

/** So much of what was before is looked at again, and so many events of it at most. */
const learntMs = 10 * 60_000;
const mostLearnt = 50_000;

const kinds = { packet: eventKinds.packet, 'failed-login': eventKinds.failedLogin, 'accepted-login': eventKinds.acceptedLogin };

/** The events of the last minutes, oldest first, as batches that are filled anew each time. */
export function* rememberedBatches(reading: Reading, now: number): Generator<Batch> {
  const newest = [...reading.events({ since: now - learntMs, most: mostLearnt })].reverse();
  const batch = new Batch(4096);
  for (const { kind, trusted, packet } of newest) {
    if (batch.isFull() || (batch.length > 0 && batch.trusted !== trusted)) {
      yield batch;
      batch.clear();
    }
    batch.trusted = trusted;
    put(batch, packet);
    batch.kind[batch.length - 1] = kinds[kind];
  }
  if (batch.length > 0) yield batch;
}

function put(batch: Batch, packet: LoggedPacket): void {
  const row = batch.length;
  batch.family[row] = packet.src.family;
  batch.at[row] = packet.at;
  putAddress(batch.src, 4 * row, packet.src);
  putAddress(batch.dst, 4 * row, packet.dst);
  batch.proto[row] = packet.proto ?? absent;
  batch.sport[row] = packet.sport ?? absent;
  batch.dport[row] = packet.dport ?? absent;
  batch.icmpType[row] = packet.icmpType ?? absent;
  batch.icmpCode[row] = packet.icmpCode ?? absent;
  batch.flags[row] = packet.flags ?? absent;
  batch.size[row] = packet.length ?? absent;
  batch.ttl[row] = packet.ttl ?? absent;
  batch.mark[row] = packet.mark;
  batch.prefix[row] = batch.names.named(packet.prefix);
  batch.in[row] = batch.names.named(packet.in ?? '');
  batch.out[row] = batch.names.named(packet.out ?? '');
  batch.textFrom[row] = 0;
  batch.textLength[row] = 0;
  batch.length += 1;
}
