import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

/** Who made a snapshot, as Ed25519 (RFC 8032) says it. */
export interface Signature {
  /** The first sixteen hexadecimal digits of the SHA-256 of the public key (its SubjectPublicKeyInfo, RFC 8410). */
  readonly key: string;
  readonly bytes: Buffer;
}

/** What is signed says what it is, so that nothing signed for another purpose passes for it. */
const purpose = 'palisade snapshot\n';

export function digestToSign(metaLine: string, packed: Buffer): Buffer {
  const body = createHash('sha256').update(packed).digest();
  return createHash('sha256').update(purpose).update(metaLine, 'utf8').update('\n').update(body).digest();
}

export function signatureLine(signature: Signature | null): string {
  return signature === null ? '-' : `ed25519 ${signature.key} ${signature.bytes.toString('base64')}`;
}

/** `undefined` of a line that is neither a signature nor says that there is none. */
export function signatureOf(line: string): Signature | null | undefined {
  if (line === '-') return null;
  const [, key, text] = /^ed25519 ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)$/.exec(line) ?? [];
  return key === undefined || text === undefined ? undefined : { key, bytes: Buffer.from(text, 'base64') };
}

/** A new pair, as PEM (PKCS #8, SubjectPublicKeyInfo). */
export function makeKey(): { readonly secret: string; readonly open: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), open: pemOf(publicKey) };
}

/** As PEM (SubjectPublicKeyInfo). */
export function pemOf(open: KeyObject): string {
  return open.export({ type: 'spki', format: 'pem' }).toString();
}

/** By which a signature names its key. */
export function keyName(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** `null` of a text that is no Ed25519 key. */
export function openKey(pem: string): KeyObject | null {
  return keyIn(() => createPublicKey(pem));
}

export function secretKey(pem: string): KeyObject | null {
  return keyIn(() => createPrivateKey(pem));
}

function keyIn(read: () => KeyObject): KeyObject | null {
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch (error) {
    // Whatever OpenSSL has against a text, it is no key.
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}

/** The public half. */
export function openHalf(secret: KeyObject): KeyObject {
  return createPublicKey(secret);
}

export function signWith(secret: KeyObject): (digest: Buffer) => Signature {
  const key = keyName(openHalf(secret));
  return (digest) => ({ key, bytes: sign(null, digest, secret) });
}

export function isSignedBy(open: KeyObject, digest: Buffer, { bytes }: Signature): boolean {
  return verify(null, digest, open, bytes);
}
