import { type SoftwareName, softwareNames, type TextName, textNames } from '../../src/model/host/index.ts';

/** A little of what each tool prints on a real machine (iptables 1.8.9, nftables 1.0.6, iproute2 6.1), to be broken. */
const save = '*filter\n:INPUT ACCEPT [0:0]\n[0:0] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n';
const hidden = "# Table `filter' is incompatible, use 'nft' tool.\n";
const chain = { family: 'inet', table: 'fw', name: 'c', handle: 1, type: 'filter', hook: 'input', prio: 0, policy: 'drop' };
const own = { family: 'ip', table: 'filter', name: 'INPUT', handle: 1, type: 'filter', hook: 'input', prio: 0, policy: 'accept' };
const nft = (...objects: readonly object[]): string =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...objects] });
const rules = `ip filter INPUT 4 3
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

ip filter INPUT 5
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ range eq reg 1 0x0100000a 0x0900000a ]
  [ lookup reg 1 set __set0 ]
  [ counter pkts 0 bytes 0 ]
  [ log prefix x ]
  [ immediate reg 0 drop ]

`;
const link = {
  ...{ ifindex: 2, link: 'eth1', ifname: 'eth0', flags: ['BROADCAST', 'UP', 'LOWER_UP'], mtu: 1500, operstate: 'UP' },
  ...{ link_type: 'ether', address: '02:00:00:00:00:01', master: 'vrf1', xdp: { mode: 1, prog: { id: 7, name: 'x' } } },
  linkinfo: { info_kind: 'vrf', info_data: { table: 10 }, info_slave_kind: 'vrf', info_slave_data: { table: 10 } },
};
const address = {
  ifname: 'eth0',
  addr_info: [
    { family: 'inet', local: '198.51.100.10', prefixlen: 24, broadcast: '198.51.100.255', scope: 'global', label: 'eth0' },
    { family: 'inet6', local: '2001:db8::1', address: '2001:db8::2', prefixlen: 64, scope: 'link' },
  ],
};
const routes4 = [
  { dst: 'default', gateway: '198.51.100.1', dev: 'eth0', flags: [], metric: 100 },
  { type: 'blackhole', dst: '10.0.0.0/8', table: 'local', tos: '0x10', flags: ['onlink'] },
];
const routes6 = [
  { dst: '2001:db8::/64', dev: 'eth0', via: { family: 'inet6', host: 'fe80::1' }, nexthops: [{ dev: 'eth1', weight: 1 }] },
];
const everyRule = { priority: 0, src: 'all', table: 'local' };
const routingRules4 = [
  everyRule,
  { priority: 9, not: null, src: '10.0.0.0', srclen: 8, fwmark: '0x1', fwmask: '0xff', iif: 'eth0', action: 'blackhole' },
];

export const samples: Readonly<Record<TextName, readonly string[]>> = {
  nftSave4: [save, hidden],
  nftSave6: [save, hidden],
  legacySave4: [save],
  legacySave6: [save],
  nftChains: [
    nft({ chain: own }),
    `${nft({ chain: own }, { chain })}\n${nft({ chain }, { rule: { family: 'inet', table: 'fw', chain: 'c', handle: 2, expr: [] } })}`,
  ],
  nftRules4: [rules],
  nftRules6: [rules.replaceAll('ip filter', 'ip6 filter')],
  ipsets: ['create s hash:ip family inet hashsize 1024 maxelem 65536\nadd s 10.0.0.1\n'],
  links: [JSON.stringify([link])],
  addresses: [JSON.stringify([address])],
  routes4: [JSON.stringify(routes4)],
  routes6: [JSON.stringify(routes6)],
  rules4: [JSON.stringify(routingRules4)],
  rules6: [JSON.stringify([everyRule])],
  xfrm: ['\t SAD count 0\n\n\t SPD IN  1 OUT 0 FWD 0 (Sock: IN 0 OUT 0 FWD 0)\n'],
  flowtables: [
    nft({ flowtable: { family: 'inet', name: 'f', table: 'fw', handle: 2, hook: 'ingress', prio: 0, dev: ['eth0'] } }),
  ],
  traffic: [
    '[{"kind":"clsact","handle":"ffff:","dev":"eth0","parent":"ffff:fff1"}]\nfilter show dev eth0 ingress\n[{"protocol":"ip","pref":1,"kind":"flower","chain":0}]\nfilter show dev eth0 egress\n[]',
  ],
  tcx: ['eth0 ingress 1\neth0 egress 2\n'],
  listeners: [
    'tcp   LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=7,fd=3))\nudp UNCONN 0 0 [::]%eth0:546 [::]:*\ntcp LISTEN 0 128 [::1]:631 [::]:* users:(("a\nb",pid=1,fd=2),("c",pid=3,fd=4))\n',
  ],
  sessions: ['0 0 198.51.100.10:22 203.0.113.9:40000 users:(("sshd",pid=7,fd=4))\n0 0 [2001:db8::1]:22 [2001:db8::9]:40000\n'],
  packetReaders: ['p_raw 0 0 *:eth0 * users:(("tcpdump",pid=9,fd=3))\np_dgr UNCONN 0 0 [2048]:* *\n'],
  sysctls: [
    'net.ipv4.ip_forward = 0\nnet.ipv6.conf.all.forwarding = 1\nnet.netfilter.nf_conntrack_max = 65536\nnet.netfilter.nf_conntrack_count = 3\nnet.netfilter.nf_log.2 = NONE\n',
  ],
  moduleNames: ['nf_conntrack\nnf_conntrack_ftp\nbridge\n'],
  expectations: ['297 l3proto = 2 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=1 PERMANENT\n'],
  kernel: ['6.1.0-18-amd64\n#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n'],
  installedKernels: ['6.1.0-17-amd64\n6.1.0-18-amd64\n'],
  modules: ['loaded nf_conntrack\nfile kernel/net/sctp/sctp.ko.xz\nbuiltin kernel/net/can/can.ko\nclosed\n'],
  files: [
    '{"path":"/etc/sysctl.conf","kind":"file","mode":420,"uid":0,"gid":0,"modified":1,"text":"a=1\\n"}\n{"path":"/etc/x","kind":"link","mode":511,"uid":0,"gid":0,"modified":1,"target":"/dev/null","unread":"rights"}\n',
  ],
  processes: ['net net:[1] user user:[2]\n1\t0\t1ffffffffff\tnet:[1]\t-\t1\tsystemd\n'],
  units: ['Id=nftables.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n\nId=a\nLoadState=not-found\n'],
  auditRules: ['-w /etc/passwd -p wa -k identity\n', 'No rules\n'],
  conntrackLosses: ['entries insert_failed drop early_drop\n00000000 00000001 0000000a 00000000\n'],
  namespaces: ['4026531833 83 2 kthreadd\n4026532177 3 21041 sh\\x20-c\\x0ax\n'],
};
const zypper = (kind: string): string =>
  `<?xml version='1.0'?>\n<stream>\n<update-status version="0.6">\n<update-list>\n<update kind="${kind}" name="nftables" edition="1:1.0.9-3" arch="x86_64" category="security" status="needed"><summary>x &amp; y</summary></update></update-list>\n</update-status>\n</stream>\n`;

/** Of package managers and their like. */
export const softwareSamples: Readonly<Record<SoftwareName, string>> = {
  'os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  dpkg: 'arptables\t\tnot-installed\niptables\t1.8.9-2\tinstalled\tiptables\t1.8.9-2\nlinux-image-6.1.0-18-amd64\t6.1.76-1\tinstalled\tlinux\t6.1.76+1\n',
  apt: 'iptables:\n  Installed: 1.8.9-2\n  Candidate: 1.8.9-3\n  Version table:\n     1.8.9-3 500 (phased 10%)\n        500 http://deb.example.org/debian-security bookworm-security/main amd64 Packages\n *** 1.8.9-2 100\n        100 /var/lib/dpkg/status\n',
  'apt-periodic': 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
  rpm: 'nftables\t1:1.0.9-1.el9\tx86_64\tnftables-1.0.9-1.el9.src.rpm\nkernel-core\t0:6.1.0-18.el9\tx86_64\tkernel-6.1.0-18.el9.src.rpm\n',
  dnf: '\nnftables.x86_64      1:1.0.9-3.el9     baseos\nObsoleting Packages\nx.noarch 1-1 y\n',
  'dnf-security': 'XXSA-2024:3306 Important/Sec. nftables-1:1.0.9-3.el9.x86_64\n',
  'dnf-automatic': '[commands]\napply_updates = yes\n',
  zypper: zypper('package'),
  'zypper-security': zypper('patch'),
  apk: 'iptables-1.8.10-r3 x86_64 {iptables} (GPL-2.0-or-later) [installed]\nlinux-lts-6.6.41-r0 x86_64 {linux-lts} (GPL-2.0-only) [installed]\n',
  'apk-upgrades': 'Installed:                                Available:\niptables-1.8.10-r3      < 1.8.10-r4\n',
  timers: 'apt-daily-upgrade.timer enabled enabled\ndnf-automatic.timer disabled -\n',
  lists: '1796031120',
  reboot: '*** System restart required ***\nlinux-base',
  needrestart: 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: 6.1.0-17-amd64\nNEEDRESTART-KEXP: 6.1.0-18-amd64\nNEEDRESTART-KSTA: 3\n',
};

export const toolTexts: readonly (readonly [TextName | SoftwareName, string])[] = [
  ...textNames.flatMap((name) => samples[name].map((text): readonly [TextName, string] => [name, text])),
  ...softwareNames.map((name): readonly [SoftwareName, string] => [name, softwareSamples[name]]),
];
