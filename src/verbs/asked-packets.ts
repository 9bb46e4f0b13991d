import type { Host } from '../model/host/index.ts';
import { formatAddress, parsePort } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { failed, ok, type Result } from '../result.ts';
import { icmpTypeOf } from './icmp.ts';
import { packetFor } from './packet.ts';
import { readText } from './reading.ts';
import type { Context } from './verb.ts';

type Flags = Readonly<Record<string, unknown>> & {
  readonly src?: string | undefined;
  readonly dst?: string | undefined;
  readonly flags?: string | undefined;
  readonly icmpType?: string | undefined;
};

/** The one packet that flags describe. */
export function packetOf(host: Host, input: Flags): Result<Packet[]> {
  const json: Record<string, unknown> = { hook: 'input', proto: input.icmpType === undefined ? 'tcp' : 'icmp' };
  for (const field of [
    'hook',
    'src',
    'dst',
    'proto',
    'in',
    'out',
    'icmpCode',
    'state',
    'mark',
    'length',
    'ttl',
    'mac',
    'tos',
    'pktType',
    'uid',
    'gid',
  ]) {
    if (input[field] !== undefined) json[field] = input[field];
  }
  for (const field of ['sport', 'dport']) {
    if (input[field] === undefined) continue;
    const port = parsePort(String(input[field]));
    if (port === undefined)
      return failed({
        code: 'usage',
        message: `--${field} ${String(input[field])} is no port`,
        hint: 'write a number from 0 to 65535 or a name such as ssh',
      });
    json[field] = port;
  }
  if (input.icmpType !== undefined) {
    const icmp = icmpTypeOf((input.src ?? input.dst ?? '').includes(':') ? 6 : 4, input.icmpType);
    if (icmp === undefined) {
      return failed({
        code: 'usage',
        message: `--icmp-type ${input.icmpType} is no ICMP type`,
        hint: 'write a number from 0 to 255 or a name such as echo-request or port-unreachable',
      });
    }
    json['icmpType'] = icmp.type;
    if (icmp.code !== null) json['icmpCode'] ??= icmp.code;
  }
  if (input.flags !== undefined)
    json['flags'] = input.flags.split(',').filter((flag) => flag !== '' && flag.toUpperCase() !== 'NONE');
  const needed = ['src', 'dst'].filter((field) => json[field] === undefined);
  if (needed.includes('dst')) json['dst'] = ownAddress(host, String(json['src'] ?? ''), json['hook'] === 'input');
  if (json['src'] === undefined || json['dst'] === undefined) {
    return failed({
      code: 'usage',
      message: 'the packet is not whole',
      hint: `say ${needed.map((field) => `--${field}`).join(' and ')}, or --packets FILE`,
    });
  }
  const packet = packetFor(host, json);
  return packet.ok ? ok([packet.value]) : failed(...packet.problems.map((problem) => ({ ...problem, code: 'usage' as const })));
}

/** The first address of the host in the family of the source, for packets to the host. */
function ownAddress(host: Host, src: string, toHost: boolean): string | undefined {
  const family = src.includes(':') ? 6 : 4;
  if (!toHost) return undefined;
  const own = host.addresses.known
    ? host.addresses.value.find(({ prefix, scope }) => prefix.family === family && scope === 'global')
    : undefined;
  return own && formatAddress({ family, value: own.prefix.value });
}

/** The packets of a file, a JSON object a line. */
export async function packetsIn(context: Context, host: Host, file: string): Promise<Result<Packet[]>> {
  const text = await readText(context, file);
  if (!text.ok) return text;
  const packets: Packet[] = [];
  const lines = text.value.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const at = { file, line: index + 1, column: 1 };
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return failed({
        code: 'packet-invalid',
        at,
        message: 'this line is not JSON',
        hint: 'write one packet as a JSON object on each line',
      });
    }
    const packet = packetFor(host, json);
    if (!packet.ok) return failed(...packet.problems.slice(0, 1).map((problem) => ({ ...problem, at })));
    packets.push(packet.value);
  }
  if (packets.length === 0) {
    return failed({
      code: 'packet-invalid',
      at: { file, line: 1, column: 1 },
      message: 'there is no packet in it',
      hint: 'write one packet as a JSON object on each line',
    });
  }
  return ok(packets);
}
