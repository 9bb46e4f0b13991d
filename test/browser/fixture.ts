import type { LoggedPacketJson } from '../../src/verbs/event.ts';
import type { BanJson, IncidentJson } from '../../src/verbs/incident-shape.ts';
import type { News, Served } from '../../src/verbs/index.ts';
import type { FindingJson, RulesetJson, StatusJson, TraceJson } from '../../src/verbs/shapes.ts';

/** A host with the widely copied guide's firewall on IPv4 and nothing on IPv6, as the verbs would show it. */

const readAt = Date.UTC(2026, 10, 23, 13, 3, 11) / 1000;

const texts = [
  '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT',
  '-A INPUT -m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "',
  '-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource',
  '-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --mask 255.255.255.255 --rsource -j DROP',
  '-A INPUT -s 192.168.1.50/32 -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "ssh: nobody else <script>alert(1)</script>" -j DROP',
];
const hits = [1_204, 98_233, 412_090, 640, 0, 0, 0, 0];

const inputRule = (rule: number | 'policy') => ({ family: 4 as const, table: 'filter', chain: 'INPUT', rule });
const at = (rule: number | 'policy') => ({ ...inputRule(rule), line: rule === 'policy' ? 3 : rule + 5 });
const input6 = { family: 6 as const, table: 'filter', chain: 'INPUT', rule: 'policy' as const };

type Packet = NonNullable<FindingJson['witness']>['packet'];

const packet = (over: Partial<Packet>): Packet => ({
  hook: 'input',
  in: 'eth0',
  out: null,
  src: '203.0.113.9',
  dst: '198.51.100.10',
  proto: 'tcp',
  sport: 40_000,
  dport: 3306,
  icmpType: null,
  icmpCode: null,
  flags: ['SYN'],
  state: 'NEW',
  mark: 0,
  length: 60,
  ttl: 64,
  ...over,
});

type Certain = 'severity' | 'title' | 'why' | 'fix' | 'refs';
const finding = (id: string, given: Pick<FindingJson, Certain> & Partial<FindingJson>): FindingJson => ({
  id,
  certainty: 'certain',
  family: 4,
  at: [],
  causedBy: [],
  witness: null,
  proof: null,
  ...given,
});

const findings: FindingJson[] = [
  finding('FW-V6-01', {
    severity: 'critical',
    family: 6,
    title: 'IPv6 is wide open',
    why: 'This host has the global IPv6 address 2001:db8::10, and no IPv6 rule stands in the way of anybody: what IPv4 blocks, IPv6 lets in.',
    at: [{ ...input6, line: null }],
    witness: {
      packet: packet({ src: '2001:db8:bad::9', dst: '2001:db8::10' }),
      verdict: 'ACCEPT',
      decidedBy: null,
      dependsOn: [],
    },
    fix: 'Give IPv6 the rules that IPv4 has: accept what is established and what IPv6 itself needs first, then drop by policy.\nip6tables -A INPUT -i lo -j ACCEPT\nip6tables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nip6tables -A INPUT -p ipv6-icmp -j ACCEPT\nip6tables -P INPUT DROP',
    refs: ['CIS Debian 12 4.4.3.1', 'CIS Ubuntu 22.04 4.3.3.1', 'CIS SLES 15 3.5.3.3.1', 'NIST SP 800-41r1 §4.1.2'],
  }),
  finding('FW-EXP-06', {
    severity: 'critical',
    family: 6,
    title: 'mariadbd listens on [::]:3306 and anybody can reach it',
    why: 'No rule decides about this port; it is open because nothing is closed.',
    witness: {
      packet: packet({ src: '2001:db8:bad::9', dst: '2001:db8::10', dport: 3306 }),
      verdict: 'ACCEPT',
      decidedBy: null,
      dependsOn: [],
    },
    fix: 'Drop it for everybody but those who need it, or let the program listen on loopback.',
    refs: ['CIS Debian 12 4.4.3.4'],
  }),
  finding('FW-ANOM-01', {
    severity: 'high',
    title: 'Rules 5 to 8 can never match: rule 1 accepts every ssh packet before them',
    why: 'The throttle, the exception for 192.168.1.50 and the drop for everybody else have no effect. Anybody may try passwords as fast as they like.',
    at: [at(5), at(6), at(7), at(8)],
    causedBy: [at(1)],
    witness: { packet: packet({ dport: 22 }), verdict: 'ACCEPT', decidedBy: inputRule(1), dependsOn: [] },
    fix: 'Delete rule 1, once rule 7 names every address that you administer from.\niptables -D INPUT 1',
    refs: ['NIST SP 800-41r1 §5.5', 'PCI DSS 4.0 1.2.7'],
  }),
  finding('FW-BASE-04', {
    severity: 'high',
    title: 'Loopback is dropped',
    why: 'Programs on this host cannot talk to each other over 127.0.0.1.',
    at: [at('policy')],
    witness: {
      packet: packet({ in: 'lo', src: '127.0.0.1', dst: '127.0.0.1', dport: 8080 }),
      verdict: 'DROP',
      decidedBy: inputRule('policy'),
      dependsOn: [],
    },
    fix: 'Accept loopback first.\niptables -I INPUT 1 -i lo -j ACCEPT',
    refs: ['CIS Debian 12 4.4.2.2'],
  }),
  finding('FW-BASE-05', {
    severity: 'high',
    title: 'Answers to what this host asks are dropped',
    why: 'Every outgoing connection fails: no DNS, no time, no updates.',
    at: [at('policy')],
    witness: {
      packet: packet({ src: '198.51.100.53', sport: 53, dport: 40_000, proto: 'udp', state: 'ESTABLISHED' }),
      verdict: 'DROP',
      decidedBy: inputRule('policy'),
      dependsOn: [],
    },
    fix: 'Accept what belongs to a connection, early.\niptables -I INPUT 1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    refs: ['CIS Debian 12 4.4.2.3'],
  }),
  finding('FW-RATE-01', {
    severity: 'medium',
    certainty: 'possible',
    title: 'Nothing slows down password guessing on ssh',
    why: 'The rules that count are never reached.',
    at: [at(1)],
    witness: { packet: packet({ dport: 22 }), verdict: 'ACCEPT', decidedBy: inputRule(1), dependsOn: [] },
    fix: 'Count new connections by source and drop above a rate.',
    refs: ['STIG RHEL-09-251030'],
  }),
  finding('FW-LOG-05', {
    severity: 'medium',
    title: 'The log holds 5 of 300 dropped packets',
    why: 'The limit is for all sources together: who makes noise hides in it.',
    at: [at(4)],
    fix: 'Limit by source with hashlimit, or log by NFLOG.',
    refs: ['NIST SP 800-53 AU-5'],
  }),
  finding('FW-EXP-05', {
    severity: 'low',
    title: 'tcp port 443 is accepted and nobody listens there',
    why: 'A program that opens it later is exposed at once.',
    at: [at(3)],
    fix: 'Take the rule away until something listens.',
    refs: ['PCI DSS 4.0 1.2.7'],
  }),
  finding('FW-STYLE-01', {
    severity: 'info',
    title: 'The state match is an old name of conntrack',
    why: 'It means the same.',
    at: [at(5), at(6)],
    fix: 'Write -m conntrack --ctstate NEW.',
    refs: [],
  }),
];

export const status: StatusJson = {
  host: 'web1',
  readAt,
  protected: 'no',
  backends: { 4: 'nft', 6: 'none' },
  rules: { 4: 8, 6: 0 },
  foreign: [],
  score: 31,
  confidence: 92,
  counts: { critical: 2, high: 3, medium: 2, low: 1, info: 1 },
  findings,
  unknown: [
    { id: 'FW-BASE-02', why: 'net.ipv4.ip_forward could not be read', remedy: 'run palisade as root' },
    {
      id: 'FW-BACK-01',
      why: 'iptables-legacy-save is not installed, so legacy rules could be there unseen',
      remedy: 'install the package iptables',
    },
  ],
  next: ['FW-V6-01', 'FW-EXP-06', 'FW-ANOM-01'].map((id) => `${id}: ${findings.find((one) => one.id === id)?.fix}`),
};

export const ruleset: RulesetJson = {
  host: 'web1',
  readAt,
  countedAt: readAt - 61,
  families: [
    {
      family: 4,
      source: 'iptables-nft-save',
      backend: 'nft',
      tables: [
        {
          name: 'filter',
          chains: [
            {
              name: 'INPUT',
              policy: 'DROP',
              packets: 7_321,
              bytes: 412_345,
              rules: texts.map((text, index) => ({
                number: index + 1,
                line: index + 6,
                packets: hits[index] ?? 0,
                bytes: (hits[index] ?? 0) * 73,
                text,
                comment: null,
                notUnderstood: [],
              })),
            },
            { name: 'FORWARD', policy: 'DROP', packets: 0, bytes: 0, rules: [] },
            { name: 'OUTPUT', policy: 'ACCEPT', packets: 510_221, bytes: 98_120_004, rules: [] },
          ],
        },
      ],
    },
    { family: 6, source: 'ip6tables-nft-save', backend: 'nft', tables: [] },
  ],
  foreign: [],
  unknown: [],
};

const step = (rule: number | 'policy', effect: string, maybe = false): TraceJson['path'][number] => ({
  ...at(rule),
  effect,
  maybe,
});

/** Of the guide's rules: ssh and web are accepted, port 2222 hangs on the throttle, all else falls to the policy. */
function traceOf(dport: unknown): TraceJson {
  const logged = step(4, 'log', true);
  const sure = { certainty: 'certain' as const, beside: [], proof: null };
  const none = { ...sure, dependsOn: [], outcomes: [], assumed: [] };
  const rule = ({ 22: 1, 80: 2, 443: 3 } as Readonly<Record<string, number>>)[String(dport)];
  if (rule !== undefined)
    return { ...none, verdict: 'ACCEPT', decidedBy: inputRule(rule), line: rule + 5, path: [step(rule, 'ACCEPT')] };
  if (dport !== 2222)
    return { ...none, verdict: 'DROP', decidedBy: inputRule('policy'), line: 3, path: [logged, step('policy', 'DROP')] };
  const match = '-m recent --update --seconds 60 --hitcount 4 --name DEFAULT --mask 255.255.255.255 --rsource';
  return {
    ...sure,
    verdict: 'DEPENDS',
    decidedBy: inputRule(6),
    line: 11,
    path: [logged, step(5, 'continue'), step(6, 'DROP', true), step(7, 'ACCEPT')],
    dependsOn: [match],
    outcomes: [
      { when: { [match]: true }, verdict: 'DROP', decidedBy: inputRule(6), line: 11 },
      { when: { [match]: false }, verdict: 'ACCEPT', decidedBy: inputRule(7), line: 12 },
    ],
    assumed: ['the packet arrives on eth0, the only link'],
  };
}

export function logged(over: Partial<LoggedPacketJson> = {}): LoggedPacketJson {
  return {
    at: readAt,
    prefix: 'IPTables-Dropped:',
    in: 'eth0',
    out: null,
    src: '203.0.113.9',
    dst: '198.51.100.10',
    proto: 'tcp',
    sport: 51_244,
    dport: 3306,
    icmpType: null,
    icmpCode: null,
    flags: ['SYN'],
    length: 60,
    ttl: 54,
    mark: 0,
    ...over,
  };
}

export function incident(over: Partial<IncidentJson> = {}): IncidentJson {
  return {
    kind: 'incident',
    id: 'vertical-scan-1',
    detector: 'vertical-scan',
    severity: 'high',
    title: '203.0.113.9 scanned 412 ports of 198.51.100.10',
    why: '412 different ports; 12 are too many',
    remedy: 'See who reaches what answers, and close what need not.',
    sources: ['203.0.113.9'],
    sourceCount: 1,
    targets: [],
    first: readAt - 60,
    last: readAt,
    events: 412,
    evidence: ['FW-DROP IN=eth0 OUT= SRC=203.0.113.9'],
    spoofable: false,
    trusted: true,
    state: 'open',
    ...over,
  };
}

/** What the server shows, and the strings to pull. */
export interface Fixture {
  readonly served: Served;
  /** As the kernel's log, or the audit, would. */
  tell(news: News): void;
  /** What `status` answers from now on. */
  become(status: StatusJson): void;
  readonly listeners: () => number;
}

export function fixture(
  earlier: readonly LoggedPacketJson[] = [],
  happened: { readonly incidents: readonly IncidentJson[]; readonly bans: readonly BanJson[] } = { incidents: [], bans: [] },
): Fixture {
  const listeners = new Set<(news: News) => void>();
  const events = [...earlier];
  let now = status;
  return {
    tell(news) {
      if (news.kind === 'event') events.unshift(news.event);
      for (const listener of listeners) listener(news);
    },
    become(next) {
      now = next;
    },
    listeners: () => listeners.size,
    served: {
      status: async () => now,
      audit: async () => ({ ...now, next: undefined }),
      show: async () => ruleset,
      async trace(given) {
        const { src, dport } = given as { src?: unknown; dport?: unknown };
        if (src === 'nonsense')
          return { ok: false, message: 'the packet’s src cannot be read; write an address such as "203.0.113.9"' };
        return { ok: true, value: traceOf(dport) };
      },
      events: () => events,
      happened: () => happened,
      subscribe(listener, signal) {
        listeners.add(listener);
        signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
      },
    },
  };
}
