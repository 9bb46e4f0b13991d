import { absent, type Batch, eventKinds, putAddress } from './batch.ts';
import { parseKernelLine } from './line.ts';

/**
 * Reads a line of the kernel's LOG target into the row at `batch.length`, all columns but `at` and the text's; `false` if it is none.
 * It does not add to the length. What {@link parseKernelLine} takes it takes, and nothing else.
 */
export function scanKernelLine(bytes: Uint8Array, from: number, to: number, batch: Batch): boolean {
  const packet = parseKernelLine(bytes.subarray(from, to), 0);
  if (packet === null) return false;
  const row = batch.length;
  batch.kind[row] = eventKinds.packet;
  batch.family[row] = packet.src.family;
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
  return true;
}
