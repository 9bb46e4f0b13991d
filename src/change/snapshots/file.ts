import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { digestToSign, type Signature, signatureLine, signatureOf } from './signature.ts';
import { bodyText, parseBody, parseMeta, type Snapshot, type SnapshotMeta } from './snapshot.ts';

/** The first words of every snapshot; the digit is the form's. */
const lead = 'palisade-snapshot 1 ';
const idForm = /^[0-9a-f]{64}$/;
/** A host with a million members of sets prints some 50 MB. */
const mostBytes = 1024 * 1024 * 1024;
/** META and the signature are short; who writes longer ones is not us. */
const longestHead = 16_384;

/** A snapshot as it lies in a file. */
export interface Packed {
  /** SHA-256, in hexadecimal, of every byte behind the first line. */
  readonly id: string;
  readonly bytes: Buffer;
  readonly signature: Signature | null;
}

/** What stands at the beginning of a file: enough for a list. It is not compared with the rest. */
export interface Head {
  readonly id: string;
  readonly meta: SnapshotMeta;
  readonly signature: Signature | null;
}

/**
 * Four parts: `palisade-snapshot 1 ID`, a line of JSON about it, a line with its signature or `-`, and gzip of what it holds
 * (`tail -n +4 FILE | zcat` prints it). ID is the SHA-256 of all that follows its line: no byte can be another.
 *
 * @param sign signs 32 bytes; none: it bears no signature
 */
export function pack({ meta, ...body }: Snapshot, sign: ((digest: Buffer) => Signature) | null): Packed {
  const packed = gzipSync(Buffer.from(bodyText(body), 'utf8'));
  const metaLine = JSON.stringify(meta);
  const signature = sign === null ? null : sign(digestToSign(metaLine, packed));
  const rest = Buffer.concat([Buffer.from(`${metaLine}\n${signatureLine(signature)}\n`, 'utf8'), packed]);
  const id = createHash('sha256').update(rest).digest('hex');
  return { id, signature, bytes: Buffer.concat([Buffer.from(`${lead}${id}\n`, 'latin1'), rest]) };
}

/** @param bytes the beginning of a file, some 20 KB of it, or all */
export function headOf(bytes: Buffer, file: string): Result<Head> {
  const first = bytes.indexOf(10);
  const second = bytes.indexOf(10, first + 1);
  const third = bytes.indexOf(10, second + 1);
  const id = idIn(bytes);
  if (first < 0 || first > 200 || !bytes.toString('latin1', 0, lead.length).startsWith(lead) || !idForm.test(id))
    return failed(damaged(file, bytes.length === 0 ? 'it is empty' : 'it is no snapshot of palisade’s'));
  if (third < 0 || third > longestHead) return failed(damaged(file, 'it is cut off'));
  const signature = signatureOf(bytes.toString('utf8', second + 1, third));
  if (signature === undefined) return failed(damaged(file, 'its signature is none'));
  const meta = parseMeta(bytes.toString('utf8', first + 1, second), file);
  return meta.ok ? ok({ id, meta: meta.value, signature }) : meta;
}

/** What a snapshot was signed as, whether or not it is. */
export interface Unpacked {
  readonly snapshot: Snapshot;
  readonly head: Head;
  readonly signed: Buffer;
}

/** All of a file: refused if any byte of it is another than was written. */
export function unpack(bytes: Buffer, file: string): Result<Unpacked> {
  const head = headOf(bytes, file);
  const first = bytes.indexOf(10);
  // Whatever its lines say, first of all it has to be what was written.
  if (idForm.test(idIn(bytes)) && !isAsWritten(bytes))
    return failed(damaged(file, 'it is not as it was written: some of it was changed or cut off'));
  if (!head.ok) return head;
  const second = bytes.indexOf(10, first + 1);
  const third = bytes.indexOf(10, second + 1);
  const packed = bytes.subarray(third + 1);
  const text = textIn(packed);
  if (text === null) return failed(damaged(file, 'what it holds cannot be unpacked'));
  const body = parseBody(text, file);
  if (!body.ok) return body;
  const signed = digestToSign(bytes.toString('utf8', first + 1, second), packed);
  return ok({ snapshot: { ...body.value, meta: head.value.meta }, head: head.value, signed });
}

/** What the first line says. */
function idIn(bytes: Buffer): string {
  return bytes.toString('latin1', lead.length, Math.max(bytes.indexOf(10), lead.length));
}

/** Whether its first line names all that follows. */
export function isAsWritten(bytes: Buffer): boolean {
  const rest = bytes.subarray(bytes.indexOf(10) + 1);
  return createHash('sha256').update(rest).digest('hex') === idIn(bytes);
}

function textIn(packed: Buffer): string | null {
  try {
    return gunzipSync(packed, { maxOutputLength: mostBytes }).toString('utf8');
  } catch (error) {
    // zlib and the limit on its output say so.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}

export function damaged(file: string, message: string): Problem {
  return { code: 'snapshot-invalid', at: { file }, message, hint: 'take another; palisade backup list names them' };
}
