import { describe, expect, test } from 'vitest';
import { exampleHost } from '../audit/example-host.ts';
import { empty, guide, hardened4, hardened6, oneLink } from '../audit/examples.ts';
import { type Audited, auditAndExposure } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import { auditEveryMs, live } from './live.ts';
import type { AuditJson, RulesetJson, StatusJson } from './shapes.ts';

const host = (v4: string, sysctls: Readonly<Record<string, string>> = {}): Host =>
  exampleHost({ v4, v6: hardened6, facts: { ...oneLink, sysctls } });

/** A live host that is read by hand; `audits` counts how often it was judged. */
async function watched(first: Host, judge: (host: Host) => Promise<Audited> = async (read) => auditAndExposure(read)) {
  const made = { now: first, countedAt: 7_000, audits: 0, clock: 0 };
  const subject = await live({
    read: async () => ({ host: made.now, countedAt: made.countedAt }),
    async audit(read) {
      made.audits += 1;
      return judge(read);
    },
    now: () => made.clock,
  });
  return { made, subject };
}

describe('a reading', () => {
  test('that differs in what ticks is no change, and is not audited again', async () => {
    const { made, subject } = await watched(host(guide, { 'net.netfilter.nf_conntrack_count': '3' }));
    made.now = host(guide.replace(':INPUT DROP [0:0]', ':INPUT DROP [17:1020]'), { 'net.netfilter.nf_conntrack_count': '4' });
    expect(await subject.refresh()).toEqual({ changed: false, audited: false });
    expect(made.audits).toBe(1);
    // It is the latest all the same: its counters and its time are shown.
    expect(subject.current().host).toBe(made.now);
  });

  test.each<[string, Host]>([
    ['rules', host(hardened4)],
    ['settings', host(guide, { 'net.ipv4.ip_forward': '1' })],
    ['what is known of nft', { ...host(guide), nativeRules: { 4: { known: true, value: [] }, 6: { known: true, value: [] } } }],
    [
      'rules in the other backend',
      (() => {
        const read = host(guide);
        const backends = read.backends[4];
        const legacy = exampleHost({ v4: empty.replace('COMMIT', '-A INPUT -j DROP\nCOMMIT') }).rulesets[4];
        if (!backends.known || !legacy.known) throw new Error('the examples say both');
        return {
          ...read,
          backends: { ...read.backends, 4: { known: true, value: { ...backends.value, legacy: legacy.value } } },
        };
      })(),
    ],
  ])('that differs in %s is one', async (_, then) => {
    const { made, subject } = await watched(host(guide));
    made.now = then;
    expect(await subject.refresh()).toEqual({ changed: true, audited: true });
    expect(made.audits).toBe(2);
  });
});

test('what nothing was seen to change is audited anew each day', async () => {
  const { made, subject } = await watched(host(guide));
  made.clock = auditEveryMs - 1;
  expect(await subject.refresh()).toEqual({ changed: false, audited: false });
  made.clock = auditEveryMs;
  // Nobody looks at this file between audits.
  made.now = { ...made.now, files: { known: false, why: 'a disk failed', remedy: 'mend it' } };
  expect(await subject.refresh()).toEqual({ changed: false, audited: true });
  expect(made.audits).toBe(2);
  expect(subject.current()).toMatchObject({ auditedAt: auditEveryMs });
  expect(subject.current().report.unknown.some(({ why }) => why.includes('a disk failed'))).toBe(true);
  made.clock += 60_000;
  expect(await subject.refresh()).toEqual({ changed: false, audited: false });
});

test('while an audit runs, everything that is asked is answered as of the reading before', async () => {
  const slow = Promise.withResolvers<void>();
  let first = true;
  const { made, subject } = await watched(host(guide), async (read) => {
    if (!first) await slow.promise;
    first = false;
    return auditAndExposure(read);
  });
  const before = (await subject.served.status()) as StatusJson;
  made.now = host(hardened4);
  const refreshed = subject.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await subject.served.status()).toEqual(before);
  expect(((await subject.served.show()) as RulesetJson).families[0]?.tables[0]?.chains[0]?.rules).toHaveLength(8);
  slow.resolve();
  expect(await refreshed).toMatchObject({ changed: true });
  expect(((await subject.served.audit()) as AuditJson).findings.length).toBeLessThan(before.findings.length);
});

test('the rules say when they were counted, which may be earlier than the rest was read', async () => {
  const { made, subject } = await watched(host(guide));
  made.countedAt = 8_000;
  await subject.refresh();
  const shown = (await subject.served.show()) as RulesetJson;
  expect([shown.countedAt, shown.readAt]).toEqual([8, 0]);
});
