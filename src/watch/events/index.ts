/**
 * What a logged packet is, and how to read one: from a line of the kernel's LOG target, or from the bytes that NFLOG
 * hands over.
 *
 * Pure: bytes in, values out. It knows no carrier (that is `sources`), keeps nothing, and never takes text for an event
 * that the kernel's own grammar does not make. Called by `sources`, by the detectors and by whoever shows events.
 */
export { absent, addressAt, Batch, eventKinds, packetAt, putAddress } from './batch.ts';
export type { LoggedPacket } from './event.ts';
export { formatLoggedPacket } from './format.ts';
export { parseKernelLine } from './line.ts';
export { Names } from './names.ts';
export { type NflogMeta, parseNflogPacket } from './packet.ts';
