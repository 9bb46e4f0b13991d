import { closeSync, createReadStream, fstatSync, openSync, statSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { start } from '../../../kernel/index.ts';

/** How a rotated file was compressed. */
export type Packing = 'gz' | 'xz' | 'zst';

/** A file by its inode, whatever is under its name when it is opened. */
export interface Packed {
  readonly path: string;
  readonly dev: number;
  readonly ino: string;
  readonly packing: Packing | null;
}

/** What a file holds, in pieces. @throws where it is damaged, was renamed, or the program that reads it is not there. */
export async function* unpack(file: Packed): AsyncGenerator<Buffer> {
  if (file.packing === 'xz') {
    yield* byProgram(file, ['xz', '-dc', '--', file.path]);
    return;
  }
  const fd = openSync(file.path, 'r');
  if (!isSame(file, fstatSync(fd, { bigint: true }))) {
    closeSync(fd);
    throw new Error('it was renamed');
  }
  const input = createReadStream('', { fd, highWaterMark: 256 * 1024 });
  if (file.packing === null) {
    yield* input as AsyncIterable<Buffer>;
    return;
  }
  const out = new PassThrough();
  const flowing = pipeline(input, file.packing === 'gz' ? createGunzip() : createZstdDecompress(), out);
  // Said by the loop below, which reads the same stream.
  flowing.catch(() => undefined);
  try {
    yield* out as AsyncIterable<Buffer>;
    await flowing;
  } finally {
    out.destroy();
  }
}

async function* byProgram(file: Packed, argv: readonly [string, ...string[]]): AsyncGenerator<Buffer> {
  await using child = start({ argv });
  let first = true;
  for await (const piece of child.output as AsyncIterable<Buffer>) {
    // It opened the file before it said anything.
    if (first && !isSame(file, statSync(file.path, { bigint: true }))) throw new Error('it was renamed');
    first = false;
    yield piece;
  }
  const { status, stderr } = await child.ended;
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? `${argv[0]} failed`);
}

function isSame(file: Packed, stats: { readonly dev: bigint; readonly ino: bigint }): boolean {
  return Number(stats.dev) === file.dev && String(stats.ino) === file.ino;
}

/** The first bytes of what it holds, at most so many. */
export async function unpackHead(file: Packed, most: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const piece of unpack(file)) {
    head = Buffer.concat([head, piece]).subarray(0, most);
    if (head.length >= most) break;
  }
  return head;
}
