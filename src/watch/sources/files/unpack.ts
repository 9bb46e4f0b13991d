import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { start } from '../../../kernel/index.ts';

/** How a rotated file was compressed. */
export type Packing = 'gz' | 'xz' | 'zst';

/** What a file holds, in pieces. @throws where it is damaged, or the program that reads it is not there. */
export async function* unpack(path: string, packing: Packing | null): AsyncGenerator<Buffer> {
  if (packing === 'xz') yield* byProgram(['xz', '-dc', '--', path]);
  else if (packing === null) yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
  else {
    const out = new PassThrough();
    const flowing = pipeline(createReadStream(path), packing === 'gz' ? createGunzip() : createZstdDecompress(), out);
    // Said by the loop below, which reads the same stream.
    flowing.catch(() => undefined);
    try {
      yield* out as AsyncIterable<Buffer>;
      await flowing;
    } finally {
      out.destroy();
    }
  }
}

async function* byProgram(argv: readonly [string, ...string[]]): AsyncGenerator<Buffer> {
  await using child = start({ argv });
  yield* child.output as Readable as AsyncIterable<Buffer>;
  const { status, stderr } = await child.ended;
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? `${argv[0]} failed`);
}

/** The first bytes of what it holds, at most so many. */
export async function unpackHead(path: string, packing: Packing | null, most: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const piece of unpack(path, packing)) {
    head = Buffer.concat([head, piece]).subarray(0, most);
    if (head.length >= most) break;
  }
  return head;
}
