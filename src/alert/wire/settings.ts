import { z } from 'zod';
import type { ChannelContext } from '../channel.ts';

/** A secret: the text itself, or the file that holds it, which only root need be able to read. */
export const secretText = z.union([
  z.string().min(1),
  z.strictObject({ file: z.string().min(1).describe('A file that holds it, on one line.') }),
]);

/** What channels over HTTP have in common. */
export const httpSettings = {
  'timeout-seconds': z.int().min(1).max(60).default(10).describe('A whole attempt may take so long.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file of PEM with the authorities to trust, in the place of those that this machine trusts.'),
  'allow-private': z
    .boolean()
    .default(false)
    .describe('The receiver may be this machine or in a private network, also without TLS (http://).'),
} as const;

/** What {@link httpSettings} come to. */
export interface HttpSaid {
  readonly 'timeout-seconds': number;
  readonly ca?: string | undefined;
  readonly 'allow-private': boolean;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** A URL that may be sent to. The reason does not repeat it: it can be a secret. */
export function urlOf(text: string, what = 'url'): Parsed<URL> {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return { ok: false, why: `"${what}" is no address of the form https://HOST/PATH` };
  if (url.username !== '' || url.password !== '')
    return { ok: false, why: `"${what}" holds a name and a password; use "authorization"` };
  return { ok: true, value: url };
}

/** The Authorization header that the settings say, if they do. Throws where it could not stand in one: line ends, or more than ASCII. */
export async function authorizationOf(
  setting: z.output<typeof secretText> | undefined,
  context: ChannelContext,
): Promise<Readonly<Record<string, string>>> {
  if (setting === undefined) return {};
  const text = (await context.secret(setting)).trim();
  if (!/^[\x20-\x7e]+$/.test(text)) throw new Error('"authorization" holds more than one line of ASCII');
  return { authorization: text };
}

/** JSON in which every text is well-formed Unicode. */
export function bodyFor(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner));
}
