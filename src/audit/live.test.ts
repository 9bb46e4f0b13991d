import { describe, expect, it } from 'vitest';
import { sliceOf } from '../../test/slice.ts';
import { createEvaluator } from '../analysis/index.ts';
import { createKernel, type Kernel, type Namespace } from '../kernel/index.ts';
import { hostFromTexts } from '../model/host/index.ts';
import { packetFromJson } from '../model/packet/index.ts';
import { filter, guide, hardened4, hardened6, inverted } from './examples.ts';
import { audit, type Finding, type Report } from './index.ts';
import { ofRules } from './of-rules.fixture.ts';
import { forwarding } from './surroundings.ts';

/** Whole machines, read as `palisade audit` reads them. */
const kernel = createKernel();

/** What is said of the rules; the machine itself is that of whoever runs the tests. */
type Said = Pick<Report, 'findings' | 'unknown'>;

async function machine(): Promise<Namespace> {
  return kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24', '2001:db8::10/64'] }] });
}

async function restore(where: Namespace, tool: string, text: string): Promise<void> {
  const result = await where.run({ argv: [tool], input: text });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${tool}: ${JSON.stringify(result)}`);
}

async function report(from: Kernel, namespace: Namespace): Promise<Said> {
  return ofRules(audit(hostFromTexts(await from.read({ namespace }))));
}

function said({ findings }: Said): string[] {
  return findings.map(({ severity, id, family, certainty }) => `${severity} ${id} ${family} ${certainty}`);
}

function grave({ findings }: Said): readonly Finding[] {
  return findings.filter(({ severity }) => severity !== 'low' && severity !== 'info');
}

/** Does what the fix says, by a shell as a reader would: its first line is for people. */
async function mend(where: Namespace, fix: string): Promise<void> {
  // A namespace has rules and links of its own, and no files.
  expect(fix).not.toMatch(/\/etc\/|sysctl|apt-get|systemctl/);
  const result = await where.run({ argv: ['sh', '-e'], input: fix.split('\n').slice(1).join('\n') });
  expect(result, fix).toMatchObject({ status: 0 });
}

describe('a live machine', () => {
  it('without rules has no firewall', async () => {
    await using host = await machine();
    const found = await report(kernel, host);
    expect(said(found).slice(0, 3)).toEqual([
      'critical FW-BASE-06 null certain',
      'critical FW-V6-01 6 certain',
      'high FW-BASE-01 4 certain',
    ]);
    expect(found.unknown).toEqual([]);
  });

  for (const backend of ['nft', 'legacy']) {
    it(`with the guide's rules in ${backend} lacks what the guide forgets`, async () => {
      await using host = await machine();
      await restore(host, `iptables-${backend}-restore`, guide);
      expect(said(await report(kernel, host)).filter((line) => /FW-(BASE|V6|EXP|ICMP|EGR|SPOOF|RATE-01)/.test(line))).toEqual([
        'critical FW-V6-01 6 certain',
        'high FW-BASE-04 4 certain',
        'high FW-BASE-05 4 certain',
        'high FW-ICMP-01 4 certain',
        'medium FW-EGR-01 4 certain',
        'medium FW-EGR-01 6 certain',
        'medium FW-RATE-01 4 certain',
        'medium FW-RATE-01 6 certain',
        'medium FW-SPOOF-02 4 certain',
        'medium FW-SPOOF-02 6 certain',
        'low FW-BASE-03 4 certain',
        'low FW-EXP-05 4 certain',
        'low FW-ICMP-03 4 certain',
        'low FW-ICMP-03 6 certain',
        'low FW-SPOOF-04 4 certain',
        'low FW-SPOOF-04 6 certain',
      ]);
    });

    it(`that is hardened in ${backend} has nothing high or critical`, async () => {
      await using host = await machine();
      await restore(host, `iptables-${backend}-restore`, hardened4);
      await restore(host, `ip6tables-${backend}-restore`, hardened6);
      const found = await report(kernel, host);
      expect(said(found).filter((line) => /^(critical|high)/.test(line))).toEqual([]);
      // Nothing listens here, and no link leads to the world by a route.
      expect(said(found)).toContain('low FW-EXP-05 4 possible');
      expect(found.unknown).toEqual([]);
    });
  }

  for (const rules of sliceOf(['', guide, inverted], 2)) {
    it(`is mended by the commands that its findings give (${rules.length} bytes of rules)`, async () => {
      await using host = await machine();
      if (rules !== '') await restore(host, 'iptables-nft-restore', rules);
      let left = await report(kernel, host);
      // One at a time: numbers of rules are those of the reading.
      for (let round = 0; round < 24; round += 1) {
        const [worst] = grave(left);
        if (worst === undefined) break;
        await mend(host, worst.fix);
        left = await report(kernel, host);
      }
      expect(grave(left).map(({ title }) => title)).toEqual([]);
    });
  }

  const oneService = filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT'], { INPUT: 'ACCEPT' });
  const replyKept = filter(
    ['-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', '-A INPUT -i eth0 -p tcp -m tcp --dport 2200 -j DROP'],
    { INPUT: 'ACCEPT' },
  );
  for (const [what, rules] of sliceOf(Object.entries({ nothing: '', inverted, oneService, replyKept }), 2, 1)) {
    it(`lets its administrator in after one default-deny fix alone was pasted (${what})`, async () => {
      await using host = await machine();
      if (rules !== '') await restore(host, 'iptables-nft-restore', rules);
      for (const id of ['FW-BASE-01', 'FW-V6-01', 'FW-BASE-03']) {
        const door = (await report(kernel, host)).findings.find((finding) => finding.id === id);
        expect(door, id).toBeDefined();
        await mend(host, door?.fix ?? '');
      }
      const left = hostFromTexts(await kernel.read({ namespace: host }));
      const ids = audit(left).findings.map((finding) => finding.id);
      for (const id of ['FW-BASE-01', 'FW-BASE-03', 'FW-BASE-04', 'FW-BASE-05', 'FW-V6-01']) expect(ids).not.toContain(id);
      const evaluator = createEvaluator(left);
      for (const [src, dst] of [
        ['203.0.113.9', '198.51.100.10'],
        ['2001:db8:ffff::9', '2001:db8::10'],
      ]) {
        const ssh = packetFromJson({ hook: 'input', src, dst, proto: 'tcp', dport: 22 }, { link: 'eth0' });
        expect(ssh.ok && evaluator.trace(ssh.value)?.verdict).toBe('ACCEPT');
        const dns = packetFromJson({ hook: 'output', src: dst, dst: src, proto: 'udp', dport: 53 }, { link: 'eth0' });
        expect(dns.ok && evaluator.trace(dns.value)?.verdict).toBe('ACCEPT');
      }
      // What a rule accepted before is not accepted twice.
      if (what === 'replyKept') {
        const { stdout } = (await host.run({ argv: ['iptables-save'] })) as { stdout: string };
        expect(stdout.match(/^-A INPUT .*ESTABLISHED/gm)).toHaveLength(1);
      }
    });
  }

  it('with rules in both backends says so, and what it therefore cannot know', async () => {
    await using host = await machine();
    await restore(host, 'iptables-nft-restore', guide);
    await restore(host, 'iptables-legacy-restore', hardened4);
    const found = await report(kernel, host);
    expect(said(found)).toContain('high FW-BACK-01 4 certain');
    expect(found.findings.some(({ id, family }) => family === 4 && id.startsWith('FW-BASE'))).toBe(false);
    expect(found.unknown.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['FW-BASE-01', 'FW-BASE-02', 'FW-BASE-03', 'FW-BASE-04', 'FW-BASE-05']),
    );
  });

  it('with an nft filter beside the rules is only possibly open', async () => {
    await using host = await machine();
    await restore(host, 'iptables-nft-restore', hardened4.replace(':INPUT DROP', ':INPUT ACCEPT'));
    const table = 'table inet guard { chain in { type filter hook input priority -1; tcp dport 3306 drop; }; }';
    const result = await host.run({ argv: ['nft', '-f', '-'], input: table });
    expect(result).toMatchObject({ status: 0 });
    const found = await report(kernel, host);
    expect(said(found)).toEqual(expect.arrayContaining(['high FW-BACK-01 4 possible', 'high FW-BASE-01 4 possible']));
    expect(found.findings.find(({ id }) => id === 'FW-BACK-01')?.title).toContain('inet guard in');
  });
});

it('forwards IPv4 where the routes of the kernel say so, whatever ip_forward says', async () => {
  await using host = await machine();
  const ask = async (...settings: string[]): Promise<readonly [palisade: boolean | null, kernel: boolean]> => {
    for (const setting of settings) {
      expect(await host.run({ argv: ['sysctl', '-qw', `net.ipv4.${setting}`] })).toMatchObject({ status: 0 });
    }
    const read = hostFromTexts(await kernel.read({ namespace: host }));
    const route = await host.run({
      argv: ['ip', 'route', 'get', '198.51.100.77', 'from', '198.51.100.66', 'iif', 'eth0'],
    });
    return [forwarding(read, 4).on, route.kind === 'exited' && route.status === 0];
  };
  expect(await ask('ip_forward=0')).toEqual([false, false]);
  expect(await ask('conf.eth0.forwarding=1')).toEqual([true, true]);
  expect(await ask('ip_forward=1')).toEqual([true, true]);
  expect(await ask('conf.eth0.forwarding=0')).toEqual([false, false]);
});
