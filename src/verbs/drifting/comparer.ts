/**
 * A program of its own: reads one question from its standard input, as V8 writes it, says the answer in JSON, and ends. Whoever keeps watch for
 * months stays small that way: what a thread took, the process keeps.
 */
import { deserialize } from 'node:v8';
import { compared, type Question } from './comparing.ts';

const pieces: Buffer[] = [];
for await (const piece of process.stdin) pieces.push(piece as Buffer);
process.stdout.write(JSON.stringify(compared(deserialize(Buffer.concat(pieces)) as Question)));
