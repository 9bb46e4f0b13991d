import { describe, expect, it } from 'vitest';
import { exampleHost } from './example-host.ts';
import { empty, guide, oneLink } from './examples.ts';
import { audit, type Finding } from './index.ts';

/** The host of reference: the guide's rules, and what listens on it. */
const facts = {
  ...oneLink,
  routes: [{ to: 'default', via: '198.51.100.1', link: 'eth0' }],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 80, process: 'nginx' },
    { proto: 'tcp', port: 3306, process: 'mysqld' },
    { proto: 'udp', port: 53, process: 'named' },
  ],
  sysctls: { 'net.ipv4.ip_forward': '0' },
};

const first = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n';
const inverted = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -s 0.0.0.0/1 -j ACCEPT
-A INPUT -s 128.0.0.0/1 -j ACCEPT
COMMIT
`;

const variants = {
  verbatim: audit(exampleHost({ v4: guide, v6: empty, facts })).findings,
  'without rule 1': audit(exampleHost({ v4: guide.replace(first, ''), v6: empty, facts })).findings,
  'half-space accepts': audit(exampleHost({ v4: inverted, v6: empty, facts })).findings,
} as const;

type Variant = keyof typeof variants;

/** A flaw of the guide, the check that says it, and in which variants it must and must not. `at`, `by`: rules of INPUT. */
interface Flaw {
  readonly flaw: string;
  readonly id: string;
  readonly in: Variant;
  readonly is: boolean;
  readonly at?: readonly number[];
  readonly by?: readonly number[];
}

const flaws: readonly Flaw[] = [
  { flaw: 'G1 rule 5 is dead', id: 'FW-ANOM-01', in: 'verbatim', is: true, at: [5], by: [1] },
  { flaw: 'G1 rule 6 is dead', id: 'FW-ANOM-01', in: 'verbatim', is: true, at: [6], by: [1] },
  { flaw: 'G1 rule 7 is dead', id: 'FW-ANOM-01', in: 'verbatim', is: true, at: [7], by: [1] },
  { flaw: 'G1 rule 8 is dead', id: 'FW-ANOM-01', in: 'verbatim', is: true, at: [8], by: [1] },
  { flaw: 'G1 nothing is dead', id: 'FW-ANOM-01', in: 'without rule 1', is: false },
  { flaw: 'G1 SSH is not believed to be limited', id: 'FW-RATE-01', in: 'verbatim', is: true, at: [1] },
  { flaw: 'G7 the log loses most', id: 'FW-LOG-05', in: 'verbatim', is: true, at: [4] },
  { flaw: 'G7 all that is logged is dropped', id: 'FW-LOG-02', in: 'verbatim', is: false },
  { flaw: 'G7 the log lies', id: 'FW-LOG-02', in: 'without rule 1', is: true, at: [3], by: [6] },
  { flaw: 'G14 the limit comes before the trusted', id: 'FW-RATE-03', in: 'verbatim', is: false },
  { flaw: 'G14 the limit comes before the trusted', id: 'FW-RATE-03', in: 'without rule 1', is: true, at: [6], by: [5] },
  { flaw: 'G15 forged packets lock others out', id: 'FW-RATE-02', in: 'verbatim', is: false },
  { flaw: 'G15 forged packets lock others out', id: 'FW-RATE-02', in: 'without rule 1', is: true, at: [5], by: [4] },
  { flaw: 'G16 the list can be flushed', id: 'FW-RATE-04', in: 'verbatim', is: false },
  { flaw: 'G16 the list can be flushed', id: 'FW-RATE-04', in: 'without rule 1', is: true, at: [4, 5] },
  { flaw: 'G18 INVALID comes in', id: 'FW-STATE-03', in: 'verbatim', is: true },
  { flaw: 'G18 new packets without SYN come in', id: 'FW-STATE-04', in: 'verbatim', is: true },
  { flaw: 'G18 impossible flags come in', id: 'FW-STATE-06', in: 'verbatim', is: true },
  { flaw: 'G20 the web server has no limit', id: 'FW-RATE-05', in: 'verbatim', is: true, at: [2] },
  { flaw: 'G23 -m state', id: 'FW-STYLE-01', in: 'verbatim', is: true, at: [5, 6] },
  { flaw: 'G28 lines go to the console', id: 'FW-LOG-04', in: 'verbatim', is: true, at: [4] },
  { flaw: 'G28 no comments', id: 'FW-STYLE-02', in: 'verbatim', is: true },
  { flaw: 'two halves are the whole', id: 'FW-BASE-01', in: 'half-space accepts', is: true, at: [1, 2] },
];

describe.each(flaws)('$in: $flaw', ({ id, in: variant, is, at, by }) => {
  it(`${is ? 'is' : 'is not'} said by ${id}`, () => {
    const found = variants[variant]
      .filter((finding) => finding.id === id && finding.family === 4)
      .filter((finding) => isAbout(finding, at));
    if (!is) {
      expect(found).toEqual([]);
      return;
    }
    expect(found).toHaveLength(1);
    if (by !== undefined)
      expect(found[0]?.causedBy.map(({ chain, rule }) => `${chain} ${rule}`)).toEqual(by.map((rule) => `INPUT ${rule}`));
  });
});

function isAbout({ at }: Finding, rules: readonly number[] | undefined): boolean {
  return (
    rules === undefined ||
    (at.length === rules.length && at.every(({ chain, rule }, index) => chain === 'INPUT' && rule === rules[index]))
  );
}

describe('a dead rule of the guide is shown by a packet that it matches', () => {
  for (const rule of [5, 6, 7, 8]) {
    it(`rule ${rule}`, () => {
      const finding = variants.verbatim.find(({ id, at }) => id === 'FW-ANOM-01' && at[0]?.rule === rule);
      const witness = finding?.witness;
      expect(witness?.packet).toMatchObject({ hook: 'input', proto: 6, dport: 22, state: 'NEW' });
      if (rule === 7) expect(witness?.packet.src).toBe(0xc0a80132n);
      expect(witness?.trace).toMatchObject({ verdict: 'ACCEPT', decidedBy: { chain: 'INPUT', rule: 1 } });
    });
  }
});
