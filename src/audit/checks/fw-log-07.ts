import { filesIn, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { startsAtBoot } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { enabled, file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';

const host = (files: readonly object[], ...names: readonly string[]): object => ({
  ...oneLink,
  files,
  processes: [{ pid: 1, name: 'systemd' }, ...names.map((name, index) => ({ pid: index + 2, name }))],
});

/** Programs that carry logs elsewhere; whether they carry this one is for their configuration to say. */
const carriers =
  /^(filebeat|fluent-bit|fluentd|td-agent|promtail|alloy|vector|splunkd|nxlog|systemd-journal-u|ossec|wazuh|logstash)/;

/** rsyslog: `@host`, `@@host`, omfwd, omrelp; syslog-ng: drivers that send. Comments do not count. */
const rsyslogSends = /^[^#\n]*(?:\s@{1,2}[\w[(*]|type\s*=\s*"(?:omfwd|omrelp|omgssapi|omelasticsearch|omkafka)"|:omrelp:)/m;
const syslogNgSends = /^[^#\n]*destination[^#]*?\b(?:network|syslog|tcp6?|udp6?)\s*\(/m;

export const fwLog07: Check = {
  id: 'FW-LOG-07',
  title: 'logs are sent to another machine',
  severity: 'low',
  kinds: ['H'],
  refs: ['CIS Debian 12 v1.1.0 6.1.3.6', 'PCI-DSS 4.0 10.3.3'],
  why: 'Whoever takes the host over deletes what he left in its logs.',
  fix: 'Forward the logs with rsyslog, syslog-ng or systemd-journal-upload.',
  run,
  examples: [
    { title: 'nothing', facts: host([], 'systemd-journal'), finds: ['low null'] },
    {
      title: 'rsyslog sends',
      facts: host([file('/etc/rsyslog.d/60-out.conf', '*.* @@log.example.net:514\n')], 'rsyslogd'),
      finds: [],
    },
    {
      title: 'rsyslog sends, said in the new way',
      facts: host([file('/etc/rsyslog.conf', 'action(type="omfwd" target="192.0.2.7" port="514" protocol="tcp")\n')], 'rsyslogd'),
      finds: [],
    },
    {
      title: 'a line that is commented out',
      facts: host([file('/etc/rsyslog.conf', '#*.* @@log.example.net\n')], 'rsyslogd'),
      finds: ['low null'],
    },
    {
      title: 'configured, but rsyslog does not run',
      facts: host([file('/etc/rsyslog.conf', '*.* @log.example.net\n')]),
      finds: ['low null'],
    },
    {
      title: 'syslog-ng sends',
      facts: host(
        [file('/etc/syslog-ng/conf.d/out.conf', 'destination d_net { network("192.0.2.7" port(514)); };\n')],
        'syslog-ng',
      ),
      finds: [],
    },
    { title: 'journald uploads', facts: host([enabled('systemd-journal-upload.service')]), finds: [] },
    { title: 'a carrier runs', facts: host([], 'filebeat'), finds: [] },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwLog07, [host.files, host.processes], (files, processes) => {
    const runs = (name: RegExp): boolean => processes.some((each) => name.test(each.name));
    if (runs(carriers)) return fine;
    return given(
      fwLog07,
      [startsAtBoot(host, 'systemd-journal-upload'), textOf(files, 'rsyslog'), textOf(files, 'syslog-ng')],
      (upload, rsyslog, syslogNg) => {
        if (
          upload ||
          (runs(/^(rsyslogd|rs:main)/) && rsyslogSends.test(rsyslog)) ||
          (runs(/^syslog-ng/) && syslogNgSends.test(syslogNg))
        )
          return fine;
        return found(fwLog07, {
          title: 'Logs stay on the host alone',
          why: 'No syslog daemon that runs forwards them, and no other program that would carry them away was seen.',
          fix: `Forward them to a machine that this one cannot log in to.
printf '%s\\n' '*.* @@LOGHOST:6514' > /etc/rsyslog.d/60-forward.conf
systemctl restart rsyslog`,
        });
      },
    );
  });
}

function textOf(files: HostFiles, daemon: 'rsyslog' | 'syslog-ng'): Known<string> {
  const folders = daemon === 'rsyslog' ? ['/etc/rsyslog.d'] : ['/etc/syslog-ng', '/etc/syslog-ng/conf.d'];
  const listed = filesIn(files, ...folders);
  if (!listed.known) return listed;
  const main = daemon === 'rsyslog' ? files.get('/etc/rsyslog.conf') : undefined;
  let text = '';
  for (const file of main === undefined ? listed.value : [main, ...listed.value]) {
    if (!file.text.known) return file.text;
    text += `${file.text.value}\n`;
  }
  return known(text);
}
