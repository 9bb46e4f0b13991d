import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sliceOf } from '../../test/slice.ts';
import { createKernel, type Namespace } from '../kernel/index.ts';
import { type Nflog, openNflog } from '../kernel/nflog.ts';
import { frame, identify, ipPacket, openRawOutput, openSender, type RawOutput, type Sender } from '../kernel/packets.ts';
import type { Family } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import type { Result } from '../result.ts';
import type { Check, Example } from './check.ts';
import { checks } from './checks/index.ts';
import { exampleHost } from './example-host.ts';
import { empty } from './examples.ts';
import type { Witness } from './finding.ts';
import { sayPacket } from './probes.ts';
import { subjectOf } from './subject.ts';

/**
 * The kernel as judge: the rules of every example are loaded into a namespace, and each witness of a certain finding is sent through
 * them. What the finding says of it must happen. Its observers are nft chains before and behind all tables of iptables.
 */
const group = 7;
const firewallMac = 0x020000000101;
const peerMac = 0x020000000201;
const mac = (value: number): string => (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');

let firewall: Namespace;
let nflog: Nflog;
let sender: Sender;
let outputs: Record<Family, RawOutput>;
const made = new AsyncDisposableStack();

beforeAll(async () => {
  const kernel = createKernel();
  const peer = made.use(await kernel.namespace());
  firewall = made.use(
    await kernel.namespace({
      beside: peer,
      links: [
        {
          name: 'eth0',
          addresses: ['198.51.100.10/24', '2001:db8::10/64', 'fe80::1/64'],
          peer: { namespace: peer, name: 'peer0' },
        },
        { name: 'other0' },
        { name: 'other1' },
        { name: 'eth1' },
        { name: 'docker0' },
      ],
    }),
  );
  await tool(peer, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
  await tool(firewall, [
    'sysctl',
    '-qw',
    'net.ipv4.ip_forward=1',
    'net.ipv6.conf.all.forwarding=1',
    // For what nat leads to the loopback.
    'net.ipv4.conf.eth0.route_localnet=1',
    ...['all', 'eth0'].flatMap((link) => [`net.ipv4.conf.${link}.rp_filter=0`, `net.ipv6.conf.${link}.router_solicitations=0`]),
  ]);
  for (const line of [
    `link set eth0 address ${mac(firewallMac)}`,
    'route add default via 198.51.100.1 dev eth0',
    '-6 route add default via 2001:db8::1 dev eth0',
    `neigh add 198.51.100.1 lladdr ${mac(peerMac)} dev eth0 nud permanent`,
    `neigh add 2001:db8::1 lladdr ${mac(peerMac)} dev eth0 nud permanent`,
    // What arrives for others leaves by the link that the witness says: `leadOut`.
    'rule add iif eth0 lookup 100',
    '-6 rule add iif eth0 lookup 100',
    // Own addresses come before it.
    'rule add pref 1 lookup local',
    '-6 rule add pref 1 lookup local',
  ]) {
    await tool(firewall, ['ip', ...line.split(' ')] as [string, ...string[]]);
  }
  const observe = (name: string, hook: string, priority: number): string =>
    `chain ${name} { type filter hook ${hook} priority ${priority}; log prefix "${name}" group ${group}; }`;
  await tool(
    firewall,
    ['nft', '-f', '-'],
    `table inet observer {
      ${observe('arrived', 'prerouting', -500)}
      ${observe('began', 'output', -500)}
      ${['input', 'forward', 'output'].map((hook) => observe(hook, hook, 400)).join('\n')}
    }\n`,
  );
  nflog = made.use(must(openNflog({ group, namespacePid: firewall.pid })));
  sender = made.use(must(openSender({ link: 'peer0', namespacePid: peer.pid })));
  outputs = {
    4: made.use(must(openRawOutput({ family: 4, namespacePid: firewall.pid }))),
    6: made.use(must(openRawOutput({ family: 6, namespacePid: firewall.pid }))),
  };
});

afterAll(() => made.disposeAsync());

let shots = 0;

const cases = checks.flatMap((check) =>
  check.examples.map((example) => ({ check, example, witnesses: witnessesOf(check, example) })),
);

describe('the kernel does what the witness says', () => {
  for (const { check, example, witnesses } of sliceOf(
    cases.filter((one) => one.witnesses.length > 0),
    2,
  )) {
    it(`${check.id}: ${example.title}`, async () => {
      await load(example);
      for (const { packet, trace } of witnesses) {
        if (packet.hook === 'forward') await leadOut(packet);
        const seen = await send(packet);
        expect(seen.has(entry(packet)), 'the packet came').toBe(true);
        expect(seen.has(packet.hook), sayPacket(packet)).toBe(trace.verdict === 'ACCEPT');
      }
    });
  }
});

it('the examples show packets of every kind', () => {
  const kinds = new Set(
    cases.flatMap(({ witnesses }) => witnesses.map(({ packet, trace }) => `${packet.hook} ${packet.state} ${trace.verdict}`)),
  );
  expect([...kinds].sort()).toEqual([
    'forward NEW ACCEPT',
    'input ESTABLISHED ACCEPT',
    'input ESTABLISHED DROP',
    'input INVALID ACCEPT',
    'input NEW ACCEPT',
    'input NEW DROP',
    'input NEW REJECT',
    'input UNTRACKED DROP',
    'output NEW ACCEPT',
    'output NEW DROP',
    'output UNTRACKED DROP',
  ]);
});

/** What the check shows for certain, where this one machine has the links for it and no limit decides. */
function witnessesOf(check: Check, example: Example): readonly Witness[] {
  const host = exampleHost(example);
  const { findings } = check.run(subjectOf(host));
  return findings.flatMap(({ certainty, witness }) => {
    if (certainty !== 'certain' || witness === null || witness.trace.verdict === 'DEPENDS') return [];
    // What goes over the loopback bears the mark that its sender gave it; these senders give none.
    if (witness.packet.mark !== 0) return [];
    // An error is about a connection that somebody else would have to make first; the rehearsal sends such ones.
    if (witness.packet.state === 'RELATED') return [];
    // Frames arrive by eth0 alone.
    if (witness.packet.in !== null && !['lo', 'eth0'].includes(witness.packet.in)) return [];
    const links = [witness.packet.in, witness.packet.out].filter((link) => link !== null);
    return links.every((link) => ['lo', 'eth0', 'eth1', 'docker0', 'other1'].includes(link)) ? [witness] : [];
  });
}

/** Routes what arrives for others out by the packet's link. */
async function leadOut({ family, out }: Packet): Promise<void> {
  const via = out === 'eth0' ? `via ${family === 4 ? '198.51.100.1' : '2001:db8::1'} ` : '';
  await tool(firewall, ['ip', ...`-${family} route replace default ${via}dev ${out} table 100`.split(' ')] as [
    string,
    ...string[],
  ]);
}

/** Puts the example's tables in the place of all others. */
async function load(example: Example): Promise<void> {
  if (example.sets !== undefined) await tool(firewall, ['ipset', '-exist', 'restore'], example.sets);
  const texts = [
    ['iptables-nft-restore', example.v4],
    ['ip6tables-nft-restore', example.v6],
  ] as const;
  for (const [restore, text] of texts) {
    const said = text ?? empty;
    const others = ['raw', 'mangle', 'nat', 'filter'].filter((table) => !said.includes(`*${table}\n`));
    await tool(firewall, [restore], `${others.map((table) => `*${table}\nCOMMIT\n`).join('')}${said}`);
  }
}

/** Which observers saw the packet. An answer is sent after the packet that it answers, by the same way back. */
async function send(witness: Packet): Promise<ReadonlySet<string>> {
  shots += 1;
  const id = (shots << 16) | shots;
  const port = 41000 + shots;
  const { original } = witness;
  if (original !== null) {
    const first: Packet = {
      ...witness,
      hook: 'output',
      in: null,
      out: witness.in,
      src: original.src,
      dst: original.dst,
      sport: original.sport === null ? null : port,
      dport: original.dport,
      icmpType: witness.icmpType === null ? null : 8,
      flags: witness.flags === 0 ? 0 : 2,
    };
    emit(first, id);
    await observed(first, id);
  }
  emit(
    original === null
      ? // A port of its own for each ordinary sender; one that a rule names is what the witness is about.
        { ...witness, sport: witness.sport === 40_000 ? port : witness.sport }
      : { ...witness, dport: witness.dport === null ? null : port },
    id,
  );
  return observed(witness, id);
}

function emit(packet: Packet, id: number): void {
  if (packet.in === 'eth0') {
    const ttl = packet.hook === 'forward' ? packet.ttl + 1 : packet.ttl;
    sender.send(frame({ ...packet, ttl }, { source: peerMac, destination: firewallMac }, id));
    return;
  }
  try {
    outputs[packet.family].send(ipPacket(packet, id));
  } catch (error) {
    // What OUTPUT drops the sender is told: that is an answer, not a failure.
    if (!(error instanceof Error && error.message.endsWith('EPERM'))) throw error;
  }
}

/** The observer that every such packet meets, whatever becomes of it. */
function entry(packet: Packet): string {
  return packet.hook === 'output' ? 'began' : 'arrived';
}

/** All that is logged of it: until the kernel has been quiet for a while after the packet came, or patience ends. */
async function observed(packet: Packet, id: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let quiet = 0, rounds = 0; rounds < 400 && (quiet < 2 || !seen.has(entry(packet))); rounds += 1) {
    const packets = nflog.read();
    for (const { prefix, payload } of packets) if (sameId(identify(payload), id)) seen.add(prefix);
    quiet = packets.length === 0 ? quiet + 1 : 0;
    await sleep(12);
  }
  return seen;
}

/** Where a header has no room for the whole id, its low half is there. */
function sameId(found: number | undefined, id: number): boolean {
  return found !== undefined && (found === id || found === (id & 0xffff));
}

async function tool(where: Namespace, argv: readonly [string, ...string[]], input = ''): Promise<void> {
  const result = await where.run({ argv, input });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(result)}`);
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.value;
}
