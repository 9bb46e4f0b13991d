import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { type Constraint, kernelUid, type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import { parseRuleset, ruleMeaning } from '../../src/model/ruleset/index.ts';
import { from4 } from './cases.ts';
import { GROUP, type Lab, must, openLab, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { doneRule } from './rulesets.ts';
import { evaluate } from './staged.ts';

const questions = [
  '--socket-exists',
  '! --socket-exists',
  '--uid-owner 0-4294967294',
  '! --uid-owner 0-4294967294',
  '--uid-owner 33',
  '! --uid-owner 33',
  '--gid-owner 44',
  '! --gid-owner 44',
  '--socket-exists ! --uid-owner 33',
  '! --socket-exists ! --uid-owner 33',
  '! --uid-owner 33 --gid-owner 44',
  '! --uid-owner 1 ! --gid-owner 1',
  '! --gid-owner 1 --suppl-groups',
  '--gid-owner 44 --suppl-groups',
];

/** Every question of POSTROUTING by its index, of packets that one condition tells. */
function textOf(condition: string): string {
  const asks = questions.map(
    (question, index) =>
      `-A POSTROUTING ${condition} -m owner ${question} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${index}`,
  );
  const head = ['*raw', ':PREROUTING ACCEPT [0:0]', doneRule(4), 'COMMIT', '*mangle', ':POSTROUTING ACCEPT [0:0]'];
  return [...head, ...asks, 'COMMIT', ''].join('\n');
}

/** The questions that the interpreter answers with yes. */
function said(lab: Lab, text: string, packet: Packet): readonly string[] {
  return evaluate(lab, 4, text, packet).path.flatMap(({ rule, effect, maybe }) =>
    effect === 'log' ? [`${questions[Number(rule) - 1]}${maybe ? ' maybe' : ''}`] : [],
  );
}

/** Those to which the kernel says yes, of whatever passes while the packet is sent. */
async function heard(lab: Lab, packet: Packet): Promise<readonly string[]> {
  lab.send(packet, 0x1234);
  const logged = await lab.logged(lastPacket(4));
  return logged.map(({ prefix }) => questions[Number(prefix)] ?? prefix);
}

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('a packet has the owner that the kernel says', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const out = { hook: 'output', src: '10.50.0.1', dst: '203.0.113.5', out: 'lan0', proto: 'udp', dport: 9 } as const;
    const program = (uid: number, gid: number): Packet => must(packetFromJson({ ...out, uid, gid }, { link: null }));
    const ofProgram = textOf('-p udp');
    await lab.load(4, ofProgram);
    for (const [uid, gid] of [
      [33, 44],
      [33, 1],
      [0, 44],
      [4_294_967_294, 4_294_967_294],
    ] as const) {
      const packet = program(uid, gid);
      const own = (await heard(lab, packet)).filter((question) => !question.includes('suppl'));
      expect({ uid, gid, own }).toEqual({ uid, gid, own: said(lab, ofProgram, packet).filter((one) => !one.includes('suppl')) });
    }

    // What is routed on has no socket.
    const routed = must(
      packetFromJson({ ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', dport: 9 }, { link: null }),
    );
    const withoutSocket = said(lab, ofProgram, routed);
    expect(await heard(lab, routed)).toEqual(withoutSocket);
    expect(withoutSocket).toContain('! --socket-exists');
    expect(withoutSocket).not.toContain('! --gid-owner 1 --suppl-groups');

    // What the kernel answers to a datagram that nobody takes comes from a socket without a file.
    const ofKernel = textOf('-p icmp -d 192.0.2.77');
    await lab.load(4, ofKernel);
    const refused = must(packetFromJson({ ...from4, src: '192.0.2.77', proto: 'udp', dport: 9 }, { link: 'eth0' }));
    const answer = must(
      packetFromJson(
        { ...out, dst: '192.0.2.77', dport: undefined, proto: 'icmp', icmpType: 3, icmpCode: 3, uid: kernelUid },
        { link: null },
      ),
    );
    const bySocket = said(lab, ofKernel, answer);
    expect(await heard(lab, refused)).toEqual(bySocket);
    expect(bySocket).toContain('--socket-exists');
    expect(bySocket).toContain('! --gid-owner 1 --suppl-groups');
    expect(bySocket).not.toContain('--uid-owner 0-4294967294');
  });

  it('what the host sends is unicast, whatever its address', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const report = (chain: string, type: string): string =>
      `-A ${chain} -m pkttype --pkt-type ${type} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${chain}:${type}`;
    const all = ['unicast', 'broadcast', 'multicast'];
    const own = ['OUTPUT', 'POSTROUTING'].flatMap((chain) => all.map((type) => report(chain, type)));
    const raw = ['*raw', ':PREROUTING ACCEPT [0:0]', doneRule(4), 'COMMIT'];
    await lab.load(4, [...raw, '*mangle', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]', ...own, 'COMMIT', ''].join('\n'));
    for (const dst of ['203.0.113.5', '224.0.0.9']) {
      const json = { hook: 'output', src: '10.50.0.1', dst, out: 'lan0', proto: 'udp', dport: 9 };
      lab.send(must(packetFromJson(json, { link: null })), 0x2000);
      const seen = (await lab.logged(lastPacket(4))).map(({ prefix }) => prefix);
      expect({ dst, seen: [...new Set(seen)] }).toEqual({ dst, seen: ['OUTPUT:unicast', 'POSTROUTING:unicast'] });
    }
  });

  it('the clock shows what the match is taken to say', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const asked = timesAround(Date.now());
    const rules = asked.map(
      (match, index) => `-A INPUT -p udp -m time ${match} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${index}`,
    );
    const text = [
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      doneRule(4),
      'COMMIT',
      '*mangle',
      ':INPUT ACCEPT [0:0]',
      ...rules,
      'COMMIT',
      '',
    ];
    await lab.load(4, text.join('\n'));
    const before = Date.now();
    lab.send(must(packetFromJson({ ...from4, proto: 'udp', dport: 9, src: '192.0.2.78' }, { link: 'eth0' })), 0x3000);
    const logged = await lab.logged(lastPacket(4));
    const seen = logged.filter(({ payload }) => sourceOf(payload) === 0xc000024en).map(({ prefix }) => asked[Number(prefix)]);
    const holding = (instant: number): readonly string[] => asked.filter((match) => holds(match, instant));
    expect([before, Date.now()].map(holding)).toContainEqual(seen);
    expect(seen.length).toBeGreaterThan(5);
  });
});

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const hour = 3_600_000;

/** Matches some of which hold at the instant, and some on the day before or after. */
function timesAround(now: number): readonly string[] {
  const clock = (instant: number): string => new Date(instant).toISOString().slice(11, 19);
  const day = (instant: number): string => days[(new Date(instant).getUTCDay() + 6) % 7] ?? '';
  const date = (instant: number): string => new Date(instant).toISOString().slice(0, 19);
  const spans = [-2, 2].flatMap((from) =>
    [-3, 3].map((to) => `--timestart ${clock(now + from * hour)} --timestop ${clock(now + to * hour)}`),
  );
  const instants = [now - 24 * hour, now, now + 24 * hour];
  return [
    ...spans,
    `--timestart ${clock(now)} --timestop ${clock(now)}`,
    ...instants.flatMap((one) => [`--weekdays ${day(one)}`, `! --weekdays ${day(one)}`]),
    ...instants.flatMap((one) => [`--monthdays ${new Date(one).getUTCDate()}`, `! --monthdays ${new Date(one).getUTCDate()}`]),
    ...instants.flatMap((one) => [`--datestart ${date(one)}`, `--datestop ${date(one + hour)}`]),
    // A night that began yesterday, and one that begins today.
    ...instants.flatMap((one) => [
      `--timestart ${clock(now + 3 * hour)} --timestop ${clock(now + 2 * hour)} --weekdays ${day(one)}`,
      `--timestart ${clock(now + 3 * hour)} --timestop ${clock(now + 2 * hour)} --contiguous --weekdays ${day(one)}`,
      `--timestart ${clock(now - 2 * hour)} --timestop ${clock(now - 3 * hour)} --contiguous --weekdays ${day(one)}`,
    ]),
  ].filter((match) => !/--contiguous/.test(match) || isOverMidnight(match));
}

/** iptables takes --contiguous of no other. */
function isOverMidnight(match: string): boolean {
  const [, start = '', stop = ''] = /--timestart (\S+) --timestop (\S+)/.exec(match) ?? [];
  return start >= stop;
}

/** Whether what palisade takes the match to say holds at the instant. */
function holds(match: string, instant: number): boolean {
  const ruleset = must(
    parseRuleset(`*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -m time ${match}\nCOMMIT\n`, { file: 'made', family: 4 }),
  );
  const rule = ruleset.tables[0]?.chains.get('INPUT')?.rules[0];
  if (rule === undefined) throw new Error('there is no rule');
  const now = new Date(instant);
  const second = Math.floor(instant / 1000);
  const shows = { weekday: (now.getUTCDay() + 6) % 7, monthday: now.getUTCDate() - 1, second: second % 86_400, date: second };
  const visit = (one: Constraint): boolean => {
    switch (one.kind) {
      case 'always':
        return true;
      case 'never':
        return false;
      case 'all':
        return one.of.every(visit);
      case 'any':
        return one.of.some(visit);
      case 'not':
        return !visit(one.of);
      case 'number': {
        const value = shows[one.field as keyof typeof shows];
        return one.ranges.some(([lo, hi]) => lo <= value && value <= hi);
      }
      default:
        throw new Error(`no clock says ${one.kind}`);
    }
  };
  return visit(ruleMeaning(ruleset, rule).constraint);
}
