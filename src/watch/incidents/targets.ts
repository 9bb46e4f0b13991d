import { type Family, formatAddress, formatProtocol } from '../../model/net/index.ts';
import { addressAt, type Batch, eventKinds } from '../events/batch.ts';

/** Addresses that are told apart; what is asked most is among them (Space-Saving: Metwally, Agrawal and El Abbadi 2005). */
const kept = 12;
/** Bits by which ports of one address are counted. */
const portBits = 256;

/** To whom the events of one incident went. Small, since there are thousands of open incidents. */
export class Targets {
  private readonly words = new Uint32Array(4 * kept);
  private readonly families = new Uint8Array(kept);
  private readonly counts = new Float64Array(kept);
  private readonly ports = new Int32Array(kept).fill(-1);
  private readonly protos = new Int16Array(kept);
  private readonly portMaps: (Uint8Array | undefined)[] = [];
  /** Bits that are set in each. */
  private readonly portBits = new Uint16Array(kept);
  private used = 0;
  private latest = 0;

  add(batch: Batch, row: number): void {
    // A daemon's word on somebody who wants to log in says nothing of where.
    if (batch.kind[row] !== eventKinds.packet) return;
    const at = this.placeOf(batch, row);
    this.counts[at] = (this.counts[at] as number) + 1;
    this.port(at, batch.proto[row] as number, batch.dport[row] as number);
  }

  /** In words, most first: `198.51.100.1 port 22/tcp`, `198.51.100.1, about 400 ports`. */
  inWords(): string[] {
    return Array.from({ length: this.used }, (_, at) => at)
      .sort((one, other) => (this.counts[other] as number) - (this.counts[one] as number))
      .map((at) => this.text(at));
  }

  private text(at: number): string {
    const address = formatAddress(addressAt(this.words, 4 * at, this.families[at] as Family));
    const proto = formatProtocol(this.protos[at] as number);
    const map = this.portMaps[at];
    if (map !== undefined) return `${address}, about ${portsIn(this.portBits[at] as number)} ports`;
    const port = this.ports[at] as number;
    return port < 0 ? `${address} ${proto}` : `${address} port ${port}/${proto}`;
  }

  private port(at: number, proto: number, port: number): void {
    const before = this.ports[at] as number;
    if (before === port && this.protos[at] === proto) return;
    let map = this.portMaps[at];
    if (map === undefined) {
      if (before === -1) {
        this.ports[at] = port;
        this.protos[at] = proto;
        return;
      }
      map = new Uint8Array(portBits / 8);
      this.portMaps[at] = map;
      this.portBits[at] = mark(map, this.protos[at] as number, before);
    }
    this.portBits[at] = (this.portBits[at] as number) + mark(map, proto, port);
  }

  private placeOf(batch: Batch, row: number): number {
    if (this.used > 0 && this.isAt(this.latest, batch, row)) return this.latest;
    let least = 0;
    for (let at = 0; at < this.used; at += 1) {
      if (this.isAt(at, batch, row)) {
        this.latest = at;
        return at;
      }
      if ((this.counts[at] as number) < (this.counts[least] as number)) least = at;
    }
    const at = this.used < kept ? this.used++ : least;
    for (let word = 0; word < 4; word += 1) this.words[4 * at + word] = batch.dst[4 * row + word] as number;
    this.families[at] = batch.family[row] as number;
    this.ports[at] = -1;
    this.portMaps[at] = undefined;
    this.latest = at;
    return at;
  }

  private isAt(at: number, batch: Batch, row: number): boolean {
    const [mine, its] = [4 * at, 4 * row];
    return (
      this.words[mine + 3] === batch.dst[its + 3] &&
      this.families[at] === batch.family[row] &&
      (this.families[at] === 4 ||
        (this.words[mine] === batch.dst[its] &&
          this.words[mine + 1] === batch.dst[its + 1] &&
          this.words[mine + 2] === batch.dst[its + 2]))
    );
  }
}

/** @returns how many bits more are set: 1, or 0. */
function mark(map: Uint8Array, proto: number, port: number): number {
  // The finalizer of MurmurHash3 (Appleby 2011): ports that follow one another fall by chance as well.
  let hash = port ^ (proto << 16);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 24;
  const byte = map[hash >>> 3] as number;
  const bit = 1 << (hash & 7);
  if ((byte & bit) !== 0) return 0;
  map[hash >>> 3] = byte | bit;
  return 1;
}

/** By linear counting (Whang, Vander-Zanden and Taylor 1990). */
function portsIn(set: number): number {
  return set <= 2 ? 2 : Math.round(portBits * Math.log(portBits / Math.max(1, portBits - set)));
}
