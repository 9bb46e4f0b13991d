import type { Stage, StagedRoute, StagedRule } from '../../kernel/index.ts';
import type { Host } from '../../model/host/index.ts';
import { type Family, formatAddress } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { stageOf } from '../stage.ts';

/** The host's own network, in which packets go where its routes lead them; `null` where too little of it is known. */
export function ownStage(host: Host, packets: readonly Packet[]): Stage | null {
  if (!host.links.known || !host.addresses.known || !host.routes.known) return null;
  const stage = stageOf(host);
  const named = new Set(packets.flatMap(({ in: from, out }) => [from, out]));
  // What a packet says to arrive on is up, whatever it is now.
  return {
    ...stage,
    links: stage.links.map((link) => (named.has(link.name) ? { ...link, up: true } : link)),
    addresses: [...stage.addresses, ...groups(packets)],
  };
}

const loopback = 'lo';
/** Behind the host's own tables, and before its rules but the first. */
const firstTable = 0x70000000;
const priority = 1;

/**
 * As much of the host's network as is known, and routes that lead each of the packets to its hook: one for this host is delivered,
 * one to be forwarded or sent leaves by its link. They are told by what no rule changes before the routing: by link and sender.
 */
export function ledStage(host: Host, packets: readonly Packet[], family: Family): Stage {
  const known = stageOf(host);
  const named = new Set(packets.flatMap(({ in: from, out }) => [from ?? '', out ?? '']).filter((name) => name !== ''));
  const links = known.links.map((link) => (named.has(link.name) ? { ...link, up: true } : link));
  for (const name of named) if (name !== loopback && !links.some((link) => link.name === name)) links.push({ name });
  const tables = new Map<string, string>();
  const routes: StagedRoute[] = [...known.routes];
  const table = (to: string): string => {
    const before = tables.get(to);
    if (before !== undefined) return before;
    const made = String(firstTable + tables.size);
    tables.set(to, made);
    routes.push({ to: 'default', family, table: made, link: to, ...(to === loopback && { type: 'local' }) });
    return made;
  };
  const targetOf = ({ hook, out }: Packet): string => (hook === 'input' ? loopback : (out ?? loopback));
  const sender = ({ in: from, src }: Packet): string => `${from} ${src}`;
  const targets = new Map<string, Set<string>>();
  for (const packet of packets) targets.set(sender(packet), (targets.get(sender(packet)) ?? new Set()).add(targetOf(packet)));
  const rules = new Map<string, StagedRule>();
  const here = new Set<string>();
  for (const packet of packets) {
    const { hook, in: from, src, dst, proto, sport } = packet;
    const target = targetOf(packet);
    const ends =
      hook === 'output'
        ? { in: loopback, to: whole(family, dst) }
        : {
            in: from ?? '',
            from: whole(family, src),
            other:
              targets.get(sender(packet))?.size === 1
                ? []
                : [`ipproto ${proto}`, ...(sport === null || sport === 0 ? [] : [`sport ${sport}`])],
          };
    rules.set(JSON.stringify(ends), { family, priority, action: 'table', table: table(target), ...ends });
    if (target === loopback && !host.addresses.known) here.add(formatAddress({ family, value: dst }));
  }
  for (const to of here) routes.push({ to, family, table: 'local', type: 'local', link: loopback });
  // What asks for most first.
  const led = [...rules.values()].toSorted((a, b) => (b.other?.length ?? 0) - (a.other?.length ?? 0));
  return {
    links,
    // Some translations take a link's address.
    addresses: [
      ...(host.addresses.known ? known.addresses : links.flatMap(({ name }, index) => standIns(name, index))),
      ...groups(packets),
    ],
    routes: host.routes.known ? routes : [...routes, ...onward(packets, links, family)],
    rules: [...led, ...ownRules(known.rules, family)],
  };
}

/** Groups of IPv6 that packets are for: a host listens to those of its own addresses, and some others (RFC 4291 §2.7.1). */
function groups(packets: readonly Packet[]): Stage['addresses'] {
  const found = new Map<string, { readonly link: string; readonly address: string }>();
  for (const { family, hook, in: link, dst } of packets) {
    if (family !== 6 || hook !== 'input' || link === null || dst >> 120n !== 0xffn) continue;
    const address = whole(family, dst);
    found.set(`${link} ${address}`, { link, address });
  }
  return [...found.values()];
}

function whole(family: Family, value: bigint): string {
  return `${formatAddress({ family, value })}/${family === 4 ? 32 : 128}`;
}

/** Of networks for measuring (RFC 2544), and private ones. */
function standIns(link: string, index: number): Stage['addresses'] {
  if (link === loopback || index > 255) return [];
  return [
    { link, address: `198.18.${index}.1/24` },
    { link, address: `fd77:${(index + 1).toString(16)}::1/64` },
  ];
}

/** Where packets go whose destination a rule of nat changes. */
function onward(packets: readonly Packet[], links: Stage['links'], family: Family): readonly StagedRoute[] {
  const out =
    packets.find((packet) => packet.out !== null && packet.out !== loopback)?.out ??
    links.find(({ name }) => name !== loopback)?.name;
  return out === undefined || out === null ? [] : [{ to: 'default', link: out, family }];
}

function ownRules(known: readonly StagedRule[], family: Family): readonly StagedRule[] {
  const own = known.filter((rule) => rule.family === family);
  const usual = (at: number, table: string): StagedRule => ({ family, priority: at, action: 'table', table });
  return own.length > 0 ? own : [usual(32766, 'main'), usual(32767, 'default')];
}
