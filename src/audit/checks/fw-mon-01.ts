import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { scheduled } from '../schedule.ts';

const host = (files: readonly object[], ...names: readonly string[]): object => ({
  ...oneLink,
  files,
  processes: [{ pid: 1, name: 'systemd' }, ...names.map((name, index) => ({ pid: index + 2, name }))],
});

const agents =
  /^(nrpe|nsca|zabbix_agent|icinga2|node_exporter|prometheus-node|telegraf|check_mk|cmk-agent|netdata|monit|collectd|snmpd|wazuh|ossec)/;
/** What a scheduled job or an agent runs to look at the rules. */
const looks =
  /\bpalisade\s+audit\b|check_iptables|\bip6?tables(?:-\w+)?\s+.*(?:-L|-S|--list)|\bip6?tables-save\b.*(?:diff|cmp|md5|sha\d)/;

/** Agents are judged by their configuration on the host; when an alert last reached somebody is not to be seen here. */
export const fwMon01: Check = {
  id: 'FW-MON-01',
  title: 'something watches the firewall',
  severity: 'medium',
  kinds: ['H', 'L'],
  refs: ['NIST SP 800-41r1 5.5'],
  why: 'A firewall that a reload emptied looks like any other from outside, until somebody comes in.',
  fix: 'Let a timer, or the monitoring that you have, run `palisade audit --fail-on high`.',
  run,
  examples: [
    { title: 'nothing', facts: host([]), finds: ['medium null'] },
    { title: 'a name that any program may take', facts: host([], 'palisaded'), finds: ['medium null'] },
    {
      title: 'a command that is not there',
      facts: host([file('/etc/cron.d/fw', '*/5 * * * * root palisade check\n')]),
      finds: ['medium null'],
    },
    {
      title: 'palisade by cron',
      facts: host([file('/etc/cron.d/fw', '*/5 * * * * root palisade audit --fail-on high\n')]),
      finds: [],
    },
    {
      title: 'Nagios asks it',
      facts: host([file('/etc/nagios/nrpe.d/fw.cfg', 'command[fw]=/usr/bin/palisade audit --fail-on high\n')], 'nrpe'),
      finds: [],
    },
    { title: 'an agent that does not ask', facts: host([], 'zabbix_agentd'), finds: ['medium null'] },
    {
      title: 'a line that is commented out',
      facts: host([file('/etc/cron.d/fw', '#*/5 * * * * root palisade audit\n')]),
      finds: ['medium null'],
    },
    { title: 'nothing was read', finds: [], unknown: 1 },
    { title: 'schedules were not read', facts: { ...oneLink, processes: [{ pid: 1, name: 'systemd' }] }, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwMon01, [host.processes, host.files], (processes, files) => {
    return given(fwMon01, [scheduled(files)], (jobs) => {
      if (jobs.some(({ command }) => looks.test(command))) return fine;
      const running = [...new Set(processes.flatMap(({ name }) => agents.exec(name)?.[1] ?? []))];
      const configured = [...files.values()].some(
        ({ path, text }) =>
          /^\/etc\/(?:nagios|zabbix)\//.test(path) &&
          text.known &&
          text.value.split('\n').some((line) => /^[^#]*\S/.test(line) && looks.test(line)),
      );
      if (running.length > 0 && configured) return fine;
      return found(fwMon01, {
        certainty: running.length > 0 ? 'possible' : 'certain',
        title:
          running.length > 0
            ? `${sayList(running)} runs, but nothing on the host says that the firewall is watched`
            : 'Nothing watches the firewall',
        why: 'If the rules are emptied or changed, by accident or by an intruder, nobody is told.',
        fix: `Let palisade look each quarter of an hour, and cron send what it finds; or let your monitoring ask it.
printf '%s\\n' PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin '*/15 * * * * root said=$(palisade audit --fail-on high 2>&1) || echo "$said"' > /etc/cron.d/palisade`,
      });
    });
  });
}
