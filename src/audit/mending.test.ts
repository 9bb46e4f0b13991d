import { describe, expect, it } from 'vitest';
import { checks } from './checks/index.ts';
import { exampleHost } from './example-host.ts';
import { filter } from './examples.ts';
import { audit } from './index.ts';
import { mendingOf } from './mending.ts';
import { subjectOf } from './subject.ts';

function mendingsOf(host: ReturnType<typeof exampleHost>): readonly { id: string; mending: ReturnType<typeof mendingOf> }[] {
  return audit(host).findings.flatMap((finding) => {
    const check = checks.find(({ id }) => id === finding.id);
    return check === undefined ? [] : [{ id: finding.id, mending: mendingOf(host, check, finding) }];
  });
}

describe('a fix', () => {
  it('of missing replies lets replies in, and nothing else', () => {
    const host = exampleHost({ v4: filter(['-A INPUT -i lo -j ACCEPT'], { INPUT: 'DROP' }) });
    const found = mendingsOf(host).find(({ id }) => id === 'FW-BASE-05')?.mending;
    if (found?.kind !== 'mended') throw new Error(JSON.stringify(found));
    expect(found.mends).toBe(true);
    expect(found.blocks).toEqual([]);
    expect(found.cuts).toEqual([]);
    expect(found.allows.length).toBeGreaterThan(0);
    for (const { witness } of found.allows) expect(['ESTABLISHED', 'RELATED']).toContain(witness?.packet.state);
  });

  it('that would cut a service off is told by the packet that it cuts', () => {
    const host = exampleHost({
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT'], { INPUT: 'DROP' }),
      facts: {
        links: [
          { name: 'lo', loopback: true, up: true },
          { name: 'eth0', up: true },
        ],
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        listeners: [{ proto: 'tcp', port: 80, address: null, process: 'httpd' }],
      },
    });
    const [check] = checks;
    const [finding] = audit(host).findings;
    if (check === undefined || finding === undefined) throw new Error('nothing was found');
    const mending = mendingOf(host, check, { ...finding, fix: 'Close it.\niptables -D INPUT 1' });
    expect(mending).toMatchObject({
      kind: 'mended',
      cuts: [
        expect.stringContaining('a new TCP connection from 203.0.113.9 to 198.51.100.10 port 80'),
        expect.stringContaining('a running connection'),
      ],
    });
  });

  it('that names a rule which is not there is unknown', () => {
    const host = exampleHost({ v4: filter([], { INPUT: 'DROP' }) });
    const [check] = checks;
    const [finding] = audit(host).findings;
    if (check === undefined || finding === undefined) throw new Error('nothing was found');
    expect(mendingOf(host, check, { ...finding, fix: 'Delete it.\niptables -D INPUT 7' }).kind).toBe('unknown');
    expect(mendingOf(host, check, { ...finding, fix: 'Bind it to the loopback.' }).kind).toBe('no-rules');
  });
});

/** The commands are the first half of what is to be done, as the sentence before them says, or what they mend hid something else. */
const halves: readonly string[] = [
  'FW-ANOM-01 the guide twice: what repeats word for word is said elsewhere',
  'FW-ANOM-01 more rules than are explained',
  'FW-EXP-09 high ports for answers, without their state',
  'FW-EXP-09 all of UDP',
  'FW-EXP-09 piece by piece',
];

describe.each(checks.map((check) => [check.id, check] as const))('the fixes of %s', (_, check) => {
  it.each(check.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    const host = exampleHost(example);
    for (const finding of check.run(subjectOf(host)).findings) {
      const mending = mendingOf(host, check, finding);
      if (mending.kind !== 'mended') continue;
      // What is shut on purpose the fix says.
      if (!/To deny what nobody outside needs|shut it to all new connections|denies new connections to/.test(finding.fix))
        expect({ fix: finding.fix, cuts: mending.cuts }).toEqual({ fix: finding.fix, cuts: [] });
      if (!halves.includes(`${check.id} ${example.title}`))
        expect({ fix: finding.fix, mends: mending.mends }).toEqual({ fix: finding.fix, mends: true });
    }
  });
});
