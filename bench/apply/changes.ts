import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nftGeneration } from '../../src/kernel/generation.ts';
import { type Machine, openMachine, type Took } from '../harness/machine.ts';
import { compare } from '../harness/ratio.ts';
import { type ToolRun, toolLog, toolRuns, writeShims } from '../harness/timing-shims.ts';
import { byHand } from './by-hand.ts';
import { ferm } from './ferm.ts';
import { firehol, fireholWithSet } from './firehol.ts';
import { palisadeOn } from './palisade.ts';
import type { Peer } from './peer.ts';
import { type Reference, reference } from './reference.ts';
import { shorewall } from './shorewall.ts';
import { ufw } from './ufw.ts';

/** Where what is measured comes from, and where it may write. */
export interface Place {
  /** palisade's own program. */
  readonly launcher: string;
  /** Where the peers were unpacked; they may not be there. */
  readonly peers: string;
  /** On a disk. */
  readonly folder: string;
}

const backends = ['nft', 'legacy'] as const;
const steps = {
  first: { what: 'first apply', most: 600 },
  again: { what: 'the same again', most: 250 },
  more: { what: 'one network more', most: 400 },
} as const;
type Step = keyof typeof steps;
type Times = Record<Step, Took[]>;

/** Who takes longer is asked fewer times. */
const [slowMs, slowRuns] = [5000, 3];

const others = [ufw, shorewall, ferm, firehol, fireholWithSet];

/** Each in turn on a machine of its own: first apply, the same again, one network more. */
export async function measureChanges(place: Place, count: number, runs: number): Promise<void> {
  const peers = [...backends.map(byHand), ...others.filter((peer) => isThere(peer, place))];
  const times = new Map<string, Times>();
  const timesOf = (name: string): Times => {
    const found = times.get(name) ?? { first: [], again: [], more: [] };
    times.set(name, found);
    return found;
  };
  for (let run = 0; run < runs; run += 1) {
    for (const backend of backends) await palisadeOnce(place, backend, count, timesOf(`palisade, ${backend}`));
    for (const peer of peers) {
      const isSlow = (timesOf(peer.name).first[0]?.wallMs ?? 0) > slowMs;
      if (run < slowRuns || !isSlow) await peerOnce(place, peer, count, timesOf(peer.name));
    }
  }
  for (const step of ['first', 'again', 'more'] as const) {
    for (const backend of backends) {
      const own = timesOf(`palisade, ${backend}`)[step];
      const { what, most } = steps[step];
      for (const peer of peers.filter((one) => one.backend === backend)) {
        const theirs = timesOf(peer.name)[step];
        compare({
          what: `${count} networks, ${what}, ${backend}`,
          ms: own.map(({ wallMs }) => wallMs),
          cpuMs: own.map(({ cpuMs }) => cpuMs),
          peer: peer.name,
          peerMs: theirs.map(({ wallMs }) => wallMs),
          peerCpuMs: theirs.map(({ cpuMs }) => cpuMs),
          atMost: { ms: most },
        });
      }
    }
  }
}

/** Says so where it cannot be had. */
export function isThere(peer: Peer, { peers }: Place): boolean {
  if (existsSync(join(peers, peer.program)) || existsSync(peer.program)) return true;
  process.stdout.write(`  ${peer.name} cannot be had here: ${peer.program} is neither installed nor could it be fetched\n`);
  return false;
}

/** A machine with the peers on it, or with what else is to lie over its files, and the link that firewalls speak of. */
export async function machineFor(
  { peers, folder }: Place,
  { over = existsSync(peers) ? peers : null, link = true }: { readonly over?: string | null; readonly link?: boolean } = {},
): Promise<Machine> {
  const machine = await openMachine({ disk: folder, ...(over !== null && { over }) });
  // Nothing that runs there loads parts of the kernel.
  machine.write('/usr/sbin/modprobe', '#!/bin/sh\nexit 0\n', 0o755);
  const made =
    'ip link add e0 type veth peer name e1 && ip address add 192.0.2.1/24 dev e0 && ip link set e0 up && ip link set e1 up';
  if (link) await machine.run(['sh', '-c', made]);
  return machine;
}

async function palisadeOnce(place: Place, backend: 'nft' | 'legacy', count: number, times: Times): Promise<void> {
  await using machine = await machineFor(place);
  using state = onDisk(place);
  const palisade = palisadeOn(machine, place.launcher, backend, state.seen);
  palisade.configure(reference(count));
  times.first.push(await palisade.change());
  times.again.push(await palisade.apply());
  palisade.configure(withOneMore(count));
  times.more.push(await palisade.change());
}

async function peerOnce(place: Place, peer: Peer, count: number, times: Times): Promise<void> {
  await using machine = await machineFor(place);
  const sh = (script: string): Promise<Took> => machine.run(['sh', '-c', script]);
  peer.configure(machine, reference(count));
  times.first.push(await sh(peer.start));
  times.again.push(await sh(peer.reload));
  const more = withOneMore(count);
  if (peer.add === undefined) peer.configure(machine, more);
  times.more.push(await sh(peer.add?.(more.four.at(-1) ?? '') ?? peer.reload));
}

function withOneMore(count: number): Reference {
  return reference(count + 1);
}

function onDisk({ folder }: Place): Disposable & { readonly seen: string } {
  const made = mkdtempSync(join(folder, 'state-'));
  return {
    seen: join('/disk', made.slice(folder.length)),
    [Symbol.dispose]: () => rmSync(made, { recursive: true }),
  };
}

/**
 * What palisade's own programs take that write to the host, beside the same three written by hand; and whether an apply that has nothing
 * to do leaves everything alone. Tools say themselves how long they took, on both sides.
 */
export async function measureKernelPart(place: Place, count: number, runs: number, isLimited: boolean): Promise<void> {
  const shims = mkdtempSync(join(place.folder, 'shims-'));
  const tools = ['ipset', ...backends.flatMap((backend) => [`iptables-${backend}-restore`, `ip6tables-${backend}-restore`])];
  writeShims(shims, tools);
  const sums = new Map<string, number[]>();
  const add = (name: string, all: readonly ToolRun[]): void => {
    const sum = all.reduce((total, { ms }) => total + ms, 0);
    sums.set(name, [...(sums.get(name) ?? []), sum]);
  };
  for (let run = 0; run < runs; run += 1) {
    for (const backend of backends) {
      {
        await using machine = await machineFor(place, { over: shims });
        using state = onDisk(place);
        const palisade = palisadeOn(machine, place.launcher, backend, state.seen);
        palisade.configure(reference(count));
        await palisade.change();
        add(`palisade, ${backend}`, takenFrom(machine).filter(writes));
        const before = nftGeneration(machine.pid);
        await palisade.apply();
        const written = takenFrom(machine).filter(writes);
        if (written.length === 0 && nftGeneration(machine.pid) === before) continue;
        process.stdout.write(
          `  MORE than nothing was written where nothing was to be done: ${written.map(({ tool }) => tool).join(' ')}\n`,
        );
        process.exitCode = 1;
      }
    }
    for (const backend of backends) {
      await using machine = await machineFor(place, { over: shims });
      const peer = byHand(backend);
      peer.configure(machine, reference(count));
      await machine.run(['sh', '-c', peer.start]);
      add(peer.name, takenFrom(machine).filter(writes));
    }
  }
  for (const backend of backends) {
    const [ms = [], peerMs = []] = [sums.get(`palisade, ${backend}`), sums.get(`by hand, ${backend}`)];
    compare({
      what: `${count} networks, first apply, the tools that write, ${backend}`,
      ms,
      peer: 'by hand',
      peerMs,
      ...(isLimited && { atMost: { ratio: 1.2 } }),
    });
  }
  rmSync(shims, { recursive: true });
}

/** What was run in the machine's own namespace since this was last asked. */
function takenFrom(machine: Machine): readonly ToolRun[] {
  const file = machine.seen(toolLog);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'latin1');
  writeFileSync(file, '');
  const own = machine.namespace;
  return toolRuns(text).filter(({ namespace }) => namespace === own);
}

function writes({ tool, first }: ToolRun): boolean {
  return tool !== 'ipset' || !['save', 'list'].includes(first);
}
