import { type Address, type Family, type Ranges, ranges, TCP, UDP } from '../model/net/index.ts';
import type { Compiled, CompiledTable, CompileOptions } from './compile/compile.ts';
import { compile } from './compile/compile.ts';
import type { CompiledSet } from './compile/sets.ts';
import { type Item, noneListed, type Policy, type Rule, type Service } from './policy.ts';

/** Where whoever manages the host comes in. */
export interface Doors {
  /** TCP ports of servers that people log in to. */
  readonly ports: readonly number[];
  /** Who is logged in now. */
  readonly peers: readonly { readonly address: Address; readonly port: number }[];
}

/** Ways in that lead to a login: WireGuard, OpenVPN, IPsec, Tailscale. Where a policy lets them in, its administrators may need them. */
const tunnelPorts: Ranges<number> = [500, 1194, 4500, 41_641, 51_820].map((port) => [port, port] as const);
const tunnelProtocols: readonly number[] = [50, 51];

/**
 * What a host is to have when the rules of its policy cannot be loaded: what every server needs, and whoever the policy lets in to manage
 * it, without limits and without sets, since sets may be what is broken; nothing else. Own chains of the table `filter`.
 */
export function emergencyOf(policy: Policy, doors: Doors, options: CompileOptions): Compiled['families'] {
  const compiled = compile(emergencyPolicy(policy, doors), options);
  const of = (family: Family): readonly CompiledTable[] =>
    compiled.families[family]
      .filter(({ table }) => table === 'filter')
      .map((table) => ({
        ...table,
        // Whoever reads the rules is told what they are.
        chains: new Map([...withoutSets(table.chains, compiled.sets), [emergencyChain, []]]),
      }));
  return { 4: of(4), 6: of(6) };
}

const emergencyChain = 'PAL-EMERGENCY';

function emergencyPolicy(policy: Policy, { ports, peers }: Doors): Policy {
  const logins: Ranges<number> = [...new Set([22, ...ports])].sort((one, other) => one - other).map((port) => [port, port]);
  const incoming = policy.incoming.flatMap((item): readonly Item[] => narrowed(item, logins));
  return {
    otherwise: { incoming: 'drop', forwarded: policy.otherwise.forwarded, outgoing: 'accept' },
    basics: { loopback: true, established: true, icmp: true, dhcp: true },
    sets: new Map(),
    incoming: [...peers.map(({ address, port }) => loginFrom(address, port)), ...incoming],
    outgoing: [],
    forwarded: [],
    docker: null,
    log: null,
    protect: { bogons: null, badFlags: false, newNotSyn: false, synFlood: null, earlyDrop: false },
    lines: [],
    tests: [],
    lacking: [],
    fetched: [],
  };
}

/** What of a rule is about logging in. Raw lines are not read: who is let in by one alone is let in as long as he is logged in now. */
function narrowed(item: Item, logins: Ranges<number>): readonly Item[] {
  if (item.kind === 'leave') return [item];
  // Of a group whose conditions are lines of iptables nothing is known.
  if (item.kind === 'group')
    return item.matches === null ? [{ ...item, items: item.items.flatMap((one) => narrowed(one, logins)) }] : [];
  if (item.kind !== 'rule' || item.sendTo !== null) return [];
  const all: readonly Service[] = [
    { proto: TCP, ports: logins, icmpType: null, icmpCode: null, families: [4, 6] },
    { proto: UDP, ports: tunnelPorts, icmpType: null, icmpCode: null, families: [4, 6] },
    ...tunnelProtocols.map((proto): Service => ({ proto, ports: null, icmpType: null, icmpCode: null, families: [4, 6] })),
  ];
  const services = (item.services ?? all).flatMap((service): readonly Service[] => {
    if (tunnelProtocols.includes(service.proto)) return [service];
    const doors = service.proto === TCP ? logins : service.proto === UDP ? tunnelPorts : [];
    const open = doors.filter(([port]) => service.ports === null || service.ports.some(([lo, hi]) => lo <= port && port <= hi));
    return open.length === 0 ? [] : [{ ...service, ports: open }];
  });
  const ending = item.ending === 'accept' ? 'accept' : 'drop';
  return services.length === 0
    ? []
    : [{ ...item, ending, services, limit: null, upTo: null, answer: null, log: false, masquerade: [] }];
}

function loginFrom({ family, value }: Address, port: number): Rule {
  const of = (one: Family): Ranges<bigint> => (one === family ? ranges([value, value]) : []);
  return {
    kind: 'rule',
    at: { file: 'who is logged in' },
    ending: 'accept',
    answer: null,
    services: [{ proto: TCP, ports: [[port, port]], icmpType: null, icmpCode: null, families: [family] }],
    from: { ranges: { 4: of(4), 6: of(6) }, ...noneListed, except: false, text: 'who is logged in' },
    to: null,
    via: null,
    out: null,
    limit: null,
    upTo: null,
    log: false,
    masquerade: [],
    sendTo: null,
    note: null,
    owner: null,
    expires: null,
  };
}

/** The same rules with addresses instead of sets; those that a set leaves out pass by in a chain of its own. */
function withoutSets(chains: CompiledTable['chains'], sets: readonly CompiledSet[]): Map<string, readonly string[]> {
  const made = new Map<string, readonly string[]>();
  const without = (line: string): readonly string[] => {
    const [found, not = '', name = '', field = ''] = / ?-m set (! )?--match-set (\S+) (src|dst)/.exec(line) ?? [];
    if (found === undefined) return [line];
    const members = sets.find((set) => set.name === name)?.members ?? [];
    const flag = field === 'src' ? '-s' : '-d';
    const rest = line.replace(found, '').trim();
    if (not === '') return members.flatMap((member) => without(`${flag} ${member} ${rest}`));
    const at = rest.lastIndexOf('-j ');
    const chain = `PAL-NOT-${name.slice(5, 13)}-${made.size}`;
    made.set(chain, [...members.map((member) => `${flag} ${member} -j RETURN`), rest.slice(at)]);
    return without(`${rest.slice(0, at)}-j ${chain}`.trim());
  };
  for (const [chain, lines] of chains) made.set(chain, lines.flatMap(without));
  return made;
}
