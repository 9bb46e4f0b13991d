import type { Entry } from './entry.ts';
import { kernelLine } from './packet.ts';
import type { World } from './world.ts';

/** In which form the log is written. */
export const carriers = ['traditional', 'rfc3339', 'journald'] as const;
export type CarrierName = (typeof carriers)[number];

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number: number): string => String(number).padStart(2, '0');

/** Makes the lines of one file, line ends included. It remembers the second that it wrote last. */
export function writerOf(world: World, name: CarrierName): (entry: Entry) => string {
  // The machine had been up for some days.
  const booted = world.from - 2_796_000_000;
  const stamped = name === 'traditional' || world.seed % 2 === 0;
  let [second, head] = [0, ''];
  let cursor = 0;
  const time = (at: number): string => {
    const now = Math.floor(at / 1000);
    if (now !== second) {
      second = now;
      const date = new Date(now * 1000);
      const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
      head =
        name === 'traditional'
          ? `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${clock}`
          : `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}T${clock}`;
    }
    return name === 'traditional' ? head : `${head}.${String(micros(at) % 1_000_000).padStart(6, '0')}+00:00`;
  };
  const sinceBoot = (at: number): string => {
    const us = micros(at - booted);
    return `[${String(Math.floor(us / 1_000_000)).padStart(5)}.${String(us % 1_000_000).padStart(6, '0')}]`;
  };
  const journal = (at: number, text: string, fields: Readonly<Record<string, string>>): string => {
    cursor += 1;
    const us = micros(at);
    return `${JSON.stringify({
      __CURSOR: `s=d48ee9e012734181b0f7b07d22a5f3ff;i=${cursor.toString(16)};b=0123456789abcdef0123456789abcdef;m=${(us - booted * 1000).toString(16)};t=${us.toString(16)};x=9e93211971aee5bb`,
      __REALTIME_TIMESTAMP: String(us),
      __MONOTONIC_TIMESTAMP: String(us - booted * 1000),
      _BOOT_ID: '0123456789abcdef0123456789abcdef',
      _HOSTNAME: world.host,
      ...fields,
      MESSAGE: text,
    })}\n`;
  };
  const kernel = { _TRANSPORT: 'kernel', SYSLOG_FACILITY: '0', SYSLOG_IDENTIFIER: 'kernel', PRIORITY: '4' };
  if (name === 'journald')
    return (entry) => {
      if (entry.kind === 'packet') return journal(entry.at, kernelLine(entry.packet), kernel);
      if (entry.kind === 'journal') return journal(entry.at, entry.text, entry.fields);
      const tag = entry.kind === 'said' ? entry.tag : 'app';
      if (tag === 'kernel') return journal(entry.at, entry.text, kernel);
      const identifier = tag.replace(/\[.*/, '');
      return journal(entry.at, entry.text, {
        _TRANSPORT: 'syslog',
        SYSLOG_IDENTIFIER: identifier,
        PRIORITY: '6',
        _UID: '33',
        _SYSTEMD_UNIT: 'app.service',
      });
    };
  return (entry) => {
    if (entry.kind === 'bare') return `${entry.text}\n`;
    const start = `${time(entry.at)} ${world.host} `;
    if (entry.kind === 'journal') return `${start}sshd[${entry.fields['_PID']}]: ${entry.text}\n`;
    if (entry.kind === 'said') return `${start}${entry.tag}: ${entry.text}\n`;
    return `${start}kernel: ${stamped ? `${sinceBoot(entry.at)} ` : ''}${kernelLine(entry.packet)}\n`;
  };
}

const micros = (at: number): number => Math.floor(at * 1000);
