import { type Ethernet, frame, type Namespace, openSender } from '../../../src/kernel/index.ts';
import { parseAddress } from '../../../src/model/net/index.ts';
import { type Packet, tcpFlags } from '../../../src/model/packet/index.ts';
import { blank } from '../../kernel/last.ts';
import { type Backend, kernel, must, tool } from '../changing.fixture.ts';
import { makePlace, type Place } from './place.ts';

/** Another machine at the end of a wire: 192.0.2.2 and 2001:db8:9::2, where palisade's host is …1. */
export interface Joined extends AsyncDisposable {
  readonly place: Place;
  readonly client: Namespace;
}

export const ends = {
  here: { 4: '192.0.2.1', 6: '2001:db8:9::1' },
  there: { 4: '192.0.2.2', 6: '2001:db8:9::2' },
} as const;
const macs: Ethernet = { source: 0x0200_0000_0002, destination: 0x0200_0000_0001 };

/** @param empty without anybody's rules */
export async function joined(backend: Backend, empty = false): Promise<Joined> {
  await using made = new AsyncDisposableStack();
  const client = made.use(await kernel.namespace());
  const peer = { namespace: client, name: 'c0', addresses: [`${ends.there[4]}/24`, `${ends.there[6]}/64`] };
  const place = made.use(
    await makePlace(
      backend,
      { beside: client, links: [{ name: 's0', addresses: [`${ends.here[4]}/24`, `${ends.here[6]}/64`], peer }] },
      empty,
    ),
  );
  await tool(place.ns, ['ip', 'link', 'set', 's0', 'address', '02:00:00:00:00:01']);
  await tool(client, ['ip', 'link', 'set', 'c0', 'address', '02:00:00:00:00:02']);
  // Who is where is known from the start: no packet waits for an answer to that.
  for (const family of [4, 6] as const) {
    await tool(place.ns, ['ip', 'neigh', 'replace', ends.there[family], 'lladdr', '02:00:00:00:00:02', 'dev', 's0']);
    await tool(client, ['ip', 'neigh', 'replace', ends.here[family], 'lladdr', '02:00:00:00:00:01', 'dev', 'c0']);
  }
  const held = made.move();
  return { place, client, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

export function packetOf(family: 4 | 6, from: string, to: string, part: Partial<Packet>): Packet {
  const value = (text: string): bigint => parseAddress(text)?.value ?? 0n;
  return { ...blank, family, in: 's0', src: value(from), dst: value(to), ...part };
}

export const syn = { proto: 6, flags: tcpFlags.SYN } as const;

/** Puts packets on the wire. */
export function send(client: Namespace, packets: readonly Packet[], to: Ethernet = macs): void {
  using sender = must(openSender({ link: 'c0', namespacePid: client.pid }));
  for (const [index, packet] of packets.entries()) sender.send(frame(packet, to, index + 1));
}

/** One of the kernel's own counters, of /proc/net/snmp (two lines a protocol) or snmp6 (one a counter). */
export async function counter(ns: Namespace, name: string): Promise<number> {
  const [protocol = '', field = ''] = name.split('.');
  if (protocol === '6')
    return Number(new RegExp(`^${field}\\s+(\\d+)$`, 'm').exec(await tool(ns, ['cat', '/proc/net/snmp6']))?.[1]);
  const [names = [], values = []] = (await tool(ns, ['cat', '/proc/net/snmp']))
    .split('\n')
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf(field)]);
}
