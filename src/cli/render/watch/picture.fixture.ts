import type { Picture } from '../../../verbs/watch-shape.ts';

const at = Date.UTC(2026, 10, 22, 23, 23, 15) / 1000;

const scan: Picture['incidents'][number] = {
  kind: 'incident',
  id: 'vertical-scan-203.0.113.9-1',
  detector: 'vertical-scan',
  severity: 'high',
  title: '203.0.113.9 scanned 412 ports of 198.51.100.1',
  why: '412 different ports within 3 minutes; 12 are too many',
  remedy: 'Close the ports.',
  sources: ['203.0.113.9'],
  sourceCount: 1,
  targets: ['198.51.100.1:22', '198.51.100.1:23', '198.51.100.1:80'],
  first: at - 190,
  last: at - 4,
  events: 412,
  evidence: Array.from(
    { length: 20 },
    (_, index) =>
      `FW-DROP: IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.1 LEN=60 TOS=0x00 PREC=0x00 TTL=52 ID=${index} DF PROTO=TCP SPT=40000 DPT=${20 + index} WINDOW=64240 RES=0x00 SYN URGP=0`,
  ),
  spoofable: false,
  trusted: true,
  state: 'open',
};

/** A host on a bad day. */
export const busy: Picture = {
  kind: 'picture',
  at,
  host: 'web1',
  watcher: { kind: 'own' },
  sources: [
    { name: 'nflog:5', trusted: true, problem: null },
    { name: 'kmsg', trusted: true, problem: null },
  ],
  rates: Array.from({ length: 120 }, (_, index) => (index % 11 === 0 ? 0 : Math.round(30 + 28 * Math.sin(index / 6)))),
  hour: 123_456,
  lost: 17,
  filter: null,
  top: {
    sources: Array.from({ length: 40 }, (_, index) => ({
      what: index === 3 ? '2001:db8:1234:5678:9abc:def0:1234:5678' : `203.0.113.${9 + index}`,
      where: index % 3 === 0 ? null : 'DE',
      events: Math.round(48_000 / (index + 1)),
      last: at - index * 7,
    })),
    ports: ['22/tcp', '445/tcp', '3389/tcp', '53/udp', 'icmp'].map((what, index) => ({
      what,
      where: null,
      events: Math.round(60_000 / (index + 1)),
      last: at - index,
    })),
  },
  incidents: [
    scan,
    {
      ...scan,
      id: 'syn-flood-198.51.100.1:443',
      detector: 'syn-flood',
      severity: 'critical',
      title: 'SYN flood on 198.51.100.1:443 from forged addresses, 12,000 a second',
      sources: [],
      sourceCount: 60_000,
      events: 720_000,
      spoofable: true,
      last: at,
    },
    {
      ...scan,
      id: 'names',
      severity: 'low',
      title: '日本語の名前 \u001b[31mred\u202e tried names',
      sources: ['2001:db8::/64'],
      state: 'closed',
      events: 31,
      last: at - 7200,
    },
  ],
  bans: [
    {
      kind: 'ban',
      source: '203.0.113.9/32',
      at: at - 60,
      until: at + 552,
      why: 'scanned 412 ports of 198.51.100.1',
      reach: 'new',
      by: { kind: 'incident', detector: 'vertical-scan', incident: scan.id },
      before: 2,
    },
    {
      kind: 'ban',
      source: '2001:db8:bad:bad::/64',
      at: at - 7200,
      until: at + 90_000,
      why: 'tried 30 passwords',
      reach: 'all',
      by: { kind: 'person', name: 'root' },
      before: 0,
    },
  ],
  events: Array.from({ length: 30 }, (_, index) => ({
    at: at - index,
    prefix: 'FW-DROP:',
    in: 'eth0',
    out: null,
    src: '203.0.113.9',
    dst: '198.51.100.1',
    proto: 'tcp',
    sport: 40_000,
    dport: 22 + index,
    icmpType: null,
    icmpCode: null,
    flags: ['SYN'],
    length: 60,
    ttl: 52,
    mark: 0,
  })),
  logging: 'some',
};

/** A host where nothing happens, and nothing could be seen. */
export const quiet: Picture = {
  ...busy,
  rates: [0, 0, 0],
  hour: 0,
  lost: 0,
  top: { sources: [], ports: [] },
  incidents: [],
  bans: [],
  events: [],
  logging: 'none',
};
