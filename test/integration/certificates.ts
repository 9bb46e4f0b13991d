import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, with the authority that signed it; all are paths. */
export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes an authority, and a certificate of it for a server: for two days, or one that has expired.
 *
 * @param names what it is for: `DNS:mail.example`, `IP:127.0.0.1`
 */
export function makeCertificate(folder: string, name: string, names: readonly string[], { expired = false } = {}): Certificate {
  const at = (suffix: string): string => join(folder, `${name}${suffix}`);
  const openssl = (...argv: string[]): void => void execFileSync('openssl', argv, { stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...ec, '-keyout', at('-ca.key'), '-out', at('-ca.pem'), '-days', '2', '-subj', `/CN=${name} authority`);
  openssl('req', ...ec, '-keyout', at('.key'), '-out', at('.csr'), '-subj', `/CN=${name}`);
  writeFileSync(at('.ext'), `subjectAltName=${names.join(',')}\n`);
  openssl(
    ...['x509', '-req', '-in', at('.csr'), '-CA', at('-ca.pem'), '-CAkey', at('-ca.key'), '-CAcreateserial'],
    ...['-out', at('.pem'), '-extfile', at('.ext'), '-days', expired ? '-1' : '2'],
  );
  chmodSync(at('.key'), 0o644);
  return { ca: at('-ca.pem'), cert: at('.pem'), key: at('.key') };
}
