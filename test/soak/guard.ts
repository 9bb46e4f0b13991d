/**
 * `npm run soak -- guard [--root DIR]`: palisade apply runs inside a service of a Debian with its own systemd, and everything of the
 * service is killed: whoever undoes the change must outlive it, be started again when he is killed himself, and never work on the host
 * when the change was made in a network namespace.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';
import { makeRoot, startMachine } from './machine.ts';

const { values } = parseArgs({ options: { root: { type: 'string', default: join(tmpdir(), 'palisade-soak-debian') } } });
const { say, holds, end } = createHolding();
await setup();
await makeRoot(values.root);
const writes = mkdtempSync(join(tmpdir(), 'palisade-soak-guard-'));
const machine = await startMachine(values.root, writes, join(import.meta.dirname, '../..'));
const text = async (command: string): Promise<string> => (await machine.run(command)).text;
const policy = 'palisade: 1\nincoming:\n  - { allow: ssh }\n  - { allow: https }\n';
const save = "iptables-save | grep -v '^#' | sed 's/\\[[0-9:]*\\]/[0:0]/'";
const apply = (state: string): string =>
  `/opt/palisade/bin/palisade --state ${state} --policy /root/policy.yaml apply --timeout 12`;
const armed = (state: string): string => `for i in $(seq 200); do [ -e ${state}/pending/deadline ] && break; sleep 0.1; done`;
const reverted = (state: string): string => `for i in $(seq 300); do [ -e ${state}/pending/reverted ] && break; sleep 0.1; done`;

try {
  await machine.run(`cat >/root/policy.yaml <<'EOT'\n${policy}EOT`);
  await machine.run('iptables -A INPUT -s 203.0.113.7 -j DROP');
  const before = await text(save);

  say('a service is killed with all of its processes');
  await machine.run(`systemd-run --collect --unit=job ${apply('/root/one')}; ${armed('/root/one')}`);
  const units = await text('systemctl list-units --plain "palisade-guard-*"; systemctl status job');
  holds('a unit of its own stands ready', /palisade-guard-\S+\.service +loaded active running/.test(units), units);
  holds('the change is made', (await text(save)).includes('PAL-IN'), await text(save));
  await machine.run('systemctl kill --signal=KILL --kill-whom=all job');
  holds('the unit is still there', /active running/.test(await text('systemctl list-units --plain "palisade-guard-*"')), units);
  await machine.run('systemctl kill --signal=KILL "palisade-guard-*"');
  await machine.run(reverted('/root/one'));
  holds('killed itself, it is started again, and undoes the change', (await text(save)) === before, await text(save));
  const after = await text('sleep 0.5; systemctl list-units --all --plain "palisade-guard-*"');
  holds('and leaves no unit behind', /0 loaded units/.test(after), after);

  say('a service is killed that makes a change in a network namespace');
  await machine.run(
    `ip netns add other; systemd-run --collect --unit=job ip netns exec other ${apply('/root/two')}; ${armed('/root/two')}`,
  );
  const inside = (command: string): Promise<string> => text(`ip netns exec other sh -c "${command.replaceAll('"', '\\"')}"`);
  holds('the change is made there', (await inside('iptables-save')).includes('PAL-IN'), await inside('iptables-save'));
  const none = await text('systemctl list-units --plain "palisade-guard-*"');
  holds('no unit of the host stands ready', /0 loaded units/.test(none), none);
  const group = await text('read -r pid rest </root/two/pending/armed; cat /proc/$pid/cgroup');
  holds('who undoes it is in no service', !/job/.test(group), group);
  await machine.run('systemctl kill --signal=KILL --kill-whom=all job');
  await machine.run(reverted('/root/two'));
  holds('it is undone there', !(await inside('iptables-save')).includes('PAL-'), await inside('iptables-save'));
  holds('and the host is as it was', (await text(save)) === before, await text(save));

  say('a service is stopped in the middle, and one is left to its end');
  await machine.run(`systemd-run --collect --unit=job ${apply('/root/three')}; ${armed('/root/three')}; systemctl stop job`);
  holds('stopped, it undoes the change at once', (await text(save)) === before, await text(save));
  await machine.run(`systemd-run --collect --unit=job ${apply('/root/four')}; ${armed('/root/four')}`);
  const kept = await machine.run('/opt/palisade/bin/palisade --state /root/four --policy /root/policy.yaml confirm --anyway');
  const now = await text(`${save}; sleep 0.5; systemctl list-units --all --plain "palisade-guard-*"`);
  holds(
    'confirmed, it stays, and no unit is left',
    kept.status === 0 && now.includes('PAL-IN') && /0 loaded units/.test(now),
    kept.text + now,
  );
} finally {
  await machine.cut();
  rmSync(writes, { recursive: true, force: true });
}
end();
