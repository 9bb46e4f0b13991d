import { z } from 'zod';
import type { Tls, Where } from './call.ts';

const file = z.string().startsWith('/');

/** How a Zabbix server or proxy is reached: the same for reports and alerts. */
export const serverSettings = {
  server: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+)(:\d{1,5})?$/)
    .meta({ wanted: 'a host, or HOST:PORT' })
    .describe('The Zabbix server or proxy, HOST or HOST:PORT (port 10051 unless said).'),
  host: z
    .string()
    .regex(/^[\w. -]{1,128}$/)
    .meta({ wanted: 'a name of letters, digits, blanks, dots, - and _, as Zabbix takes them' })
    .optional()
    .describe('This host, as Zabbix calls it; its host name unless said.'),
  tls: z
    .enum(['none', 'psk', 'cert'])
    .default('none')
    .describe('How the connection is kept from others: with a pre-shared key, with certificates, or not at all.'),
  'psk-identity': z.string().max(128).optional().describe('tls: psk: the key’s name, as Zabbix has it.'),
  'psk-file': file.optional().describe('tls: psk: the file that holds the key, in hexadecimal digits.'),
  'ca-file': file.optional().describe('tls: cert: whom to believe certificates, PEM.'),
  'cert-file': file.optional().describe('tls: cert: this host’s certificate, PEM.'),
  'key-file': file.optional().describe('tls: cert: its key, PEM.'),
  'server-name': z.string().optional().describe('tls: cert: to whom the server’s certificate is made out; its host unless said.'),
  'timeout-seconds': z.number().min(1).max(60).default(10).describe('So long the server may take to answer.'),
};

const form = z.strictObject(serverSettings);
export type ServerSettings = z.output<typeof form>;

/** Where to, or what is missing: one clause, no full stop. */
export type Reached = { readonly ok: true; readonly where: Where } | { readonly ok: false; readonly why: string };

/**
 * Reads what the settings name, anew each time, since keys are changed.
 *
 * @param read the text of a file, without its last line end
 */
export async function reached(settings: ServerSettings, read: (file: string) => Promise<string>): Promise<Reached> {
  const { host, port } = addressOf(settings.server);
  let tls: Tls | string;
  try {
    tls = await tlsOf(settings, host, read);
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  }
  if (typeof tls === 'string') return { ok: false, why: tls };
  return { ok: true, where: { host, port, tls, timeoutMs: settings['timeout-seconds'] * 1000 } };
}

export function addressOf(server: string): { readonly host: string; readonly port: number } {
  const [, inBrackets, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? [];
  return { host: inBrackets ?? plain ?? server, port: Number(port ?? 10051) };
}

async function tlsOf(settings: ServerSettings, host: string, read: (file: string) => Promise<string>): Promise<Tls | string> {
  switch (settings.tls) {
    case 'none':
      return { kind: 'none' };
    case 'psk': {
      const { 'psk-identity': identity, 'psk-file': keyFile } = settings;
      if (identity === undefined || keyFile === undefined) return 'tls: psk needs psk-identity and psk-file';
      const digits = await read(keyFile);
      // As Zabbix has it: 128 to 2048 bits.
      if (!/^([0-9A-Fa-f]{2}){16,256}$/.test(digits)) return `${keyFile} holds no key of 32 to 512 hexadecimal digits`;
      return { kind: 'psk', identity, key: Buffer.from(digits, 'hex') };
    }
    case 'cert': {
      const { 'ca-file': ca, 'cert-file': cert, 'key-file': key, 'server-name': name = host } = settings;
      if (ca === undefined || cert === undefined || key === undefined) return 'tls: cert needs ca-file, cert-file and key-file';
      const [caText, certText, keyText] = await Promise.all([ca, cert, key].map(read));
      return { kind: 'cert', ca: caText ?? '', cert: certText ?? '', key: keyText ?? '', name };
    }
  }
}
