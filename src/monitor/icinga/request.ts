import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { z } from 'zod';

/** How Icinga is reached, as the configuration says it. */
export const icingaAccess = {
  url: z
    .string()
    .regex(/^https:\/\/[^/?#]+\/?$/)
    .default('https://127.0.0.1:5665')
    .describe('Where Icinga’s API listens.'),
  user: z.string().min(1).default('palisade').describe('Its ApiUser.'),
  'password-file': z.string().min(1).default('/etc/palisade/icinga.password').describe('The file that holds its password.'),
  ca: z.string().min(1).default('/var/lib/icinga2/certs/ca.crt').describe('The certificate of who signed Icinga’s own.'),
  'tls-name': z.string().min(1).optional().describe('The name in Icinga’s certificate, where it is not that of the URL.'),
};

const accessSchema = z.object(icingaAccess);

export type IcingaAccess = z.output<typeof accessSchema>;

export type IcingaAnswer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly why: string; readonly hint: string };

const limitMs = 10_000;
const mostBytes = 8 * 2 ** 20;

/** Asks once; it throws nothing. Answers of any status are answers. */
export async function ask(
  access: IcingaAccess,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<IcingaAnswer> {
  let password: string;
  let ca: Buffer;
  try {
    password = (await readFile(access['password-file'], 'utf8')).replace(/\r?\n$/, '');
    ca = await readFile(access.ca);
  } catch (error) {
    const { path: file = '', code = '' } = error as NodeJS.ErrnoException;
    return { ok: false, why: `${file} cannot be read (${code})`, hint: 'name the file with password-file and ca' };
  }
  const url = new URL(path, access.url);
  const within = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const text = body === undefined ? '' : JSON.stringify(body);
  return await new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve({ ok: false, ...complaint(error, url.host, within) });
    const asked = request(
      url,
      {
        // A question with a body goes as a POST that says what it is.
        method: 'POST',
        ca,
        auth: `${access.user}:${password}`,
        agent: false,
        signal: within,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-http-method-override': method,
          'content-length': Buffer.byteLength(text),
        },
        ...(access['tls-name'] !== undefined && { servername: access['tls-name'] }),
      },
      (answer) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > mostBytes) answer.destroy(new Error('it answers without end'));
          else pieces.push(piece);
        });
        answer.on('error', failed);
        answer.on('end', () =>
          resolve({ ok: true, status: answer.statusCode ?? 0, body: jsonIn(Buffer.concat(pieces).toString()) }),
        );
      },
    );
    asked.on('error', failed);
    asked.end(text);
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 200);
  }
}

function complaint(
  { code = '', message }: NodeJS.ErrnoException,
  host: string,
  within: AbortSignal,
): { why: string; hint: string } {
  if (within.aborted) return { why: `${host} did not answer in time`, hint: 'see whether Icinga hangs, and what lies between' };
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return {
      why: `the certificate of ${host} is not trusted (${code})`,
      hint: 'name who signed it with ca, and the name in it with tls-name',
    };
  }
  return {
    why: `${host} cannot be reached (${code === '' ? message : code})`,
    hint: 'see whether Icinga runs and its API is enabled (icinga2 api setup)',
  };
}
