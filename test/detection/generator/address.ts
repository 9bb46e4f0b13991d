import type { Random } from './random.ts';

/** IPv4 as a number, IPv6 as the kernel prints it: eight groups of four digits. */
export type Address = number | string;

export function ip4(text: string): number {
  return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** The address within a /64 whose last 64 bits are these, both as the kernel prints them. */
export function ip6(network: string, host: string): string {
  return `${network}:${host}`;
}

export function words(address: Address): string {
  if (typeof address === 'string') return address;
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Last 64 bits of an address, by chance. */
export function anyHost(random: Random): string {
  const group = (): string => random.int(0, 0xffff).toString(16).padStart(4, '0');
  return `${group()}:${group()}:${group()}:${group()}`;
}

/** Networks of IPv4 that nobody on the internet sends from: RFC 6890, without those for documentation, which are taken apart. */
const reserved: readonly (readonly [network: string, length: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
const masks = reserved.map(([network, length]) => ({ network: ip4(network) >>> (32 - length), shift: 32 - length }));

/** Addresses of the internet, each handed out once. */
export class Pool {
  private readonly random: Random;
  private readonly taken = new Set<Address>();
  /** Networks of length 24 in which nobody else shall be. */
  private readonly closed = new Set<number>();

  constructor(random: Random, closed: readonly number[]) {
    this.random = random;
    for (const address of closed) this.closed.add(address >>> 8);
  }

  one(): number {
    for (;;) {
      const address = this.random.int(0x01000000, 0xdfffffff);
      if (this.isPublic(address) && !this.closed.has(address >>> 8) && this.take(address)) return address;
    }
  }

  /** Another address of the same /24. */
  beside(address: number): number {
    for (let tries = 0; tries < 1000; tries += 1) {
      const other = ((address & 0xffffff00) | this.random.int(1, 254)) >>> 0;
      if (this.take(other)) return other;
    }
    return this.one();
  }

  /** The first address of a /24 that is nobody else's from now on. */
  network(): number {
    const address = (this.one() & 0xffffff00) >>> 0;
    this.closed.add(address >>> 8);
    return address;
  }

  /** A /64 of IPv6, as its first four groups. */
  network6(): string {
    const group = (): string => this.random.int(0, 0xffff).toString(16).padStart(4, '0');
    for (;;) {
      const first = this.random.pick(['2a01', '2a02', '2400', '2600', '2804', '2c0f', '2001']);
      // 2001:0db8::/32 is for documentation, 2001:0000::/32 for Teredo.
      const second = first === '2001' ? this.random.pick(['0470', '41d0', '19f0', '4860']) : group();
      const network = `${first}:${second}:${group()}:${group()}`;
      if (this.take(network)) return network;
    }
  }

  private take(address: Address): boolean {
    if (this.taken.has(address)) return false;
    this.taken.add(address);
    return true;
  }

  private isPublic(address: number): boolean {
    return masks.every(({ network, shift }) => address >>> shift !== network);
  }
}
