import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';

/** A certificate of our own and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/**
 * Where systems keep the authorities that they trust, in one file: Debian and Alpine, Red Hat, SUSE. Node could ask too, and would stand still for a tenth
 * of a second.
 */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** A few settings name authorities; each context takes some hundred kilobytes and milliseconds. */
const mostKept = 16;
const kept = new Map<string, SecureContext>();

/**
 * Whom TLS trusts: the authorities of that PEM text, and nobody else; without one, those that this machine trusts, and where it says none, those that Node
 * brings. Throws if the text holds no certificate.
 */
export async function trustedBy(ca: string | null, own: Identity | null = null): Promise<SecureContext> {
  const name = JSON.stringify([ca, own]);
  const known = kept.get(name);
  if (known !== undefined) return known;
  const trusted = ca ?? (await ofThisMachine());
  const context = createSecureContext({ ...(trusted !== null && { ca: trusted }), minVersion: 'TLSv1.2', ...own });
  if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');
  kept.set(name, context);
  return context;
}

async function ofThisMachine(): Promise<string | null> {
  for (const path of bundles) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.includes('BEGIN CERTIFICATE')) return text;
  }
  return null;
}

/** The text of a file that settings name; `null` if they name none. Read anew each time: a certificate that was renewed counts at once. */
export async function fileText(path: string | undefined): Promise<string | null> {
  return path === undefined ? null : await readFile(path, 'utf8');
}

export async function identity(certificate: string | undefined, key: string | undefined): Promise<Identity | null> {
  const [cert, keyText] = [await fileText(certificate), await fileText(key)];
  return cert === null || keyText === null ? null : { cert, key: keyText };
}
