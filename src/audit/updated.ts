/** A host whose software is as new as can be: the facts of examples, in which other checks shall find nothing to say about it. */

const policy = (name: string, installed: string, candidate = installed, archive = 'debian trixie/main'): string =>
  `${name}:
  Installed: ${installed}
  Candidate: ${candidate}
  Version table:
${candidate === installed ? '' : `     ${candidate} 500\n        500 http://deb.debian.org/${archive} amd64 Packages\n`} *** ${installed} 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
        100 /var/lib/dpkg/status
`;

const kernelVersion = '6.12.118-1';
const release = '6.12.118+deb13-amd64';

/** What package managers print there. */
export const software = {
  'os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
  dpkg: [
    'iptables\t1.8.11-2\tinstalled\tiptables\t1.8.11-2',
    `linux-image-${release}\t${kernelVersion}\tinstalled\tlinux-signed-amd64\t6.12.118+1`,
    `linux-image-amd64\t${kernelVersion}\tinstalled\tlinux-signed-amd64\t6.12.118+1`,
    'unattended-upgrades\t2.12\tinstalled\tunattended-upgrades\t2.12',
    '',
  ].join('\n'),
  apt:
    policy('iptables', '1.8.11-2') + policy(`linux-image-${release}`, kernelVersion) + policy('linux-image-amd64', kernelVersion),
  'apt-periodic': 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
  lists: '0',
  reboot: '',
} as const;

/** For a facts file. */
export const upToDate = {
  kernel: release,
  kernelBuild: `#1 SMP PREEMPT_DYNAMIC Debian ${kernelVersion} (2026-11-20)`,
  software,
};

export { policy };
