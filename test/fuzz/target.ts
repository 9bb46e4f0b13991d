import type { Random } from './random.ts';

/** One parser under test: what it is given, and what must hold of its answer. */
export interface Target<Input extends string | Uint8Array> {
  readonly name: string;
  /** An input of ordinary size. */
  make(random: Random): Input;
  /** One of about a megabyte, of a shape that punishes careless reading. */
  makeLarge(random: Random): Input;
  /** Throws when a promise is broken; says whether the input was accepted. */
  check(input: Input): boolean;
}

/** An input and its check, whatever kind of input that is. */
export interface Trial {
  readonly target: string;
  readonly isLarge: boolean;
  readonly input: string | Uint8Array;
  check(): boolean;
}

/** Makes trials of one target. */
export interface Trials {
  readonly name: string;
  trial(random: Random, isLarge: boolean): Trial;
}

export function trialsOf<Input extends string | Uint8Array>(target: Target<Input>): Trials {
  return {
    name: target.name,
    trial(random, isLarge) {
      const input = isLarge ? target.makeLarge(random) : target.make(random);
      return { target: target.name, isLarge, input, check: () => target.check(input) };
    },
  };
}

const megabyte = 1_000_000;

/** A piece, over and over, up to a megabyte. */
export function filled(piece: string): string {
  return piece === '' ? '' : piece.repeat(Math.ceil(megabyte / piece.length));
}

/** Lines that differ in a number, up to a megabyte. */
export function numbered(line: (number: number) => string): string {
  const all: string[] = [];
  for (let length = 0, number = 0; length < megabyte; number += 1) {
    const one = line(number);
    all.push(one);
    length += one.length;
  }
  return all.join('');
}

/** A few bytes changed, cut out, put in or doubled. */
export function withBytesChanged(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = bytes;
  for (let edit = random.nat(4); edit > 0; edit -= 1) {
    const at = random.nat(changed.length + 1);
    const kind = random.nat(5);
    if (kind === 0) changed = changed.slice(0, at);
    else if (kind === 1) changed = Uint8Array.from([...changed.slice(0, at), random.nat(256), ...changed.slice(at)]);
    else if (kind === 2) changed = Uint8Array.from([...changed.slice(0, at), ...changed.slice(at + 1 + random.nat(8))]);
    else {
      changed = changed.slice();
      if (at < changed.length) changed[at] = random.once(2) ? random.nat(256) : random.pick([0, 1, 127, 128, 255]);
    }
  }
  return changed;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
