import type { Packet } from '../model/packet/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { type Arrivals, arrivalsOf } from './arrival.ts';
import { openConnections } from './handshake.ts';
import type { RehearsalInput } from './load.ts';
import type { Namespace } from './namespace.ts';
import { deciding, marks, type Observed } from './observed.ts';
import { fenceLetter, fenceMac, type ObserverChain, observerChains, observerGroup, observerTable } from './observers.ts';
import { type Naming, namesOfRules, nothingNamed } from './rule-names.ts';
import { shotOf } from './shot.ts';
import { farNames, type StagedLink } from './stage.ts';
import { openWire, type Sighting, type Wire } from './wire.ts';
import { isBeyond, startWireProxy, type WireProxy } from './wire-proxy.ts';

/** Packets through a rehearsal's rules. */
export interface Crossing extends Disposable {
  send(
    packets: readonly Packet[],
    options: { readonly rules: boolean; readonly input: RehearsalInput },
  ): Promise<Result<readonly Observed[]>>;
}

export interface CrossingOptions {
  readonly namespace: Namespace;
  readonly neighbour: Namespace;
  readonly links: readonly StagedLink[];
  readonly backend: 'nft' | 'legacy';
}

/** Ids count from 1 in 16 bits. */
const volleySize = 32_000;

/**
 * How much is reported. Verdicts alone say nothing of packets that never came to INPUT or FORWARD: whether rules before
 * them or routing took those is asked of the few that there are, a second time. Rules tell each rule that was met.
 */
type Detail = 'verdicts' | 'routing' | 'rules';

/**
 * Chains of nftables around all tables of iptables, which stay as they are: reports of how far packets come, and nothing
 * of this namespace's own making leaves it. What has no socket is the kernel's own.
 */
function observers(detail: Detail, backend: 'nft' | 'legacy', { incoming, outgoing }: Arrivals): string {
  const log = (name: ObserverChain): string => `log prefix "${observerChains[name].letter}" group ${observerGroup} snaplen 72`;
  const chain = (name: string, hook: string, priority: number, ...rules: string[]): string =>
    `chain ${name} { type filter hook ${hook} priority ${priority}; ${rules.map((rule) => `${rule};`).join(' ')} }`;
  // Where nft's own tracing is read, it tells of these chains too, but for the link that a packet is bound for.
  const report = (name: ObserverChain): string => (detail === 'rules' && backend === 'nft' ? 'accept' : `${log(name)} accept`);
  const trace = detail === 'rules' ? 'meta nftrace set 1 ' : '';
  const fence = `@ll,48,48 0x${fenceMac.toString(16)} log prefix "${fenceLetter}" group ${observerGroup} snaplen 72 drop`;
  return `table inet ${observerTable} {
    ${chain('arrived', 'prerouting', -500, fence, ...incoming, `${trace}accept`)}
    ${detail === 'verdicts' ? '' : chain('routed', 'prerouting', 400, report('routed'))}
    ${chain('begun', 'output', -500, 'meta skuid != 4294967295 accept', 'drop')}
    ${chain('sent', 'output', -499, ...outgoing, `${trace}${log('sent')} accept`)}
    ${chain('entered', 'input', -500, report('entered'))}
    ${chain('delivered', 'input', 400, report('delivered'))}
    ${chain('forwarded', 'forward', -500, `${log('forwarded')} accept`)}
    ${chain('left', 'postrouting', 400, `${log('left')} accept`)}
  }`;
}

export async function openCrossing(options: CrossingOptions): Promise<Result<Crossing>> {
  const { namespace, neighbour, links, backend } = options;
  const names = links.map(({ name }) => name).filter((name) => name !== 'lo');
  const proxy: WireProxy | undefined = isBeyond(namespace) ? startWireProxy(namespace) : undefined;
  let wire: Wire | undefined;
  let wired: Detail | undefined;
  let table: string | undefined;
  let naming: Naming | undefined;
  const open = new Set<string>();

  /** Observers and sockets as they are needed now. */
  async function ready(detail: Detail, arrivals: Arrivals): Promise<Result<Wire>> {
    const wanted = observers(detail, backend, arrivals);
    if (table !== wanted) {
      const input = `${table === undefined ? '' : `delete table inet ${observerTable}\n`}${wanted}\n`;
      const put = await namespace.run({ argv: ['nft', '-f', '-'], input });
      if (put.kind !== 'exited' || put.status !== 0) return failed(noObservers(put.kind === 'exited' ? put.stderr : put.kind));
      table = wanted;
    }
    if (wire !== undefined && wired === detail) return ok(wire);
    wire?.[Symbol.dispose]();
    wire = undefined;
    if (detail === 'rules' && backend === 'legacy') {
      // Legacy tables trace to the log of their family; this is the namespace's own choice of logger.
      const settings = ['net.netfilter.nf_log.2=nfnetlink_log', 'net.netfilter.nf_log.10=nfnetlink_log'];
      await namespace.run({ argv: ['sysctl', '-e', '-q', '-w', ...settings] });
    }
    wired = detail;
    const wireOptions = { neighbourPid: neighbour.pid, farEnds: farNames(links), tracing: detail === 'rules' ? backend : null };
    // The helper is in the namespace already.
    const opened = await (proxy === undefined
      ? openWire({ ...wireOptions, namespacePid: namespace.pid })
      : proxy.open({ ...wireOptions, namespacePid: undefined }));
    if (opened.ok) wire = opened.value;
    return opened;
  }

  return ok({
    async send(packets, { rules, input }) {
      const arrivals = arrivalsOf(packets);
      const opens = packets.some(({ state }) => state === 'ESTABLISHED' || state === 'RELATED');
      // Where no connection is opened the rules stay as they are, and their names can be asked for meanwhile.
      const [opened, early] = await Promise.all([
        ready(rules ? 'rules' : 'verdicts', arrivals),
        rules && naming === undefined && !opens ? namesOfRules(namespace, input) : undefined,
      ]);
      if (!opened.ok) return opened;
      if (early?.ok === true) naming = early.value;
      const epoch = 1 + Math.floor(Math.random() * 0xfffe);
      const connected = await openConnections({ namespace, wire: opened.value, links: names, epoch, packets, input, open });
      if (!connected.ok) return connected;
      // Rules that were loaded anew have other handles.
      if (connected.value.reloaded) naming = undefined;
      if (rules && naming === undefined) {
        const named = await namesOfRules(namespace, input);
        if (!named.ok) return named;
        naming = named.value;
      }
      const observed: Observed[] = [];
      const shoot = async (some: readonly Packet[], detail: Detail): Promise<Result<Sighting[]>> => {
        const now = await ready(detail, arrivals);
        if (!now.ok) return now;
        return now.value.volley(
          some.map((packet, index) => shotOf(packet, names, ((epoch << 16) | (index + 1)) >>> 0)),
          epoch,
        );
      };
      for (let from = 0; from < packets.length; from += volleySize) {
        const some = packets.slice(from, from + volleySize);
        const seen = await shoot(some, rules ? 'rules' : 'verdicts');
        if (!seen.ok) return seen;
        const sightings = seen.value;
        const unmet = rules
          ? []
          : [...some.keys()].filter((index) => isUnmet(some[index] as Packet, sightings[index] as Sighting));
        if (unmet.length > 0) {
          const again = await shoot(
            unmet.map((index) => some[index] as Packet),
            'routing',
          );
          if (!again.ok) return again;
          for (const [turn, index] of unmet.entries()) sightings[index] = again.value[turn] as Sighting;
        }
        for (const [index, packet] of some.entries()) {
          const why = connected.value.astray.get(packet);
          if (why !== undefined) observed.push({ kind: 'astray', why });
          else observed.push(judge(packet, sightings[index] as Sighting, rules ? (naming ?? nothingNamed) : nothingNamed));
        }
      }
      return ok(observed);
    },
    [Symbol.dispose]: () => {
      wire?.[Symbol.dispose]();
      proxy?.[Symbol.dispose]();
    },
  });
}

const onWay = {
  input: { met: marks.input, passed: marks.delivered },
  forward: { met: marks.forward, passed: marks.left },
  output: { met: marks.output, passed: marks.left },
} as const;

/** Sent to come in, and never seen before INPUT or FORWARD. */
function isUnmet({ hook }: Packet, { flags, unsent }: Sighting): boolean {
  return hook !== 'output' && unsent === null && (flags & (marks.input | marks.forward)) === 0;
}

function judge(packet: Packet, { flags, out, bound, unsent, trail }: Sighting, naming: Naming): Observed {
  if (unsent !== null) return { kind: 'astray', why: `it could not be sent: ${unsent}` };
  const { met, passed } = onWay[packet.hook];
  const others = packet.hook === 'input' ? marks.forward : packet.hook === 'forward' ? marks.input : 0;
  if ((flags & others) !== 0) {
    return { kind: 'astray', why: packet.hook === 'input' ? 'its destination is not this host' : 'its destination is this host' };
  }
  if ((flags & met) === 0 && (flags & marks.routed) !== 0) return { kind: 'astray', why: 'no route leads it on' };
  const accepted = (flags & passed) !== 0;
  const rules = naming(trail, packet);
  return { kind: 'seen', verdict: accepted ? 'ACCEPT' : 'DROP', out, bound, decidedBy: deciding(rules, accepted), rules };
}

function noObservers(said: string): Problem {
  const message = `packets cannot be observed, because nft takes no chains here (${said.trim().split('\n')[0]})`;
  return { code: 'unread', message, hint: 'install nftables, and check that the kernel has nf_tables with log' };
}
