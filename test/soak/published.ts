/**
 * `npm run soak -- published`: what `palisade up` publishes of a host behind a guide's firewall. It is killed, and what stood is no longer taken for
 * what stands; another one takes its socket over, and opens no incident anew. Then, with many rules, what an `up` takes that nobody looks at.
 *
 * Usage: npm run soak -- published [RULES] [SECONDS]
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { problemLine } from '../../src/result.ts';
import { publishedHost, type Up } from '../monitor/published.fixture.ts';

const [rules = 5000, seconds = 130] = process.argv.slice(2).map(Number);
let failures = 0;
const check = (what: string, isSo: boolean, more = ''): void => {
  if (!isSo) failures += 1;
  process.stdout.write(`${isSo ? 'ok  ' : 'FAIL'} ${what} ${more}\n`);
};

{
  await using host = await publishedHost();
  const ids = (state: Awaited<ReturnType<typeof host.until>>): string =>
    state.incidents.known
      ? state.incidents.value.list
          .map(({ id }) => id)
          .sort()
          .join(' ')
      : 'unknown';
  let before = '';
  for (let round = 1; round <= 3; round += 1) {
    await using up = host.up('--no-watch', '--no-drift');
    const state = await host.until('it publishes', ({ palisade }) => palisade.pid === up.child.pid);
    check(`round ${round}: the socket is its own`, true);
    if (round > 1) check('no incident is opened anew', ids(state) === before && before !== '');
    before = ids(state);
    if (round === 1) {
      // Alive, and reading nothing: until another state was due it counts, and not a moment longer.
      process.kill(up.child.pid ?? 0, 'SIGSTOP');
      const asked = await host.read();
      check('one that hangs is unknown', !asked.ok, asked.ok ? '' : problemLine(asked.problem));
      process.kill(up.child.pid ?? 0, 'SIGCONT');
    }
    await up.end('SIGKILL');
    const dead = await host.read();
    check(
      'one that was killed is unknown',
      !dead.ok && /palisade up has ended/.test(dead.problem.message),
      dead.ok ? '' : problemLine(dead.problem),
    );
  }
}

{
  await using host = await publishedHost();
  const lines = Array.from(
    { length: rules },
    (_, each) => `-A INPUT -s 10.${(each >> 8) & 255}.${each & 255}.0/28 -p tcp -m tcp --dport ${1024 + (each % 60_000)} -j DROP`,
  );
  const loaded = await host.namespace.run({
    argv: ['iptables-restore', '--noflush'],
    input: `*filter\n${lines.join('\n')}\nCOMMIT\n`,
  });
  check(`${rules} rules are loaded`, loaded.kind === 'exited' && loaded.status === 0);
  await using up = host.up('--no-watch', '--no-drift');
  const first = await host.until('it publishes', ({ rules: told }) => told.known);
  const begun = spentBy(up);
  process.stdout.write(`     until it published: ${begun.cpu.toFixed(1)} s of a processor, ${begun.mb.toFixed(0)} MB\n`);
  await sleep(seconds * 1000);
  const state = await host.until('it still does', () => true);
  const ended = spentBy(up);
  const size = JSON.stringify(state).length;
  process.stdout.write(
    `     then ${seconds} s: ${(ended.cpu - begun.cpu).toFixed(2)} s of a processor, ${ended.mb.toFixed(0)} MB; ${state.at > first.at ? 'read anew' : 'not read anew'}; the state has ${(size / 2 ** 20).toFixed(1)} MB\n`,
  );
}
process.exitCode = failures > 0 ? 1 : 0;

/** Of its own, without the tools it ran. */
function spentBy({ child }: Up): { readonly cpu: number; readonly mb: number } {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  return { cpu: (Number(stat[11]) + Number(stat[12])) / 100, mb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024 };
}
