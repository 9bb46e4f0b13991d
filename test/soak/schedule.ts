/**
 * `npm run soak -- schedule [--root DIR]`: a Debian with its own systemd is told to take snapshots by itself: its timer fires, what was missed
 * while its power was off is made up, what fails shows; and a Debian whose first process is cron does the same. DIR holds the Debian, and is
 * made (mmdebstrap) where it is missing. Some five minutes, most of them spent waiting for cron.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';
import { type Machine, makeRoot, startMachine } from './machine.ts';

const { values } = parseArgs({ options: { root: { type: 'string', default: join(tmpdir(), 'palisade-soak-debian') } } });
const { say, holds, end } = createHolding();
await setup();
const project = join(import.meta.dirname, '../..');
await makeRoot(values.root, 'systemd');
await makeRoot(values.root, 'cron');

const palisade = '/opt/palisade/bin/palisade';
const rules = 'for t in iptables ip6tables; do $t -A INPUT -i lo -j ACCEPT; $t -A INPUT -p tcp --dport 22 -j ACCEPT; done';
/** Snapshots that the schedule took. */
async function taken(machine: Machine): Promise<readonly { id: string; proved: boolean; at: number }[]> {
  const { text } = await machine.run(`${palisade} --json backup list 2>/dev/null`);
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  const kept = lines.map((line) => JSON.parse(line) as { kind: string; id: string; proved: boolean; at: number; reason: string });
  return kept.filter(({ kind, reason }) => kind === 'snapshot' && reason === 'scheduled');
}
async function until(what: () => Promise<boolean>, seconds: number): Promise<boolean> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(500)) if (await what()) return true;
  return false;
}
const journal = async (machine: Machine): Promise<string> =>
  (await machine.run(`${palisade} journal show; ${palisade} journal verify`)).text;
const timer = (lines: string): string => `mkdir -p /etc/systemd/system/palisade-backup.timer.d
cat >/etc/systemd/system/palisade-backup.timer.d/soon.conf <<'EOT'
[Timer]
OnCalendar=
${lines}
AccuracySec=100ms
RandomizedDelaySec=0
EOT
systemctl daemon-reload; systemctl restart palisade-backup.timer`;
const never = timer('OnCalendar=2099-01-01');

async function bySystemd(writes: string): Promise<void> {
  say('systemd');
  let machine = await startMachine(values.root, writes, project);
  await machine.run(`${rules}; mkdir -p /srv/copies`);
  const none = await machine.run(`${palisade} backup schedule`);
  holds('nothing is done by itself at first', none.status === 0 && /No snapshots are taken/.test(none.text), none.text);
  const installed = await machine.run(`${palisade} backup schedule --every daily --copy-to /srv/copies --keep-last 3`);
  holds(
    'a timer is installed',
    installed.status === 0 && /a timer of systemd.+s\. Next: 20/.test(installed.text),
    installed.text,
  );
  await machine.run(`${palisade} journal keygen`);
  const verified = await machine.run('systemd-analyze verify /etc/systemd/system/palisade-backup.*');
  holds('systemd finds nothing wrong with it', verified.text.replace(/^.*Command 'man .*\n/gm, '') === '', verified.text);
  const security = await machine.run('systemd-analyze security --no-pager palisade-backup.service');
  say(`    ${security.text.trim().split('\n').at(-1)}`);

  await machine.run(timer('OnCalendar=*:*:0/5'));
  holds(
    'it fires',
    await until(async () => (await taken(machine)).length > 0, 40),
    (await machine.run('systemctl status --no-pager palisade-backup.service')).text,
  );
  await machine.run(never);
  await until(async () => (await machine.run('systemctl is-active palisade-backup.service')).text.trim() === 'inactive', 20);
  const first = await taken(machine);
  holds(
    'what it takes is proved, in its sandbox',
    first.length > 0 && first.every(({ proved }) => proved),
    JSON.stringify(first),
  );
  const copies = (await machine.run('cd /srv/copies && ls && stat -c %a *')).text;
  holds(
    'and copied, for root alone',
    first.every(({ id }) => copies.includes(`${id}.snapshot`)) && /^600$/m.test(copies),
    copies,
  );
  const result = (
    await machine.run('systemctl show -p Result palisade-backup.service; journalctl -q -p err -u palisade-backup --no-pager')
  ).text;
  holds('it went well, and said nothing', result === 'Result=success\n', result);
  const told = await journal(machine);
  holds('the journal says so, and is sealed', /saved.*a snapshot as scheduled/.test(told) && /sealed by/.test(told), told);
  for (const _ of [1, 2, 3, 4, 5]) await machine.run('systemctl start palisade-backup.service');
  const kept = await taken(machine);
  const day = new Date().toISOString().slice(0, 10);
  holds(
    'what no period keeps goes',
    kept.length === 3 || (day !== new Date(kept[0]?.at ?? 0).toISOString().slice(0, 10) && kept.length < 6),
    String(kept.length),
  );

  say('its power fails before it is time');
  const time = new Date(Date.now() + 12_000);
  await machine.run(timer(`OnCalendar=${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`));
  const before = new Set((await taken(machine)).map(({ id }) => id));
  await machine.cut();
  await sleep(Math.max(0, time.getTime() - Date.now()) + 3000);
  machine = await startMachine(values.root, writes, project);
  const isNew = async (): Promise<boolean> =>
    (await taken(machine)).some(({ id, at }) => !before.has(id) && at * 1000 > time.getTime());
  holds(
    'what was missed is made up',
    await until(isNew, 30),
    (await machine.run('systemctl list-timers --no-pager; journalctl -b --no-pager -u palisade-backup')).text,
  );
  await machine.run(never);

  say('what fails');
  await machine.run(`${rules}; ${palisade} backup schedule --every daily --copy-to /srv/nowhere; ${never}`);
  const count = (await taken(machine)).length;
  const failed = await machine.run(
    'systemctl start palisade-backup.service; systemctl is-failed palisade-backup.service; systemctl --failed --plain --no-pager',
  );
  holds(
    'a copy that cannot be made fails the unit',
    /^failed/m.test(failed.text) && /palisade-backup.service +loaded failed/.test(failed.text),
    failed.text,
  );
  holds('the snapshot here stays', (await taken(machine)).length > count || count === 3, String(count));
  const logged = (await machine.run('journalctl -q -b -p err -u palisade-backup --no-pager -o cat')).text;
  holds('it is logged as an error, with what to do', /there is no such folder; make it, or mount/.test(logged), logged);
  const noted = await journal(machine);
  holds('and noted', /failed.*: the snapshot was not copied: \/srv\/nowhere: there is no such folder/s.test(noted), noted);
  const shown = await machine.run(`${palisade} backup schedule`);
  holds(
    'who asks is told',
    shown.status === 1 && /it did not go well: the snapshot was not\s+copied/.test(shown.text),
    shown.text,
  );
  await machine.run('mkdir /srv/nowhere; systemctl start palisade-backup.service');
  const mended = await machine.run(`systemctl is-failed palisade-backup.service; ${palisade} backup schedule; ls /srv/nowhere`);
  holds(
    'once it is mended it goes well again',
    /^inactive/.test(mended.text) && /It was last done at/.test(mended.text) && /\.snapshot/.test(mended.text),
    mended.text,
  );
  await machine.run(
    'mount -t tmpfs -o size=4k,mode=700 tmpfs /var/lib/palisade/backups; head -c 4096 /dev/zero >/var/lib/palisade/backups/filler',
  );
  await machine.run('systemctl start palisade-backup.service');
  const full = `${await journal(machine)}${(await machine.run('systemctl is-failed palisade-backup.service; umount /var/lib/palisade/backups; ls /var/lib/palisade/backups')).text}`;
  holds(
    'so does a full disk, and those before stay',
    /failed.*: no snapshot was taken: the snapshot cannot be\s+kept: there is no room/s.test(full) &&
      /^failed$/m.test(full) &&
      full.includes('.snapshot'),
    full,
  );
  // Killed, it can say nothing itself; whoever comes next does.
  await machine.run(
    `${palisade} --quiet backup create --due now >/dev/null 2>&1 & p=$!; until grep -q 'come to its end' /var/lib/palisade/schedule.json; do :; done; kill -9 $p; wait $p; systemctl start palisade-backup.service`,
  );
  const killed = await journal(machine);
  holds(
    'one that is killed is noted by the next',
    /failed.*: the scheduled snapshot of 20\S+ did not come to its end/s.test(killed),
    killed,
  );
  const removed = await machine.run(
    `${palisade} backup schedule --remove; find /etc/systemd -name 'palisade-backup*' -type f -o -name 'palisade-backup*' -type l; systemctl is-active palisade-backup.timer`,
  );
  holds(
    'it is taken away',
    /by themselves any more/.test(removed.text) && /^inactive/m.test(removed.text) && !/wants/.test(removed.text),
    removed.text,
  );
  await machine.cut();
}

async function byCron(writes: string): Promise<void> {
  say('cron');
  const machine = await startMachine(values.root, writes, project, 'cron');
  // Names that a shell, and cron itself, would take for something else.
  const copies = "/srv/it's 100% $HOME";
  await machine.run(`${rules}; mkdir -p '/srv/it'\\''s 100% $HOME'`);
  const installed = await machine.run(
    `${palisade} backup schedule --every daily --jitter 0 --copy-to '/srv/it'\\''s 100% $HOME'`,
  );
  holds('cron is told', installed.status === 0 && /by cron\. Next: 20/.test(installed.text), installed.text);
  const line = (await machine.run('tail -n 1 /etc/cron.d/palisade-backup')).text;
  holds('to ask every ten minutes', /^\d-59\/10 \* \* \* \* root \/opt/.test(line), line);
  // Every minute, so that nobody has to wait so long; and each time that it asks is kept.
  await machine.run(`sed -i 's|^[0-9]-59/10 \\(.*\\)$|* \\1; echo $? >>/root/asked|' /etc/cron.d/palisade-backup`);
  const asked = async (): Promise<number> => Number((await machine.run('cat /root/asked 2>/dev/null | wc -l')).text);
  holds(
    'it fires',
    await until(async () => (await taken(machine)).length > 0 && (await asked()) > 0, 150),
    (await machine.run('tail -n 3 /etc/cron.d/palisade-backup; cat /root/asked')).text,
  );
  const first = await taken(machine);
  holds('what it takes is proved', first.length === 1 && first.every(({ proved }) => proved), JSON.stringify(first));
  const listed = (await machine.run(`ls "/srv/it's 100% "*`)).text;
  holds(`and copied to ${copies}`, listed.includes(`${first[0]?.id}.snapshot`), listed);
  const count = await asked();
  holds(
    'asked again, it is not time',
    (await until(async () => (await asked()) > count, 90)) && (await taken(machine)).length === 1,
    JSON.stringify(await taken(machine)),
  );
  say('three days without power');
  await machine.run(
    `sed -i 's/"\\(begun\\|succeeded\\)":[0-9]*/"\\1":'$(date -d '3 days ago' +%s)'000/g' /var/lib/palisade/schedule.json`,
  );
  holds('one is made up', await until(async () => (await taken(machine)).length === 2, 90), JSON.stringify(await taken(machine)));
  await machine.run(
    `mv /srv /away; sed -i 's/"\\(begun\\|succeeded\\)":[0-9]*/"\\1":'$(date -d '1 day ago' +%s)'000/g' /var/lib/palisade/schedule.json`,
  );
  const isNoted = async (): Promise<boolean> => /failed.*was not\s+copied/s.test(await journal(machine));
  holds('what fails is noted', await until(isNoted, 90), await journal(machine));
  const statuses = (await machine.run('cat /root/asked')).text;
  holds('and fails, where nothing else did', /^(0\n)+1\n/.test(statuses), statuses);
  const later = await asked();
  await until(async () => (await asked()) > later, 90);
  const notes = (await journal(machine)).split(/was not\s+copied/).length - 1;
  holds('it is not tried again at once', notes === 1, String(notes));
  const removed = await machine.run(`${palisade} backup schedule --remove; ls /etc/cron.d`);
  holds('it is taken away', removed.status === 0 && !/^palisade-backup$/m.test(removed.text), removed.text);
  await machine.cut();
}

for (const by of [bySystemd, byCron]) {
  const writes = mkdtempSync(join(tmpdir(), 'palisade-soak-schedule-'));
  try {
    await by(writes);
  } finally {
    rmSync(writes, { recursive: true, force: true });
  }
}
end();
