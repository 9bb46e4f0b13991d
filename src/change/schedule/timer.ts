import { unitWord } from '../boot/unit-word.ts';
import type { Every } from './due.ts';
import { type Schedule, scheduleLine } from './schedule.ts';

export const timerName = 'palisade-backup.timer';
export const serviceName = 'palisade-backup.service';

/** systemd.time(7); of UTC, as it is where cron asks. */
const calendar: Readonly<Record<Every, string>> = {
  hourly: '*-*-* *:00:00 UTC',
  daily: '*-*-* 00:00:00 UTC',
  weekly: 'Mon *-*-* 00:00:00 UTC',
};

/**
 * The units by their names. What was missed while the machine was off is made up once it is on. Where the
 * configuration sends copies may change without the units, so that the service may write beside what is the system's; it makes namespaces, in
 * which snapshots are tried, and reads the firewall, for which it needs the rights that it keeps.
 */
export function timerUnits(schedule: Schedule): ReadonlyMap<string, string> {
  const { every, jitterMs, command, stateFolder, folders } = schedule;
  const written = [stateFolder, ...folders.map((folder) => `-${folder}`)].map((folder) => unitWord(folder, 'path'));
  return new Map([
    [
      serviceName,
      `${scheduleLine(schedule)}
[Unit]
Description=Snapshot of the firewall
Documentation=man:palisade-backup(1)
RequiresMountsFor=${unitWord(stateFolder, 'path')}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${command.map((word) => unitWord(word, 'command')).join(' ')}
TimeoutStartSec=1h
# It prints problems alone.
SyslogLevel=err
Nice=10
IOSchedulingClass=idle
UMask=0077
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_SYS_NICE CAP_KILL
NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths=${written.join(' ')}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6 AF_PACKET
SystemCallArchitectures=native
`,
    ],
    [
      timerName,
      `[Unit]
Description=Snapshots of the firewall, ${every}
Documentation=man:palisade-backup(1)

[Timer]
OnCalendar=${calendar[every]}
RandomizedDelaySec=${Math.round(jitterMs / 1000)}
FixedRandomDelay=yes
Persistent=yes

[Install]
WantedBy=timers.target
`,
    ],
  ]);
}
