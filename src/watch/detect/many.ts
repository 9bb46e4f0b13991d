const registers = 1024;
const registerBits = 10;

/**
 * How many different things there are, whatever their number, in 1 KiB each: HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007), with a
 * standard error of 3.2 %, and up to some hundreds by linear counting. Hashes have 32 bits, of which things in millions share some: that is
 * reckoned with.
 */
export class Many {
  private readonly ranks: Uint8Array;

  /** @param places so many counts. */
  constructor(places: number) {
    this.ranks = new Uint8Array(registers * places);
  }

  /** @param hash mixed with a seed that nobody knows. */
  add(place: number, hash: number): void {
    const register = registers * place + (hash & (registers - 1));
    const rank = Math.clz32(hash & ~(registers - 1)) + 1;
    const most = 32 - registerBits + 1;
    const bounded = rank > most ? most : rank;
    if (bounded > (this.ranks[register] as number)) this.ranks[register] = bounded;
  }

  count(place: number): number {
    let sum = 0;
    let zeros = 0;
    for (let register = registers * place; register < registers * (place + 1); register += 1) {
      const rank = this.ranks[register] as number;
      sum += 2 ** -rank;
      if (rank === 0) zeros += 1;
    }
    const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
    if (raw <= 2.5 * registers && zeros > 0) return Math.round(registers * Math.log(registers / zeros));
    return Math.round(-(2 ** 32) * Math.log(1 - Math.min(raw, 2 ** 31) / 2 ** 32));
  }

  forget(place: number): void {
    this.ranks.fill(0, registers * place, registers * (place + 1));
  }
}
