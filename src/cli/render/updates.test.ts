import { expect, test } from 'vitest';
import type { UpdatesJson } from '../../verbs/index.ts';
import { whole } from './updates.ts';
import type { View } from './view.ts';

const view: View = { columns: null, paint: (_, text) => text };

const fresh: UpdatesJson = {
  host: 'web1',
  readAt: 0,
  system: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-17-amd64',
  lists: { at: 0, days: 0, stale: false },
  updates: [],
  advisories: [],
  restart: { pending: false, why: 'the running kernel 6.1.0-17-amd64 is the newest that is installed' },
  automatic: { enabled: true, why: 'unattended-upgrades runs daily' },
  support: { until: '2026-07-11', longUntil: '2028-06-30' },
  vulnerabilities: { asOf: '2026-11-30', days: 0, found: [], mitigatedBy: null },
  unknown: [],
  applied: null,
};
const busy: UpdatesJson = {
  ...fresh,
  lists: { at: 0, days: 9, stale: true },
  updates: [
    { name: 'linux-image-amd64', installed: '6.1.69-1', candidate: '6.1.187-1', security: true, applies: true },
    { name: 'ufw', installed: '0.36', candidate: '0.37', security: null, applies: false },
  ],
  restart: { pending: true, why: 'the kernel 6.1.69-1 runs, and 6.1.187-1 is installed' },
  vulnerabilities: {
    asOf: '2026-11-30',
    days: 12,
    found: [
      {
        id: 'CVE-2024-1086',
        product: 'linux',
        says: 'nf_tables frees a packet twice',
        severity: 'high',
        exploited: true,
        certainty: 'certain',
        version: '6.1.69-1',
        fixedIn: '6.1.76-1',
        mitigated: true,
      },
    ],
    mitigatedBy: 'user.max_user_namespaces is 0',
  },
  unknown: [{ id: 'FW-UPD-01', why: 'the package lists are 9 days old', remedy: 'run `apt-get update`' }],
};

test('all is well, in a few lines', () => {
  expect(whole(fresh, view)).toBe(`web1: nothing is pending.
Debian GNU/Linux 12 (bookworm), kernel 6.1.0-17-amd64; the package lists are of today.

Restart: the running kernel 6.1.0-17-amd64 is the newest that is installed.
By themselves: yes, unattended-upgrades runs daily.
Support: until 2026-07-11, by the long-term team until 2028-06-30.
Vulnerabilities: compared with a list of 2026-11-30.
`);
});

test('what waits comes first, what is unknown last, and old lists are said to be', () => {
  const drawn = whole(busy, view);
  expect(drawn).toMatch(/^web1: 1 security update waits, 1 other update waits, a restart is pending, 1 known vulnerability\.\n/);
  expect(drawn).toContain('the package lists are 9 days old, too old to say that there is nothing else');
  expect(drawn).toMatch(/linux-image-amd64 +6\.1\.69-1 +6\.1\.187-1 +security\nufw +0\.36 +0\.37 +not told\n/);
  expect(drawn).toContain('Known vulnerabilities of netfilter here (list of 2026-11-30, 12 days old)');
  expect(drawn).toContain('known to be exploited; mitigated');
  expect(drawn).toContain('Mitigated: only root can reach those of the kernel, since user.max_user_namespaces is 0.');
  expect(drawn.trimEnd().split('\n').at(-1)).toBe('UNKNOWN  the package lists are 9 days old; run `apt-get update` (FW-UPD-01)');
  for (const line of whole(busy, { ...view, columns: 80 }).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

test('what an update did to the live rules cannot be overlooked', () => {
  const applied = {
    installed: [{ name: 'iptables', from: '1.8.9-2', to: '1.8.9-3' }],
    failed: null,
    rules: 'changed' as const,
    changed: [{ what: 'IPv4 rules (nft)', gone: [':INPUT DROP'], come: [':INPUT ACCEPT'] }],
    packets: 'different' as const,
    snapshots: { before: '/s/before', after: '/s/after' },
  };
  const drawn = whole({ ...fresh, applied }, view);
  expect(drawn).toMatch(/^web1: the updates changed the live rules\.\n/);
  expect(drawn).toContain('Installed\niptables 1.8.9-2 → 1.8.9-3.\n');
  expect(drawn).toContain('nothing was put back. Some packets are treated differently.');
  expect(drawn).toContain('IPv4 rules (nft):\n  - :INPUT DROP\n  + :INPUT ACCEPT\n');
  expect(whole({ ...fresh, applied: { ...applied, rules: 'same', changed: [], packets: null } }, view)).toContain(
    'The live rules, sets and chains are as they were.',
  );
});
