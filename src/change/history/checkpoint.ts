import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/**
 * A seal on the journal up to a line: signed with a key that is gone afterwards, and naming the one that the next is signed with. Whoever
 * becomes root later finds a key that can only seal what comes after.
 */
export interface Checkpoint {
  /** From 1, one after the other. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Lines of the journal that it seals. */
  readonly count: number;
  /** SHA-256 of the last of them. */
  readonly last: string;
  /** SHA-256 of the checkpoint's line before; zeros of the first. */
  readonly previous: string;
  /** The public key of the next. */
  readonly next: string;
}

export const noCheckpoint = '0'.repeat(64);

/** What is signed begins so, that nothing else signed with such a key could be taken for it. */
const context = 'palisade-checkpoint 1\n';

/** One line, without its end. */
export function signCheckpoint(said: Checkpoint, key: KeyObject): string {
  const { number, at, count, last, previous, next } = said;
  const fields = { number, at, count, last, previous, next };
  const signature = sign(null, Buffer.from(context + JSON.stringify(fields)), key).toString('base64');
  return JSON.stringify({ ...fields, signature });
}

/** A line as it was read, if it is of the shape of a checkpoint to the byte; whether its signature is true, nobody has asked yet. */
export function readCheckpoint(line: string): (Checkpoint & { readonly signature: string }) | null {
  try {
    const value = JSON.parse(line) as Checkpoint & { readonly signature: string };
    const { number, at, count, last, previous, next, signature } = value;
    const fits =
      [number, at, count].every(Number.isSafeInteger) &&
      [last, previous].every((one) => /^[0-9a-f]{64}$/.test(one)) &&
      isKey(next) &&
      JSON.stringify({ number, at, count, last, previous, next, signature }) === line;
    return fits ? value : null;
  } catch {
    return null;
  }
}

export function isSignedBy(checkpoint: Checkpoint & { readonly signature: string }, key: KeyObject): boolean {
  const { number, at, count, last, previous, next, signature } = checkpoint;
  const bytes = Buffer.from(signature, 'base64');
  const isPlain = bytes.toString('base64') === signature;
  return isPlain && verify(null, Buffer.from(context + JSON.stringify({ number, at, count, last, previous, next })), key, bytes);
}

export function checkpointDigest(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

const keyForm = /\bed25519:([A-Za-z0-9+/]{43}=)/;

/** `ed25519:` and its 32 bytes in base64 (RFC 8032). */
export function keyText(key: KeyObject): string {
  const { x = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return `ed25519:${Buffer.from(x, 'base64url').toString('base64')}`;
}

/** The first key in a text, as {@link keyText} writes it; `null` where there is none. */
export function publicKeyOf(text: string): KeyObject | null {
  const [, bytes = ''] = keyForm.exec(text) ?? [];
  if (bytes === '') return null;
  try {
    return createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(bytes, 'base64').toString('base64url') },
      format: 'jwk',
    });
  } catch {
    return null;
  }
}

function isKey(text: string): boolean {
  const key = publicKeyOf(text);
  return key !== null && keyText(key) === text;
}

/** What people compare: 16 bytes of its SHA-256, in groups of four digits. */
export function fingerprintOf(key: KeyObject): string {
  const hex = createHash('sha256').update(keyText(key)).digest('hex').slice(0, 32);
  return hex.match(/.{4}/g)?.join(' ') ?? hex;
}
