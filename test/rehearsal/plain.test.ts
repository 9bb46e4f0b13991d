import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { createKernel, rehearse } from '../../src/kernel/index.ts';
import { rehearsalOf, rehearsedPackets } from './example.ts';
import type { Said } from './plain.ts';

/** Outside every user namespace of its own, which only root can be put: others run all tests inside of one. */
describe.skipIf(process.geteuid?.() !== 0)('a plain user, who may enter no namespace,', () => {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', process.execPath, '--no-warnings'];
  const program = join(import.meta.dirname, 'plain.ts');

  it('sees packets meet the rules that root sees them meet', { timeout: 60_000 }, async () => {
    const child = spawn('setpriv', [...nobody, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: Said[] = [];
    for await (const line of createInterface({ input: child.stdout })) said.push(JSON.parse(line) as Said);
    expect(said.map(({ backend }) => backend)).toEqual(['nft', 'legacy']);
    for (const { backend, seen } of said) {
      const rehearsed = await rehearse(createKernel(), rehearsalOf(backend));
      if (!rehearsed.ok) throw new Error(JSON.stringify(rehearsed.problems));
      await using rehearsal = rehearsed.value;
      const sent = await rehearsal.send(
        rehearsedPackets.map(([, packet]) => packet),
        { rules: true },
      );
      expect(seen).toEqual(sent.ok && sent.value);
    }
  });

  it('proves what palisade says of packets', { timeout: 60_000 }, async () => {
    const main = join(import.meta.dirname, '../../src/daemon/main.ts');
    for (const [version, dst] of [
      ['v4', '198.51.100.1'],
      ['v6', '2001:db8::1'],
    ] as const) {
      const rules = join(import.meta.dirname, `../../testdata/rulesets/ufw/nft-${version}.save`);
      const src = version === 'v4' ? '203.0.113.9' : '2001:db8:ffff::9';
      const asked = ['trace', '--prove', '--json', '--ruleset', rules, '--src', src, '--dst', dst, '--dport', '23'];
      const child = spawn('setpriv', [...nobody, main, ...asked], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      expect(JSON.parse(line)).toMatchObject({ proof: { ran: true, kernel: 'DROP', agrees: true, led: true } });
    }
  });

  it('leaves no process behind when it is killed', async () => {
    const child = spawn('setpriv', [...nobody, program, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
    using _ = { [Symbol.dispose]: () => child.kill('SIGKILL') };
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { namespace } = JSON.parse(line) as Said;
    // Its holder, and the helper that sends.
    expect(members(namespace)).toHaveLength(2);
    child.kill('SIGKILL');
    await expect.poll(() => members(namespace), { timeout: 5000 }).toEqual([]);
  });
});

/** Processes in the network namespace. */
function members(namespace: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === namespace;
    } catch (error) {
      // It has ended in between, or may not even be looked at.
      if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  });
}
