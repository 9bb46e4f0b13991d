import { filesIn, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';

const rare = ['dccp', 'tipc', 'rds', 'sctp', 'can'] as const;

const host = (modules: object, ...files: readonly object[]): object => ({ ...oneLink, modules, files });
const off = file('/etc/modprobe.d/rare.conf', rare.map((name) => `install ${name} /bin/false\n`).join(''));

/**
 * What is loaded counts as in use and is only named. Anybody may make the kernel load the rest by opening a socket of the kind.
 * `blacklist` is no help against a name that is asked for; only `install NAME /bin/false` (or /bin/true) is.
 */
export const fwSys12: Check = {
  id: 'FW-SYS-12',
  title: 'rarely used protocols cannot be loaded',
  severity: 'low',
  kinds: ['H'],
  refs: ['CIS Debian 12 v1.1.0 3.2.1-4', 'STIG RHEL-09-213050', 'STIG RHEL-09-213060', 'STIG RHEL-09-213065'],
  why: 'Their code is seldom looked at and has had holes that make any user root. Opening a socket is enough to load them.',
  fix: 'Forbid modprobe to load them.',
  run,
  examples: [
    { title: 'on the disk, and not forbidden', facts: host({ loadable: ['sctp', 'dccp'] }), finds: ['low null'] },
    { title: 'forbidden', facts: host({ loadable: [...rare] }, off), finds: [] },
    {
      title: 'blacklisted only, which does not count',
      facts: host({ loadable: ['sctp'] }, file('/etc/modprobe.d/a.conf', 'blacklist sctp\n')),
      finds: ['low null'],
    },
    { title: 'forbidden but loaded', facts: host({ loadable: ['sctp'], loaded: ['sctp'] }, off), finds: ['low null'] },
    { title: 'in the kernel itself, which takes no modules', facts: host({ builtin: ['sctp'] }), finds: ['low null'] },
    { title: 'not on the disk', facts: host({ loadable: [] }), finds: [] },
    { title: 'modules that were not read', facts: { ...oneLink, files: [] }, finds: [], unknown: 1 },
    { title: 'modprobe.d was not read', facts: { ...oneLink, modules: { loadable: ['sctp'] } }, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwSys12, [host.modules], ({ loaded, builtin, loadable }) => {
    const there = rare.filter((name) => loaded.has(name) || builtin.has(name) || loadable.has(name));
    if (there.length === 0) return fine;
    return given(fwSys12, [host.files], (files) =>
      given(fwSys12, [forbidden(files)], (off) => {
        const inUse = there.filter((name) => loaded.has(name) || builtin.has(name));
        const open = there.filter((name) => !inUse.includes(name) && !off.has(name));
        if (inUse.length + open.length === 0) return fine;
        const said = [
          ...(open.length > 0 ? [`${sayList(open)} can be loaded by any user`] : []),
          ...(inUse.length > 0 ? [`${sayList(inUse)} ${inUse.length === 1 ? 'is' : 'are'} there`] : []),
        ];
        return found(fwSys12, {
          title: `Rarely used protocols: ${said.join('; ')}`,
          why: 'Whoever runs a program on the host can open a socket of such a kind, and code with a history of holes then runs in the kernel.',
          fix: `Forbid them, unless something needs them; what is loaded stays until it is removed or the host restarts.
printf '%s\\n' ${there.map((name) => `'install ${name} /bin/false'`).join(' ')} > /etc/modprobe.d/fw-sys-12.conf`,
        });
      }),
    );
  });
}

/** Names that modprobe answers with a command that loads nothing (modprobe.d(5)). */
function forbidden(files: HostFiles): Known<ReadonlySet<string>> {
  const folders = ['/etc/modprobe.d', '/run/modprobe.d', '/usr/local/lib/modprobe.d', '/usr/lib/modprobe.d', '/lib/modprobe.d'];
  const listed = filesIn(files, ...folders);
  if (!listed.known) return listed;
  const names = new Set<string>();
  for (const { text } of listed.value) {
    if (!text.known) return text;
    for (const [, name = ''] of text.value.matchAll(/^\s*install\s+(\S+)\s+(?:\/usr)?\/bin\/(?:false|true)\b/gm)) {
      names.add(name.replaceAll('-', '_'));
    }
  }
  return known(names);
}
