import type { HostState } from './host-state.ts';

/** When the states below were read, in epoch seconds. */
export const readAt = 1_764_550_000;
const hour = 3600;
const day = 24 * hour;

type Rule = Extract<HostState['rules'], { known: true }>['value'][number];
type Chain = Extract<HostState['chains'], { known: true }>['value'][number];
type Finding = Extract<HostState['audit'], { known: true }>['value']['findings'][number];

const known = <T>(value: T): { known: true; value: T } => ({ known: true, value });

function rule(id: string, chainName: string, target: string, text: string, packets: number, more: Partial<Rule> = {}): Rule {
  return {
    ...{ id, family: 4, table: 'filter', chain: chainName, target, comment: null, text: `-A ${chainName} ${text}` },
    ...{ packets, bytes: packets * 60, since: readAt - 30 * day, lastHit: packets > 0 ? readAt - 60 : null },
    ...more,
  };
}

function chain(family: 4 | 6, name: string, policy: Chain['policy'], rules: number, packets: number | null): Chain {
  const bytes = packets === null ? null : packets * 60;
  return { family, table: 'filter', chain: name, policy, rules, packets, bytes };
}

/** A server on which nothing is wrong: both families drop, nothing drifted, one attack of yesterday is over. */
export function healthyState(): HostState {
  return {
    form: 1,
    host: 'fw1',
    at: readAt,
    until: readAt + 180,
    palisade: { version: '0.1.0', pid: 812, since: readAt - 5 * day },
    audit: known({
      at: readAt - 10,
      protected: 'yes',
      score: 98,
      confidence: 100,
      counts: { critical: 0, high: 0, medium: 0, low: 1, info: 1 },
      findings: [
        finding('FW-BASE-03', 'low', 4, 'OUTPUT lets out everything that no rule was written for'),
        finding('FW-STYLE-02', 'info', 4, '1 of 4 IPv4 rules that open something do not say why'),
      ],
      unknown: [],
    }),
    backends: known([
      { family: 4, backend: 'nft' },
      { family: 6, backend: 'nft' },
    ]),
    rulesets: known([
      { family: 4, sha256: '4'.repeat(64), rules: 4, changedAt: readAt - 3 * day },
      { family: 6, sha256: '6'.repeat(64), rules: 3, changedAt: null },
    ]),
    chains: known([
      chain(4, 'INPUT', 'DROP', 4, 1_200),
      chain(4, 'FORWARD', 'DROP', 0, 0),
      chain(4, 'OUTPUT', 'ACCEPT', 0, 90_000),
      chain(4, 'fw-log', null, 1, null),
      chain(6, 'INPUT', 'DROP', 3, 40),
      chain(6, 'FORWARD', 'DROP', 0, 0),
      chain(6, 'OUTPUT', 'ACCEPT', 0, 700),
    ]),
    rules: known([
      rule('0a1b2c3d4e5f', 'INPUT', 'ACCEPT', '-i lo -j ACCEPT', 4_000),
      rule('1b2c3d4e5f60', 'INPUT', 'ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', 81_000),
      rule('2c3d4e5f6071', 'INPUT', 'ACCEPT', '-p tcp -m tcp --dport 22 -m comment --comment "the \\"admins\\"" -j ACCEPT', 17, {
        comment: 'the "admins"',
      }),
      rule('3d4e5f607182', 'INPUT', 'fw-log', '-j fw-log', 1_200),
      rule('4e5f60718293', 'fw-log', 'LOG', '-m limit --limit 5/min -j LOG --log-prefix "dropped: "', 310),
      rule('5f6071829304', 'INPUT', 'ACCEPT', '-i lo -j ACCEPT', 100, { family: 6 }),
      rule('607182930415', 'INPUT', 'ACCEPT', '-p ipv6-icmp -j ACCEPT', 900, { family: 6 }),
      rule('607182930415-2', 'INPUT', 'ACCEPT', '-p ipv6-icmp -j ACCEPT', 0, { family: 6 }),
    ]),
    drift: known({
      drifted: false,
      baseline: { id: '20261120T101500Z-3f2a', at: readAt - 3 * day, reason: 'apply' },
      ...{ changes: [], says: [], by: null, announcedUntil: null },
    }),
    persistence: known([
      { family: 4, source: '/etc/iptables/rules.v4', stands: 'same', why: null },
      { family: 6, source: '/etc/iptables/rules.v6', stands: 'same', why: null },
    ]),
    sets: known([
      { name: 'pal-ban-4', type: 'hash:net', entries: 3, most: 65_536, bytes: 1_624 },
      { name: 'admins', type: 'hash:ip', entries: 2, most: 1_024, bytes: 296 },
    ]),
    conntrack: known({ entries: 812, limit: 65_536, dropped: 0, earlyDropped: 0, insertFailed: 0 }),
    log: known({
      sources: ['kmsg'],
      events: [
        { proto: 'tcp', prefix: 'dropped: ', count: 290 },
        { proto: 'udp', prefix: 'dropped: ', count: 20 },
      ],
      ...{ lost: [], perMinute: 1.4, last: readAt - 30, dropped: 1_240 },
    }),
    incidents: known({ open: { critical: 0, high: 0, medium: 0, low: 0, info: 0 }, attended: 0, list: [] }),
    bans: known({ action: 'on', active: 3 }),
    backup: known({ last: { id: '20261130T020000Z-77aa', at: readAt - 8 * hour, proven: true }, failing: null }),
    updates: known({ pending: [], security: 0, restart: false }),
    exposure: known([
      { family: 4, proto: 'tcp', port: 22, process: 'sshd', open: 'some' },
      { family: 6, proto: 'tcp', port: 22, process: 'sshd', open: 'nobody' },
    ]),
    alerts: known([
      { channel: 'ops', type: 'email', waiting: 0, dead: 0, delivered: 12, lastDelivered: readAt - day, failing: null },
    ]),
    spent: { readMs: 140, auditMs: 60 },
  };
}

function finding(id: string, severity: Finding['severity'], family: 4 | 6 | null, title: string, fix = 'See docs.'): Finding {
  return { id, severity, certainty: 'certain', title, family, fix };
}

/**
 * A server behind a common guide's firewall, some of which somebody has changed since: critical findings, drift, no backup, rules that the next
 * start does not bring back, an attack going on, a full set, a channel that does not deliver.
 */
export function guideState(): HostState {
  const accept =
    'Accept packets of connections that exist, first in INPUT.\niptables -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
  return {
    ...healthyState(),
    audit: known({
      at: readAt - 10,
      protected: 'no',
      score: 0,
      confidence: 88,
      counts: { critical: 1, high: 3, medium: 1, low: 0, info: 0 },
      findings: [
        finding(
          'FW-V6-01',
          'critical',
          6,
          'IPv6 INPUT lets in everything that no rule was written for',
          'Deny what no rule names.',
        ),
        finding('FW-ANOM-01', 'high', 4, 'Rule 6 of INPUT is never reached: rule 1 comes first'),
        finding('FW-BASE-04', 'high', 4, 'Loopback traffic is dropped (INPUT; TCP, UDP and ICMP)'),
        finding('FW-BASE-05', 'high', 4, 'Answers to the host’s own connections are dropped', accept),
        finding('FW-EGR-01', 'medium', 4, 'The host may send everything to everyone over IPv4'),
      ],
      unknown: [{ id: 'FW-BACK-02', why: 'permission denied', remedy: 'run palisade as root' }],
    }),
    rulesets: known([
      { family: 4, sha256: 'a'.repeat(64), rules: 5, changedAt: readAt - 300 },
      { family: 6, sha256: 'b'.repeat(64), rules: 0, changedAt: null },
    ]),
    chains: known([
      chain(4, 'INPUT', 'DROP', 5, 52_000),
      chain(4, 'FORWARD', 'DROP', 0, 0),
      chain(4, 'OUTPUT', 'ACCEPT', 0, 12_000),
      chain(6, 'INPUT', 'ACCEPT', 0, 5_000),
      chain(6, 'FORWARD', 'ACCEPT', 0, 0),
      chain(6, 'OUTPUT', 'ACCEPT', 0, 5_100),
    ]),
    rules: known([
      rule('aa1b2c3d4e5f', 'INPUT', 'ACCEPT', '-p tcp -m tcp --dport 22 -j ACCEPT', 9_000),
      rule('ab1b2c3d4e5f', 'INPUT', 'ACCEPT', '-p tcp -m tcp --dport 80 -j ACCEPT', 120_000),
      rule('ac1b2c3d4e5f', 'INPUT', 'LOG', '-m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "', 800),
      rule('ad1b2c3d4e5f', 'INPUT', '', '-p tcp -m tcp --dport 22 -m recent --set', 0),
      rule('ae1b2c3d4e5f', 'INPUT', 'DROP', '-p tcp -m tcp --dport 22 -j DROP', 0),
    ]),
    drift: known({
      drifted: true,
      baseline: { id: '20261120T101500Z-3f2a', at: readAt - 3 * day, reason: 'change commit' },
      changes: [
        { family: 4, table: 'filter', change: 'added', count: 2 },
        { family: 4, table: 'filter', change: 'removed', count: 1 },
        { family: 4, table: 'filter', change: 'policy', count: 1 },
      ],
      says: ['IPv4 filter INPUT: 80/tcp is open to everyone', 'two rules were added to INPUT'],
      by: 'by iptables (process 4711, user 0, started by bash)',
      announcedUntil: null,
    }),
    persistence: known([
      { family: 4, source: '/etc/iptables/rules.v4', stands: 'differs', why: null },
      { family: 6, source: '/etc/iptables/rules.v6', stands: 'nothing-saved', why: null },
    ]),
    sets: known([{ name: 'blocked', type: 'hash:ip', entries: 1_020, most: 1_024, bytes: 49_000 }]),
    conntrack: known({ entries: 64_000, limit: 65_536, dropped: 17, earlyDropped: 40, insertFailed: 3 }),
    log: known({
      sources: ['kmsg', 'nflog:5'],
      events: [
        { proto: 'tcp', prefix: 'IPTables-Dropped: ', count: 640 },
        { proto: 'udp', prefix: 'IPTables-Dropped: ', count: 160 },
        { proto: 'tcp', prefix: '(others)', count: 5 },
      ],
      lost: [{ source: 'kmsg', count: 320 }],
      ...{ perMinute: 260.5, last: readAt - 1, dropped: 52_000 },
    }),
    incidents: known({
      open: { critical: 0, high: 1, medium: 1, low: 0, info: 0 },
      attended: 1,
      list: [
        incident(
          'vertical-scan-t0k1-aaaaaaabbbbbbb',
          'vertical-scan',
          'high',
          '203.0.113.9 scanned 412 ports of 198.51.100.1',
          412,
        ),
        incident('drift-t0k1-cccccccddddddd', 'drift', 'medium', 'Two rules were added to INPUT', 1),
        {
          ...incident('ssh-brute-force-t0k1-eeeeeeefffffff', 'ssh-brute-force', 'low', '203.0.113.77 tries passwords', 30),
          attended: true,
        },
      ],
    }),
    bans: known({ action: 'say', active: 0 }),
    backup: known({ last: null, failing: 'no space left on device' }),
    updates: known({ pending: ['iptables', 'linux-image-amd64'], security: 1, restart: true }),
    exposure: known([
      { family: 4, proto: 'tcp', port: 22, process: 'sshd', open: 'everyone' },
      { family: 4, proto: 'tcp', port: 80, process: 'nginx', open: 'everyone' },
      { family: 6, proto: 'tcp', port: 5432, process: 'postgres', open: 'everyone' },
      { family: 6, proto: 'udp', port: 123, process: null, open: 'unknown' },
    ]),
    alerts: known([
      {
        channel: 'ops',
        type: 'email',
        waiting: 4,
        dead: 2,
        delivered: 12,
        lastDelivered: readAt - day,
        failing: 'connection refused',
      },
    ]),
    spent: { readMs: 180, auditMs: 420 },
  };
}

type Listed = Extract<HostState['incidents'], { known: true }>['value']['list'][number];

function incident(id: string, detector: string, severity: Listed['severity'], title: string, events: number): Listed {
  return { id, detector, severity, title, since: readAt - 300, last: readAt - 1, events, attended: false };
}

/** Nothing of a host could be read: each part says why, and what to do. */
export function unknownState(): HostState {
  const unknown = { known: false, why: 'permission denied', remedy: 'run palisade up as root' } as const;
  const { form, host, at, until, palisade, spent } = healthyState();
  return {
    ...{ form, host, at, until, palisade, spent },
    ...{ audit: unknown, backends: unknown, rulesets: unknown, chains: unknown, rules: unknown, drift: unknown },
    ...{ persistence: unknown, sets: unknown, conntrack: unknown, log: unknown, incidents: unknown, bans: unknown },
    ...{ backup: unknown, updates: unknown, exposure: unknown, alerts: unknown },
  };
}
