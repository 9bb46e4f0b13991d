import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Holding } from '../holding.ts';
import { type Machine, startMachine } from '../machine.ts';

export interface BansOptions {
  readonly root: string;
  /** What the machine writes. */
  readonly writes: string;
  readonly project: string;
  readonly backend: 'nft' | 'legacy';
  /** A unit that writes what is there when the network may begin to /var/at-network.v4, .v6 and .sets. */
  readonly probe: string;
  /** Rules of others, in save format. */
  readonly saved: string;
}

const palisade = '/opt/palisade/bin/palisade';
const write = (file: string, text: string): string => `cat >${file} <<'EOT'\n${text}EOT`;
/** Sets by a service of its own, which takes none that is there already: as Arch has it. */
const setsService = `[Unit]
DefaultDependencies=no
Before=network-pre.target netfilter-persistent.service
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ipset -f /etc/ipset.conf restore
[Install]
WantedBy=sysinit.target
`;
const policy = 'palisade: 1\nincoming:\n  - { allow: ssh, from: "192.0.2.0/24" }\n  - { allow: https }\n';

/**
 * A machine without a policy of palisade's shuts sources out, and its rules are saved with the chains that ask the sets: what it has when the network
 * may begin, with and without palisade's unit, beside others that load sets, and when palisade is gone.
 */
export async function startsWithBans(options: BansOptions, { say, holds }: Holding): Promise<void> {
  const { root, writes, project, backend } = options;
  const plugins = '/usr/share/netfilter-persistent/plugins.d/';
  if (!existsSync(join(root, plugins, '10-ipset')))
    throw new Error(`${root} holds no ipset-persistent: take it away, it is made anew`);
  let machine: Machine | null = null;
  const told = async (command: string): Promise<string> => (await (machine as Machine).run(command)).text;
  const startAgain = async (how: string): Promise<{ network: string; failed: string }> => {
    say(`iptables-${backend}: started again ${how}`);
    await machine?.cut();
    machine = await startMachine(root, writes, project);
    return { network: await told('cat /var/at-network.*'), failed: await told('systemctl --failed --plain --no-legend') };
  };
  const isWhole = (network: string): boolean =>
    /^-A INPUT -s 203.0.113.7\/32 -j DROP$/m.test(network) &&
    network.split('-A INPUT -j PALISADE-BAN\n').length === 3 &&
    network.split('-A PREROUTING -j PALISADE-SHUT\n').length === 3;
  const asMembers = (): Promise<string> => told('ipset save PALISADE-BAN4; ipset save PALISADE-BAN6');

  try {
    machine = await startMachine(root, writes, project);
    for (const command of [
      'mkdir -p /etc/iptables',
      write('/etc/iptables/rules.v4', options.saved),
      write('/etc/systemd/system/probe.service', options.probe),
      `chmod -x ${plugins}10-ipset ${plugins}40-ipset`,
      ...['iptables', 'ip6tables'].map((name) => `update-alternatives --set ${name} /usr/sbin/${name}-${backend}`),
      'systemctl enable --now probe.service netfilter-persistent.service',
      'systemctl restart netfilter-persistent',
    ])
      await told(command);
    // Where nothing can be written, a ban holds, and says what must not be done.
    await told('mount --bind /etc /etc && mount -o remount,bind,ro /etc');
    const unready = await told(`${palisade} ban 198.51.100.6 --for 2h`);
    holds(
      'without a place for the unit a ban holds, and says so',
      /198.51.100.6 is shut out for 2h/.test(unready) &&
        /Save no rules to \/etc\/iptables\/rules.v4 .*only be read/s.test(unready),
      unready,
    );
    await told('umount /etc');
    const first = await told(`${palisade} ban 198.51.100.7 --for 2h`);
    holds('the next one makes the unit', /palisade-bans.service makes the sets/.test(first.replace(/\s+/g, ' ')), first);
    await told(`${palisade} ban 2001:db8:bad::1 --for 2h; ${palisade} unban 198.51.100.6; netfilter-persistent save`);
    const savedRules = await told('cat /etc/iptables/rules.v4 /etc/iptables/rules.v6');
    holds('the rules are saved with chains that ask sets', isWhole(savedRules), savedRules);
    const verified = await told('systemd-analyze verify /etc/systemd/system/palisade-bans.service');
    holds('systemd finds nothing wrong with the unit', verified.replace(/^.*Command 'man .*\n/gm, '') === '', verified);

    await told('systemctl disable palisade-bans.service');
    const unaided = await told(`${palisade} --json audit 2>/dev/null`);
    holds('the audit finds that nobody makes the sets now', unaided.includes('"FW-PERS-03"'), unaided);
    let start = await startAgain('without the unit');
    holds(
      'without the unit it starts open: netfilter-persistent loads nothing of filter',
      !start.network.includes('203.0.113.7') && !start.network.includes('PALISADE'),
      start.network + start.failed,
    );

    await told('systemctl enable palisade-bans.service');
    start = await startAgain('with the unit');
    holds('the network begins with the saved rules', isWhole(start.network) && start.failed === '', start.network + start.failed);
    const audited = await told(`${palisade} --json audit 2>/dev/null`);
    const ids = (JSON.parse(audited) as { findings: { id: string }[] }).findings.map(({ id }) => id);
    holds('the audit knows that the sets are there before the rules', !ids.includes('FW-PERS-03'), ids.join(' '));
    const members = await asMembers();
    const left = Number(/^add PALISADE-BAN4 198\.51\.100\.7 timeout (\d+)/m.exec(members)?.[1]);
    holds(
      'and with who was shut out, for what is left of his time; not with who was let in',
      left > 6000 && left < 7200 && members.includes('add PALISADE-BAN6 2001:db8:bad::/64 ') && !members.includes('198.51.100.6'),
      members,
    );
    const order = await told(
      'systemctl show -P ActiveEnterTimestampMonotonic palisade-bans netfilter-persistent network-pre.target',
    );
    const times = order.trim().split(/\s+/).map(Number);
    holds(
      'sets, netfilter-persistent, network: in this order',
      times.length === 3 && times.every((time, at) => time > (times[at - 1] ?? 0)),
      order,
    );
    await told('netfilter-persistent flush; ipset destroy; systemctl restart netfilter-persistent');
    const again = `${await told('iptables-save; ip6tables-save')}${await asMembers()}`;
    holds(
      'flushed, destroyed, and loaded again, all is there',
      isWhole(again) && again.includes('add PALISADE-BAN4 198.51.100.7 '),
      again,
    );

    await told(
      `chmod +x ${plugins}10-ipset ${plugins}40-ipset; ipset create zother hash:ip; iptables -A INPUT -m set --match-set zother src -j DROP; netfilter-persistent save; sed -i 's/maxelem 131072/maxelem 131000/' /etc/iptables/ipsets`,
    );
    start = await startAgain('with ipset-persistent, which has saved these sets otherwise than they are made now');
    holds(
      'its sets and ours are there, and all rules',
      isWhole(start.network) && start.network.includes('--match-set zother') && start.failed === '',
      start.network + start.failed,
    );
    const exchanged = await told(`${palisade} ban 198.51.100.9 --for 2h`);
    const now = await asMembers();
    holds(
      'the next ban has them as they are made now, with all who were in',
      now.includes('maxelem 131072') &&
        !now.includes('131000') &&
        /198\.51\.100\.7 .*198\.51\.100\.9 |198\.51\.100\.9 .*198\.51\.100\.7 /s.test(now),
      exchanged + now,
    );

    await told(
      `chmod -x ${plugins}10-ipset ${plugins}40-ipset; rm -f /etc/systemd/system/ipset.service; ipset save >/etc/ipset.conf; ${write('/etc/systemd/system/ipset.service', setsService)}\nsystemctl enable ipset.service; ${palisade} ban 198.51.100.10 --for 2h`,
    );
    start = await startAgain('with a service for sets that takes none which is there');
    holds(
      'it loads its sets, and all rules are there',
      isWhole(start.network) && start.network.includes('--match-set zother') && start.failed === '',
      start.network + start.failed,
    );
    await told(
      'systemctl disable ipset.service; rm /etc/systemd/system/ipset.service /etc/ipset.conf; iptables -D INPUT -m set --match-set zother src -j DROP; netfilter-persistent save; mv /var/lib/palisade /var/lib/away',
    );
    start = await startAgain('without its state');
    holds('the rules are there, and ask empty sets', isWhole(start.network) && start.failed === '', start.network + start.failed);

    await told('rm -rf /var/lib/palisade; mv /var/lib/away /var/lib/palisade; mkdir -p /etc/palisade');
    await told(write('/etc/palisade/policy.yaml', policy));
    const applied = await told(`${palisade} apply --yes && ${palisade} boot-restore --install; netfilter-persistent save`);
    start = await startAgain('with a confirmed policy too');
    holds(
      'bans come first, then the policy',
      isWhole(start.network) &&
        /-A INPUT -j PALISADE-BAN\n(?:-A INPUT -s 203.*\n)?-A INPUT -j PAL-IN\n/.test(start.network) &&
        start.failed === '',
      applied + start.network + start.failed,
    );

    const kept = await told(`${palisade} uninstall --yes; ls /etc/systemd/system /etc/palisade`);
    holds(
      'uninstall leaves the unit, since saved rules ask the sets, and says so',
      /rules.v4 still asks who is shut out/.test(kept) &&
        kept.includes('palisade-bans.service') &&
        !kept.includes('palisade-rules'),
      kept,
    );
    start = await startAgain('without palisade');
    const empty = await asMembers();
    holds(
      'others’ rules are loaded, and nobody is shut out',
      start.network.includes('203.0.113.7') && !empty.includes('add '),
      start.network + start.failed + empty,
    );
    const gone = await told(
      `iptables-save | sed '/PALISADE/d; /PAL-/d' | iptables-restore; ip6tables-save | sed '/PALISADE/d; /PAL-/d' | ip6tables-restore; netfilter-persistent save; ${palisade} uninstall --yes; find /etc/systemd -name 'palisade-bans*'; ls -d /etc/palisade/bans.sh /var/lib/palisade/bans-[or]* 2>/dev/null; ipset list -n`,
    );
    holds('once they are saved without, uninstall takes the unit and the sets away', !/bans|PALISADE/.test(gone), gone);
    start = await startAgain('at last');
    holds('others’ rules are loaded', start.network.includes('203.0.113.7') && start.failed === '', start.network + start.failed);
    if (backend === 'legacy') return;

    say('started again without systemd');
    await machine.cut();
    machine = await startMachine(root, writes, project, 'cron');
    await told('mount -t tmpfs -o size=2m tmpfs /var/lib/palisade; chmod 700 /var/lib/palisade');
    const unsaid = await told(`${palisade} ban 198.51.100.7; ${palisade} ban 198.51.100.8`);
    holds(
      'what to run is said, and does it',
      /Have it run sh \/etc\/palisade\/bans.sh \/var\/lib\/palisade before/.test(unsaid.replace(/\s+/g, ' ')),
      unsaid,
    );
    const byHand = await told(
      'ipset flush; sh /etc/palisade/bans.sh /var/lib/palisade; echo status $?; ipset save PALISADE-BAN4',
    );
    holds('the script does it', byHand.includes('status 0') && byHand.includes('add PALISADE-BAN4 198.51.100.7 '), byHand);
    const full = await told(
      `dd if=/dev/zero of=/var/lib/palisade/full bs=4k 2>/dev/null; ${palisade} unban 198.51.100.7; ls /var/lib/palisade; ipset save PALISADE-BAN4`,
    );
    holds(
      'on a full disk one who is let in is so, and is not shut out again when the machine starts',
      full.includes('That is not remembered') &&
        !full.includes('bans-remembered') &&
        !full.includes('add PALISADE-BAN4 198.51.100.7 '),
      full,
    );
  } finally {
    await machine?.cut();
    rmSync(writes, { recursive: true, force: true });
  }
}
