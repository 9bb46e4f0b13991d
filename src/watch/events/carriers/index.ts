/**
 * The forms in which lines come, one file each: who wrote a line, when, and where its message stands.
 *
 * A carrier decides whose the message is, by what nobody else can have written there, and hands it to whoever reads such messages. It knows
 * neither files nor processes. Called by `lines`, and by sources whose form is known.
 */
import type { Carrier } from './carrier.ts';
import { dmesg } from './dmesg.ts';
import { iso } from './iso.ts';
import { journal } from './journal.ts';
import { kmsg } from './kmsg.ts';
import { STAMP, syslog } from './syslog.ts';
import { isOfProgram } from './tagged.ts';
import { ulogdJson } from './ulogd-json.ts';
import { ulogdSyslog } from './ulogd-syslog.ts';

export type { Carrier } from './carrier.ts';
export { journalCursor } from './journal.ts';

/** Every form that lines come in. */
export const carriers = { syslog, iso, dmesg, kmsg, journal, ulogdJson, ulogdSyslog } as const;

/** In the order in which a line is asked. */
const order: readonly Carrier[] = [iso, ulogdSyslog, syslog, journal, ulogdJson, kmsg, dmesg];

/** The form of a line, by how it is built; `null`: none that is known. */
export function carrierOf(bytes: Uint8Array, from: number, to: number): Carrier | null {
  return order.find((carrier) => carrier.fits(bytes, from, to)) ?? null;
}

/** It is a line of syslog whose program is named beyond doubt: the kernel, or one with its number. */
export function namesProgram(bytes: Uint8Array, from: number, to: number): boolean {
  return syslog.fits(bytes, from, to) && isOfProgram(bytes, from + STAMP, to);
}
