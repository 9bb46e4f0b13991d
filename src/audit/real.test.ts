import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isWhole, sliceOf } from '../../test/slice.ts';
import type { Packet, Step } from '../model/packet/index.ts';
import { meaningsOf } from '../model/ruleset/index.ts';
import { allowing, denying, endingsOf, ruleAt } from './blame.ts';
import { fwAnom01 } from './checks/fw-anom-01.ts';
import { fwLog02 } from './checks/fw-log-02.ts';
import { fwState02 } from './checks/fw-state-02.ts';
import { fwState05 } from './checks/fw-state-05.ts';
import { exampleHost } from './example-host.ts';
import { filter, oneLink } from './examples.ts';
import type { Finding, Located } from './finding.ts';
import { subjectOf } from './subject.ts';

/**
 * Rules that other programs wrote: whatever is grave of what these checks say of them is shown by a packet, and the interpreter, which
 * knows nothing of the engine, says of it what the finding says. A dead rule's packet is put once more through a ruleset in which the
 * rules before it are gone: there it has to meet the rule, or it was none of its packets.
 */
const folder = new URL('../../testdata/rulesets/', import.meta.url);
const origins = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const grave = [fwAnom01, fwLog02, fwState02, fwState05];

const facts = {
  links: [{ name: 'lo', loopback: true }, { name: 'eth0' }, { name: 'eth1' }],
  addresses: [
    { link: 'eth0', address: '198.51.100.2/24' },
    { link: 'eth1', address: '192.168.1.2/24' },
    { link: 'eth0', address: '2001:db8:1::2/64' },
    { link: 'eth1', address: '2001:db8:2::2/64' },
  ],
  foreignChains: [],
  sysctls: {},
};

function text(origin: string, file: string): string | undefined {
  const url = new URL(`${origin}/${file}.save`, folder);
  return existsSync(url) ? readFileSync(url, 'latin1') : undefined;
}

/** Chains in which programs let nobody be surprised by a dead rule. */
const templates = /^(DOCKER$|DOCKER-|KUBE-|CNI-|NETAVARK|LIBVIRT|f2b-|sshuttle)/;
let shown = 0;

describe('what is grave of rules that programs wrote is shown by a packet', () => {
  it.each(sliceOf(origins, 3))('%s', { timeout: 120_000 }, (origin) => {
    const [v4, v6, sets] = [text(origin, 'nft-v4'), text(origin, 'nft-v6'), text(origin, 'sets')];
    const host = exampleHost({
      facts,
      ...(v4 === undefined ? {} : { v4 }),
      ...(v6 === undefined ? {} : { v6 }),
      ...(sets === undefined ? {} : { sets }),
    });
    const subject = subjectOf(host);
    for (const check of grave) {
      const { findings, unknown } = check.run(subject);
      expect(unknown).toEqual([]);
      for (const finding of findings) {
        if (finding.severity === 'low' || finding.severity === 'info') continue;
        const about = `${finding.title}\n${finding.why}`;
        const { witness } = finding;
        expect(witness, about).not.toBeNull();
        if (witness === null) continue;
        shown += 1;
        expect(subject.evaluator.trace(witness.packet), about).toEqual(witness.trace);
        if (finding.severity === 'high')
          expect(
            finding.at.filter(({ chain }) => templates.test(chain)),
            about,
          ).toEqual([]);
        if (finding.id === 'FW-ANOM-01') showsVoid(origin, finding, witness.packet, about);
      }
    }
  });

  it('there was something to show', () => {
    expect(shown).toBeGreaterThan(isWhole ? 20 : 6);
  });

  /** The packet ends as the rule would not have it, without meeting it; and would meet it if nothing stood before. */
  function showsVoid(origin: string, { at, family, witness }: Finding, packet: Packet, about: string): void {
    const [first] = at;
    if (first === undefined || witness === null) throw new Error(about);
    const source = text(origin, `nft-v${family}`) ?? '';
    const host = exampleHost({ facts, ...(family === 4 ? { v4: source } : { v6: source }) });
    const fact = host.rulesets[family ?? 4];
    const rule = ruleAt(host, first);
    if (!fact.known || rule === null) throw new Error(about);
    const effect = meaningsOf(fact.value).get(rule)?.effect;
    expect(
      witness.trace.path.some((step) => isStep(step, first)),
      about,
    ).toBe(false);
    if (effect?.kind === 'verdict') {
      const against = allowing.includes(effect.verdict) ? denying : allowing;
      expect(
        endingsOf(witness.trace).some(({ verdict }) => against.includes(verdict)),
        about,
      ).toBe(true);
    }
    const chain = fact.value.tables.find(({ name }) => name === first.table)?.chains.get(first.chain);
    let bare = source;
    for (const before of [...(chain?.rules ?? [])].reverse())
      if (before.number < rule.number) bare = bare.slice(0, before.start) + bare.slice(before.end);
    const alone = subjectOf(exampleHost({ facts, ...(family === 4 ? { v4: bare } : { v6: bare }) }));
    const path = alone.evaluator.trace(packet)?.path ?? [];
    expect(
      path.some((step) => isStep(step, { ...first, rule: 1 })),
      about,
    ).toBe(true);
  }
});

function isStep({ table, chain, rule }: Step, at: Located): boolean {
  return table === at.table && chain === at.chain && rule === at.rule;
}

describe('what only looks as if it were covered is never called dead', () => {
  const dead = (rules: readonly string[]): readonly string[] =>
    fwAnom01.run(subjectOf(exampleHost({ v4: filter(rules), facts: oneLink }))).findings.map(({ title }) => title);

  it.each([
    ['a limit', '-m limit --limit 1000/sec'],
    ['a limit for each source', '-m hashlimit --hashlimit-upto 1000/sec --hashlimit-mode srcip --hashlimit-name x'],
    ['a list of recent sources', '-m recent --rcheck --name x'],
    ['chance', '-m statistic --mode random --probability 0.99'],
    ['a quota', '-m quota --quota 1000000'],
    ['the time of day', '-m time --timestart 00:00 --timestop 23:59'],
    ['a set that nobody read', '-m set --match-set x src'],
    ['a match that nobody knows', '-m mystery --of-a-kind 1'],
  ])('behind %s', (_, match) => {
    expect(dead([`-A INPUT -p tcp ${match} -j ACCEPT`, '-A INPUT -p tcp -m tcp --dport 22 -j DROP'])).toEqual([]);
  });

  it.each([
    ['SYN behind SYN and ACK', '--tcp-flags SYN,ACK SYN,ACK', '--tcp-flags SYN SYN'],
    ['new ones behind those without flags', '--tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE', '--tcp-flags FIN,SYN,RST,ACK SYN'],
    ['what is no SYN behind SYN', '--tcp-flags FIN,SYN,RST,ACK SYN', '! --tcp-flags FIN,SYN,RST,ACK SYN'],
    ['a port behind all others', '! --dport 22', '--dport 22'],
  ])('flags and negations: %s', (_, earlier, later) => {
    expect(dead([`-A INPUT -p tcp -m tcp ${earlier} -j ACCEPT`, `-A INPUT -p tcp -m tcp ${later} -j DROP`])).toEqual([]);
  });

  it('and what is covered by flags and their negation is', () => {
    const syn = '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT';
    const others = '-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT';
    expect(dead([syn, others, '-A INPUT -p tcp -m tcp --dport 22 -j DROP'])).toHaveLength(1);
  });
});
