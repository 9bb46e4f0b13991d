import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal, takeWordsAlone } from '../../src/change/index.ts';
import { type Backend, kernel, saved, tool } from './changing.fixture.ts';
import { guardsOf, signalGuards } from './faults/guards.ts';

const policy = `palisade: 1
sets: { partners: [${Array.from({ length: 40 }, (_, index) => `"198.51.${index * 2}.0/24"`).join(', ')}] }
incoming:
  - { allow: ssh, from: "192.0.2.0/24", at-most: { new: 3, within: 60s } }
  - { allow: https, from: partners }
forwarded:
  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }
protect: { bad-flags: true }
`;
const foreign =
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A INPUT -i lo -j ACCEPT\n-A f2b-sshd -j RETURN\nCOMMIT\n';

export interface Killed {
  /** What the firewall was when palisade was killed. */
  readonly met: 'before' | 'between' | 'after';
  /** What is wrong with what is left; empty if all is as it was before. */
  readonly wrong: readonly string[];
}

/**
 * Runs `palisade apply` on a firewall with rules of others, kills it (-9) so many milliseconds after its start, or after somebody
 * stands ready to undo the change, lets others add a ban meanwhile, and
 * looks at what is there once nobody is left who would undo it. `withGuard`: who would undo it is killed too, and palisade run again.
 */
export async function killApply(backend: Backend, afterMs: number, since: 'start' | 'armed', withGuard = false): Promise<Killed> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-killed-'));
  const state = join(folder, 'state');
  await using ns = await kernel.namespace();
  for (const name of ['iptables', 'ip6tables']) await tool(ns, [`${name}-${backend}-restore`], foreign);
  const both = async (): Promise<string> => `${await saved(ns, backend, 4)}\n${await saved(ns, backend, 6)}`;
  writeFileSync(join(folder, 'policy.yaml'), policy);
  const launcher = join(import.meta.dirname, '../../bin/palisade');
  const argv = [
    launcher,
    '--state',
    state,
    '--policy',
    join(folder, 'policy.yaml'),
    '--backend',
    backend,
    'apply',
    '--timeout',
    '5',
  ] as const;
  const [enter, ...args] = [...ns.enter, ...argv];
  const child = spawn(enter as string, args, {
    stdio: 'ignore',
    env: { ...process.env, ...ns.env },
  });
  const ended = once(child, 'exit');
  const armed = join(state, 'pending/armed');
  for (let left = 2000; since === 'armed' && left > 0 && !existsSync(armed); left -= 1) await sleep(2);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
  if (withGuard) signalGuards(state, 'SIGKILL');
  const then = await both();
  // As fail2ban would, in the middle of it.
  await tool(ns, [`iptables-${backend}`, '-w', '5', '-I', 'f2b-sshd', '1', '-s', '203.0.113.9', '-j', 'DROP']);
  // Who comes next finds what both left behind.
  if (withGuard) await ns.run({ argv, timeoutMs: 60_000 });
  const until = performance.now() + 30_000;
  while (guardsOf(state).length > 0 && performance.now() < until) await sleep(50);
  const now = await both();
  const wanted = `${foreign.replace(/-p tcp --dport/g, '-p tcp -m tcp --dport').replace('-A f2b-sshd -j RETURN', '-A f2b-sshd -s 203.0.113.9/32 -j DROP\n-A f2b-sshd -j RETURN')}\n${foreign.replace(/-p tcp --dport/g, '-p tcp -m tcp --dport')}`;
  const wrong: string[] = [];
  if (sorted(now) !== sorted(wanted)) wrong.push(`left behind after ${afterMs} ms:\n${now}\ninstead of:\n${wanted}`);
  if (existsSync(armed)) {
    takeWordsAlone(state);
    const told = readJournal(state).entries.map(({ what }) => what);
    if (told.at(-1) !== 'undone') wrong.push(`the journal says ${told.join(', ')}, after ${afterMs} ms`);
  }
  if (guardsOf(state).length > 0) wrong.push(`somebody still tries to undo the change, killed after ${afterMs} ms`);
  rmSync(folder, { recursive: true, force: true });
  const own = (then.match(/^-A (INPUT|FORWARD) -j PAL-/gm) ?? []).length;
  return { met: own === 0 ? 'before' : own === 4 ? 'after' : 'between', wrong };
}

/** Chains may stand in another order once others were there. */
function sorted(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted()
    .join('\n');
}
