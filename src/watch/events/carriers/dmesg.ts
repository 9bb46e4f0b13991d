import { scanKernelLine } from '../scan.ts';
import { pastDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';
import { pastStamp } from './tagged.ts';

/** `[ 2795.966808] MESSAGE`: what `dmesg` prints. Its seconds are since the boot, by the kernel's own clock. */
export const dmesg: Carrier = {
  name: 'dmesg',
  fits: (bytes, from, to) => pastStamp(bytes, from, to) > from,
  read(bytes, from, to, batch, clock) {
    const end = pastStamp(bytes, from, to);
    if (end === from || !scanKernelLine(bytes, end, to, batch)) return false;
    let at = from + 1;
    while (bytes[at] === 32) at += 1;
    let micros = 0;
    const dot = pastDigits(bytes, at, to);
    for (; at < dot; at += 1) micros = micros * 10 + (bytes[at] as number) - 48;
    for (at = dot + 1; at < dot + 7; at += 1) micros = micros * 10 + (bytes[at] as number) - 48;
    batch.at[batch.length] = clock.bootedAt + micros / 1000;
    return true;
  },
};
