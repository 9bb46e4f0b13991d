/**
 * `npm run soak -- boot [--root DIR] [--only policy|bans]`: a Debian with its own systemd and netfilter-persistent is started, given a policy, cut off and
 * started again: with everything as it should be, with a change that nobody confirmed, with a torn set, without its state. What is there
 * when the network may begin is read by a unit of its own. DIR holds the Debian, and is made (mmdebstrap) where it is missing.
 * Without a policy, it is shown that rules which were saved while sources are shut out are loaded (bans).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';
import { type Machine, makeRoot, startMachine } from './machine.ts';
import { startsWithBans } from './starting/bans.ts';

const { values } = parseArgs({
  options: { root: { type: 'string', default: join(tmpdir(), 'palisade-soak-debian') }, only: { type: 'string' } },
});
const holding = createHolding();
const { say, holds, end } = holding;
await setup();
const project = join(import.meta.dirname, '../..');
await makeRoot(values.root);
const writes = mkdtempSync(join(tmpdir(), 'palisade-soak-boot-'));
const start = async (): Promise<Machine> => {
  const from = performance.now();
  const machine = await startMachine(values.root, writes, project);
  say(`started in ${Math.round(performance.now() - from)} ms`);
  return machine;
};

const admins = Array.from({ length: 12 }, (_, index) => `"198.51.100.${index * 2 + 1}"`).join(', ');
const policy = `palisade: 1
sets: { admins: [${admins}] }
incoming:
  - { allow: ssh, from: admins }
  - { allow: [http, https] }
docker:
  - { allow: 8080/tcp }
`;
/** Looks at the rules when the network may begin. */
const probe = `[Unit]
DefaultDependencies=no
After=network-pre.target
Wants=network-pre.target
Before=network.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'iptables-save >/var/at-network.v4; ip6tables-save >/var/at-network.v6; ipset list -n >/var/at-network.sets'
[Install]
WantedBy=sysinit.target
`;
/** What of Docker matters here: a chain of its own that comes with it. */
const docker = `[Unit]
After=network.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for t in iptables ip6tables; do $t -N DOCKER-USER && $t -A DOCKER-USER -j RETURN && $t -I FORWARD -j DOCKER-USER; done'
ExecStop=/bin/sh -c 'for t in iptables ip6tables; do $t -D FORWARD -j DOCKER-USER; $t -F DOCKER-USER; $t -X DOCKER-USER; done'
[Install]
WantedBy=multi-user.target
`;
const saved =
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -s 203.0.113.7/32 -j DROP\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n';
const write = (file: string, text: string): string => `cat >${file} <<'EOT'\n${text}EOT`;
const palisade = '/opt/palisade/bin/palisade';
/** Units that are restarted behind another are not waited for. */
const settled = 'while systemctl list-jobs | grep -q palisade; do sleep 0.1; done';
const atNetwork = async (machine: Machine): Promise<string> => (await machine.run('cat /var/at-network.*')).text;
const rulesIn = (text: string): string => text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]');

try {
  if (values.only !== 'bans') await startsWithPolicy();
} finally {
  rmSync(writes, { recursive: true, force: true });
}
if (values.only !== 'policy')
  for (const backend of ['nft', 'legacy'] as const)
    await startsWithBans(
      { root: values.root, writes: mkdtempSync(join(tmpdir(), 'palisade-soak-bans-')), project, backend, probe, saved },
      holding,
    );
end();

async function startsWithPolicy(): Promise<void> {
  let machine = await start();
  for (const command of [
    'mkdir -p /etc/palisade /etc/iptables',
    write('/etc/palisade/policy.yaml', policy),
    write('/etc/iptables/rules.v4', saved),
    write('/etc/systemd/system/probe.service', probe),
    write('/etc/systemd/system/docker.service', docker),
    'systemctl enable --now docker.service probe.service netfilter-persistent.service',
    'systemctl restart netfilter-persistent docker',
  ])
    await machine.run(command);
  const early = await machine.run(`${palisade} boot-restore --install`);
  holds('nothing is installed before something was confirmed', early.status === 4, early.text);
  const applied = await machine.run(`${palisade} apply --yes`);
  holds(
    'apply says that the rules would be gone',
    applied.status === 0 && /boot-restore --install/.test(applied.text),
    applied.text,
  );
  const installed = await machine.run(`${palisade} boot-restore --install`);
  holds('the units are installed', installed.status === 0, installed.text);
  const verified = await machine.run('systemd-analyze verify /etc/systemd/system/palisade-*.service');
  // There is no man(1) in it.
  holds('systemd finds nothing wrong with them', verified.text.replace(/^.*Command 'man .*\n/gm, '') === '', verified.text);
  const confirmed = rulesIn((await machine.run('iptables-save -t filter; ip6tables-save -t filter')).text);
  const nothing = await machine.run(`${palisade} boot-restore`);
  holds(
    'on the running machine it changes nothing',
    nothing.status === 0 && /nothing was changed/.test(nothing.text),
    nothing.text,
  );
  await machine.run(
    `sed -i s/http,/smtp,/ /etc/palisade/policy.yaml; setsid ${palisade} apply --timeout 3000 >/dev/null 2>&1 & sleep 8`,
  );
  const waiting = (await machine.run('iptables-save')).text;
  holds('another change waits', waiting.includes('--dports 25,443'), waiting);
  await machine.cut();

  say('started again after its power failed');
  machine = await start();
  const network = await atNetwork(machine);
  holds(
    'the network begins with what was confirmed, in its place',
    /203.0.113.7\/32 -j DROP\n-A INPUT -j PAL-IN\n-A INPUT -i lo/.test(network),
    network,
  );
  holds(
    'and not with what nobody had confirmed',
    !network.includes('--dports 25,443') && network.includes('--dports 80,443'),
    network,
  );
  holds(
    'both families and the sets are there',
    /^PAL4-[0-9a-f]{20}$/m.test(network) && network.split('-A INPUT -j PAL-IN').length === 3,
    network,
  );
  holds('Docker’s chain was not made before Docker', !network.includes('DOCKER-USER'), network);
  const now = rulesIn((await machine.run('iptables-save -t filter; ip6tables-save -t filter')).text);
  const sorted = (text: string): string => text.split('\n').toSorted().join('\n');
  holds('all is as it was confirmed, with the way from Docker’s chain', sorted(now) === sorted(confirmed), now);
  const plan = await machine.run(
    `sed s/smtp,/http,/ /etc/palisade/policy.yaml >/root/first.yaml; ${palisade} --policy /root/first.yaml plan`,
  );
  holds('a plan finds nothing to do', plan.status === 0, plan.text);
  const audit = await machine.run(`${palisade} --json audit 2>/dev/null`);
  // That the service which stands for Docker makes rules is said as unknown, and is so.
  const ids = (JSON.parse(audit.text) as { findings: { id: string }[] }).findings.map(({ id }) => id);
  holds('the audit knows that they come back', !ids.some((id) => /^FW-PERS-0[123]$/.test(id)), ids.join(' '));
  const words = await machine.run(`${palisade} journal show; ls /var/lib/palisade`);
  holds(
    'it is said that the change which waited is gone',
    /boot: the confirmed firewall is restored/.test(words.text) &&
      /nobody had confirmed/.test(words.text) &&
      !/pending/.test(words.text),
    words.text,
  );
  const order = await machine.run(
    'systemctl show -P ActiveEnterTimestampMonotonic palisade-sets netfilter-persistent palisade-rules network-pre.target',
  );
  const times = order.text.trim().split(/\s+/).map(Number);
  holds(
    'sets, netfilter-persistent, rules, network: in this order',
    times.length === 4 && times.every((time, at) => time > (times[at - 1] ?? 0)),
    order.text,
  );
  await machine.run(`systemctl restart netfilter-persistent; ${settled}`);
  const restarted = (await machine.run('iptables-save')).text;
  holds(
    'netfilter-persistent is restarted, flushes, and they are there again',
    restarted.includes('-A INPUT -j PAL-IN'),
    restarted,
  );
  await machine.run(`systemctl restart docker; ${settled}`);
  const docked = (await machine.run('iptables-save')).text;
  holds('Docker is restarted, and its chain leads to palisade’s again', docked.includes('-A DOCKER-USER -j PAL-DOCKER'), docked);
  await machine.run('sed -i 3d /var/lib/palisade/boot/current/sets');
  await machine.cut();

  say('started again with a torn set');
  machine = await start();
  const torn = await atNetwork(machine);
  holds('the network begins with emergency rules', torn.split(':PAL-EMERGENCY').length === 3 && !torn.includes('443'), torn);
  holds('whoever manages it comes in', torn.includes('-A PAL-IN -s 198.51.100.3/32 -p tcp -m tcp --dport 22 -j ACCEPT'), torn);
  const loud = await machine.run('systemctl --failed --plain; journalctl -b -u palisade-rules --no-pager; cat /dev/kmsg');
  holds(
    'systemd, the journal and the kernel’s log say so',
    /palisade-rules.service.*failed/.test(loud.text) && loud.text.split('has emergency rules').length >= 5,
    loud.text,
  );
  const mended = await machine.run(`sed -i s/smtp,/http,/ /etc/palisade/policy.yaml; ${palisade} apply --yes`);
  const after = rulesIn((await machine.run('iptables-save')).text);
  holds(
    'apply mends it',
    mended.status === 0 && !after.includes('EMERGENCY') && after.includes('--dports 80,443'),
    mended.text + after,
  );
  await machine.run('mv /var/lib/palisade /var/lib/away; mkdir /var/lib/palisade');
  await machine.run(
    write('/etc/systemd/system/var-lib-palisade.mount', '[Mount]\nWhat=none\nWhere=/var/lib/palisade\nType=nosuchfs\n'),
  );
  await machine.cut();

  say('started again without its state');
  machine = await start();
  const none = await atNetwork(machine);
  holds(
    'the network begins with the plainest rules',
    none.split(':PAL-EMERGENCY').length === 3 && none.includes('-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT'),
    none,
  );
  await machine.run(
    'rm /etc/systemd/system/var-lib-palisade.mount; rmdir /var/lib/palisade; mv /var/lib/away /var/lib/palisade; systemctl daemon-reload; systemctl reset-failed',
  );
  const again = await machine.run(
    'systemctl restart palisade-sets palisade-rules; systemctl is-active palisade-rules; iptables-save',
  );
  holds(
    'once it is there, a restart of the unit restores it',
    /^active/.test(again.text) && !again.text.includes('EMERGENCY') && again.text.includes('--dports 80,443'),
    again.text,
  );
  const left = await machine.run(
    `${palisade} uninstall --yes; ls /etc/systemd/system /etc/palisade /var/lib/palisade; find /etc/systemd -name 'palisade*'`,
  );
  holds('uninstall leaves nothing behind', !/palisade-|boot/.test(left.text), left.text);
  await machine.cut();

  say('started again without palisade');
  machine = await start();
  const plain = await atNetwork(machine);
  holds('the network begins with others’ rules alone', !plain.includes('PAL') && plain.includes('203.0.113.7'), plain);
  await machine.cut();
}
