/**
 * The firewall that a well-known kind of guide builds in eight steps, command by command, as its readers type it.
 * It is the lab's patient: the first rule makes the limit and the address restriction behind it dead, loopback and
 * replies are dropped, and IPv6 stays open.
 */
export const guideCommands: readonly (readonly [string, ...string[]])[] = [
  ['iptables', '-P', 'INPUT', 'DROP'],
  ['iptables', '-P', 'FORWARD', 'DROP'],
  ['iptables', '-P', 'OUTPUT', 'ACCEPT'],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'ACCEPT'],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '80', '-j', 'ACCEPT'],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '443', '-j', 'ACCEPT'],
  ['iptables', '-A', 'INPUT', '-m', 'limit', '--limit', '5/min', '-j', 'LOG', '--log-prefix', 'IPTables-Dropped: '],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-m', 'state', '--state', 'NEW', '-m', 'recent', '--set'],
  [
    ...(['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-m', 'state', '--state', 'NEW'] as const),
    ...['-m', 'recent', '--update', '--seconds', '60', '--hitcount', '4', '-j', 'DROP'],
  ],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '-s', '192.168.1.50', '--dport', '22', '-j', 'ACCEPT'],
  ['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP'],
];

/** NFLOG group of the rule that the lab adds last: a namespace's LOG lines reach nobody. */
export const labLogGroup = 7272;

export const labLogCommand: readonly [string, ...string[]] = [
  ...(['iptables', '-A', 'INPUT', '-j', 'NFLOG', '--nflog-group', String(labLogGroup)] as const),
  ...['--nflog-prefix', 'lab-dropped: '],
];
