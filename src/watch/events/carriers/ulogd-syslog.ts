import { scanKernelLine } from '../scan.ts';
import { find, holds } from '../span.ts';
import type { Carrier } from './carrier.ts';
import { readStamp, STAMP, stamp } from './syslog.ts';
import { isOfProgram } from './tagged.ts';

/**
 * `Nov 22 23:23:15 HOST PREFIX IN=… TOS=00 …`: a file of ulogd2's output plugin LOGEMU. No program stands before the message, so that only whole files of
 * this form can be told from lines of syslog that hold such text: who reads one says so, or the first lines of a file do.
 */
export const ulogdSyslog: Carrier = {
  name: 'ulogd syslog',
  fits: (bytes, from, to) => stamp(bytes, from, to) && isOfUlogd(bytes, from + STAMP, to),
  read(bytes, from, to, batch, clock) {
    if (!readStamp(bytes, from, to, batch, clock) || !isOfUlogd(bytes, from + STAMP, to)) return false;
    let message = from + STAMP;
    while (message < to && bytes[message] !== 32) message += 1;
    return scanKernelLine(bytes, message + 1, to, batch);
  },
};

/** As ulogd writes it: `TOS=` without `0x`, where the kernel has one, or IPv6; and no program's name before it. */
function isOfUlogd(bytes: Uint8Array, from: number, to: number): boolean {
  if (isOfProgram(bytes, from, to)) return false;
  const link = find(bytes, from, to, 'IN=');
  if (link < 0 || find(bytes, link, to, ' OUT=') < 0 || find(bytes, link, to, ' MAC=') < 0) return false;
  const tos = find(bytes, link, to, ' TOS=');
  return tos < 0 ? find(bytes, link, to, ' HOPLIMIT=') > 0 : !holds(bytes, tos + 5, to, '0x');
}
