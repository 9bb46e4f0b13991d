import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../../src/alert/channels/receiver.fixture.ts';

/** Certificates made for a test by openssl: one of a test's own authority that is good for `localhost` and 127.0.0.1, and such as are not. */
export interface Certificates extends Disposable {
  /** The authority, a file. */
  readonly ca: string;
  readonly good: Certificate;
  /** For another name. */
  readonly misnamed: Certificate;
  readonly expired: Certificate;
  /** Signed by nobody that anybody knows. */
  readonly stranger: Certificate;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
  const at = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Authority of a test', '-days', '2');
  const localhost = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const signed = (name: string, days: string, extension = localhost): Certificate => {
    writeFileSync(at(`${name}.ext`), extension);
    run('req', ...newKey, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`);
    const authority = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
    run(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...authority,
      '-days',
      days,
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.pem`),
    );
    return { cert: readFileSync(at(`${name}.pem`), 'utf8'), key: readFileSync(at(`${name}.key`), 'utf8') };
  };
  run(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('self.key'),
    '-out',
    at('self.pem'),
    '-subj',
    '/CN=localhost',
    '-addext',
    localhost,
  );
  return {
    ca: at('ca.pem'),
    good: signed('good', '2'),
    misnamed: signed('misnamed', '2', 'subjectAltName=DNS:elsewhere.example'),
    expired: signed('expired', '-1'),
    stranger: { cert: readFileSync(at('self.pem'), 'utf8'), key: readFileSync(at('self.key'), 'utf8') },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
