/**
 * What an event is, and how to read one: a packet from a line of the kernel's LOG target in any form that such lines are kept in, or from
 * the bytes that NFLOG hands over; and sshd's word of a login that failed.
 *
 * Pure: bytes in, rows of a {@link Batch} out. It opens nothing (that is `sources`), and never takes text for an event that the kernel's own
 * grammar does not make, or that stands where another program wrote. Called by `sources`, by the detectors and by whoever shows events.
 */
export { absent, Batch, eventKinds, packetAt, putAddress } from './batch.ts';
export { type Carrier, carrierOf, carriers, journalCursor } from './carriers/index.ts';
export { copyRows, textsOf } from './copy.ts';
export type { LoggedPacket } from './event.ts';
export { formatLoggedPacket } from './format.ts';
export { LineClock, type Zone } from './line-clock.ts';
export { LineReader, readLines } from './lines.ts';
export { Names } from './names.ts';
export { scanKernelLine } from './scan.ts';
export { readSshdMessage } from './sshd.ts';
export { Tries } from './tries.ts';
export { type PacketMeta, parsePacketInto } from './wire.ts';
