/** Addresses as the judge compares them: IPv4 each by itself, IPv6 by its /64. It reads what generators and palisade write. */
export class Networks {
  private readonly keys = new Set<string>();
  /** Networks of IPv4 wider than an address, and of IPv6 wider than a /64: first and last. */
  private readonly wide: { readonly from: bigint; readonly to: bigint; readonly six: boolean }[] = [];
  /** As they were said. */
  readonly texts: string[] = [];

  constructor(texts: Iterable<string> = []) {
    for (const text of texts) this.add(text);
  }

  add(text: string): void {
    this.texts.push(text);
    const { six, from, to } = rangeOf(text);
    if (from === to) this.keys.add(keyOf(six, from));
    else this.wide.push({ from, to, six });
  }

  get size(): number {
    return this.texts.length;
  }

  /** Whether a network of these holds the address or network, or is held by it. */
  meets(text: string): boolean {
    const { six, from, to } = rangeOf(text);
    if (from === to && this.keys.has(keyOf(six, from))) return true;
    if (this.wide.some((one) => one.six === six && one.from <= to && from <= one.to)) return true;
    if (from === to) return false;
    for (const text_ of this.texts) {
      const one = rangeOf(text_);
      if (one.six === six && one.from <= to && from <= one.to) return true;
    }
    return false;
  }

  /** How many of the others these hold. */
  count(others: Iterable<string>): number {
    let count = 0;
    for (const other of others) if (this.meets(other)) count += 1;
    return count;
  }
}

const keyOf = (six: boolean, value: bigint): string => `${six ? 6 : 4} ${value}`;

/** IPv4 as 32 bits, IPv6 as its first 64. */
function rangeOf(text: string): { readonly six: boolean; readonly from: bigint; readonly to: bigint } {
  const [address = '', length] = text.split('/');
  const six = address.includes(':');
  const bits = six ? 64 : 32;
  const wide = BigInt(bits - Math.min(bits, length === undefined ? bits : Number(length)));
  const value = six ? sixOf(address) : address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const from = (value >> wide) << wide;
  return { six, from, to: from + (1n << wide) - 1n };
}

function sixOf(address: string): bigint {
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  const rest = after === undefined || after === '' ? [] : after.split(':');
  const whole = after === undefined ? groups : [...groups, ...Array<string>(8 - groups.length - rest.length).fill('0'), ...rest];
  return whole.slice(0, 4).reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
