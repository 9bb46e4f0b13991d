import type { Host } from '../model/host/index.ts';
import { parseAddress } from '../model/net/index.ts';
import { type Packet, packetFromJson } from '../model/packet/index.ts';
import { failed, type Problem, type Result } from '../result.ts';

/**
 * The link of a packet that names none: the host's only one; of several, the one that has the address the packet is
 * for; `eth0` where there is none or none was read. `null`: the packet must say.
 */
function defaultLink(host: Host, json: unknown): string | null {
  if (!host.links.known) return 'eth0';
  const links = host.links.value.filter((link) => !link.loopback);
  if (links.length < 2) return links[0]?.name ?? 'eth0';
  const dst = parseAddress(String((json as { dst?: unknown } | null)?.dst));
  if (dst === undefined || !host.addresses.known) return null;
  const holder = host.addresses.value.find(({ prefix }) => prefix.family === dst.family && prefix.value === dst.value);
  return links.find((link) => link.name === holder?.link)?.name ?? null;
}

/** Reads one packet in JSON for a host, and says which interface it must name when there are several. */
export function packetFor(host: Host, json: unknown): Result<Packet> {
  const packet = packetFromJson(json, { link: defaultLink(host, json) });
  if (!packet.ok) return packet;
  const { hook } = packet.value;
  if (hook !== 'output' && packet.value.in === null) return failed(unsaidLink(host, 'in'));
  if (hook === 'forward' && (packet.value.out === null || packet.value.out === '')) return failed(unsaidLink(host, 'out'));
  return packet;
}

function unsaidLink(host: Host, field: 'in' | 'out'): Problem {
  const names = host.links.known ? host.links.value.map((link) => link.name).join(', ') : '';
  return {
    code: 'packet-invalid',
    message: `the packet does not say its interface "${field}"`,
    hint: `say which of ${names || 'the host’s links'} it is`,
  };
}
