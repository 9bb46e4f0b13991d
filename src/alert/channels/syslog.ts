import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setImmediate as immediately, setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Channel, Delivery } from '../channel.ts';
import { facilities, framed, recordsOf } from '../syslog/index.ts';
import { connect, faultOf, senderOf, sendWhole } from '../wire/index.ts';

const settings = z.strictObject({
  host: z.string().min(1).describe('Who collects.'),
  port: z.int().min(1).max(65535).optional().describe('Its port; 6514 with tls, else 514.'),
  transport: z
    .enum(['tls', 'tcp', 'udp'])
    .default('tls')
    .describe('How it is sent. Over udp and tcp anybody on the way can read and change it; what udp loses, nobody notices.'),
  format: z
    .enum(['rfc5424', 'cef', 'leef'])
    .default('rfc5424')
    .describe('What the text of a record is: words, or what a SIEM reads.'),
  facility: z.enum(facilities).default('local0').describe('The facility.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file of PEM with the authorities to trust, in the place of those that this machine trusts.'),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe('A file of PEM with a certificate of our own, for collectors that ask for one; needs "key".'),
  key: z.string().min(1).optional().describe('The file of its key.'),
  'timeout-seconds': z.int().min(1).max(60).default(10).describe('A whole attempt may take so long.'),
});
type Settings = z.output<typeof settings>;

/** What collectors take: rsyslog cuts at 8 KiB unless it is told otherwise; over UDP 2048 should be taken (RFC 5426 §3.2). */
const mostBytes = { tls: 8000, tcp: 8000, udp: 2048 } as const;
/** How long a host that nobody listens on may take to say so. */
const refusalMs = 150;

/** A record for each alert, to a collector of logs. */
export const syslog: Channel<typeof settings> = {
  type: 'syslog',
  summary: 'a collector of logs: RFC 5424 over TLS, TCP or UDP, also as CEF or LEEF',
  settings,
  open: (said) =>
    senderOf(async (message, signal) => {
      const late = AbortSignal.timeout(said['timeout-seconds'] * 1000);
      const either = AbortSignal.any([signal, late]);
      const records = recordsOf(message, said.format, said.facility, mostBytes[said.transport]);
      const port = said.port ?? (said.transport === 'tls' ? 6514 : 514);
      const where = `${said.host}:${port}`;
      try {
        return said.transport === 'udp'
          ? await byDatagram(records, said.host, port, either)
          : await byStream(framed(records), said, port, either);
      } catch (error) {
        if (signal.aborted) return { kind: 'again', why: `${where}: stopped before it was sent` };
        if (late.aborted) return { kind: 'again', why: `${where}: not taken within ${said['timeout-seconds']} seconds` };
        return { kind: 'again', why: `${where}: ${faultOf(error)}` };
      }
    }),
};

/**
 * One connection a message, which is delivered when the collector closes its side after ours: then it has read to the end. One that dies with unread
 * lines in its kernel's hands resets the connection; one that hangs closes nothing, and nobody knows what it will do when it goes on.
 */
async function byStream(bytes: Buffer, said: Settings, port: number, signal: AbortSignal): Promise<Delivery> {
  const { host, transport, ca, certificate, key } = said;
  const socket = await connect({ host, port, tls: transport === 'tls' ? { ca, certificate, key } : null }, signal);
  try {
    const ended = await sendWhole(socket, bytes);
    if (ended.kind === 'closed') return { kind: 'delivered' };
    signal.throwIfAborted();
    return { kind: 'again', why: `${host}:${port}: ${faultOf(ended.error)} before all was read` };
  } finally {
    socket.destroy();
  }
}

/** Says only that nobody has said no: a socket that is connected is told when the host answers that nobody listens. */
async function byDatagram(records: readonly string[], host: string, port: number, signal: AbortSignal): Promise<Delivery> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const { address, family } = await Promise.race([lookup(host), stopped]);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    const refused = new Promise<never>((_, reject) => socket.once('error', reject));
    const sent = async (): Promise<Delivery> => {
      await new Promise<void>((resolve) => socket.connect(port, address, resolve));
      for (const record of records) await put(socket, record);
      await sleep(refusalMs);
      // On a busy machine time passes before what has come meanwhile is looked at.
      await immediately();
      return { kind: 'delivered' };
    };
    return await Promise.race([sent(), refused, stopped]);
  } finally {
    // An error that comes after is of no interest, and would end the process.
    socket.on('error', () => undefined);
    socket.close();
  }
}

function put(socket: Socket, record: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(record, (error) => (error === null ? resolve() : reject(error)));
  });
}
