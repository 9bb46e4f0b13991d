import { describe, expect, it } from 'vitest';
import type { Difference } from './difference.ts';
import { driftBetween, type Moment } from './drift.ts';
import { filterTable, momentWith } from './moment.fixture.ts';

const drifts = (baseline: Moment, now: Moment): readonly Difference[] =>
  driftBetween(baseline, now, null).differences.filter(({ drift }) => drift);

const nothing = momentWith({ nftSave4: filterTable([]), nftSave6: filterTable([]) });

/** What drifts between two tables `filter`, as `OWNER KIND WHAT`. */
function told(was: readonly string[], is: readonly string[], more: Parameters<typeof filterTable>[1] = {}): readonly string[] {
  return drifts(momentWith({ nftSave4: filterTable(was) }), momentWith({ nftSave4: filterTable(is, more) })).map(
    ({ owner, ...one }) => `${owner.kind} ${one.kind} ${'text' in one ? one.text : 'chain' in one ? one.chain : ''}`,
  );
}

const docker = [
  ':DOCKER - [0:0]',
  ':DOCKER-USER - [0:0]',
  ':DOCKER-FORWARD - [0:0]',
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -j DOCKER-FORWARD',
  '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
  '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
];
const banning = [
  ':f2b-sshd - [0:0]',
  '-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd',
  '-A f2b-sshd -s 192.0.2.7/32 -j REJECT --reject-with icmp-port-unreachable',
  '-A f2b-sshd -j RETURN',
];
const policy = [
  ':PAL-IN - [0:0]',
  '-A INPUT -j PAL-IN',
  '-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A PAL-IN -p udp -j ACCEPT',
  '-A PAL-IN -j DROP',
];

describe('what is drift', () => {
  it('a restart of Docker in another order is none, beside rules of the administrator', () => {
    const mine = ['-A FORWARD -s 10.0.0.0/8 -j ACCEPT', '-A FORWARD -d 10.0.0.0/8 -j DROP'];
    const [heads, rules] = [docker.filter((line) => line.startsWith(':')), docker.filter((line) => line.startsWith('-'))];
    expect(told([...heads, ...mine, ...rules], [...heads, ...rules.toReversed(), ...mine])).toEqual([]);
    expect(told([...heads, ...mine, ...rules], [...heads, rules[0] ?? '', ...mine.toReversed(), ...rules.slice(1)])).toEqual([
      'unknown rule-moved -A FORWARD -s 10.0.0.0/8 -j ACCEPT',
    ]);
  });

  it('bans are none, and what lets in among them is', () => {
    expect(told(banning, [...banning.slice(0, 2), '-A f2b-sshd -s 192.0.2.9/32 -j REJECT', ...banning.slice(2)])).toEqual([]);
    expect(told([], banning)).toEqual([]);
    expect(told(banning, [])).toEqual([]);
    expect(told(banning, [...banning, '-A f2b-sshd -s 192.0.2.9/32 -j ACCEPT', '-A INPUT -g f2b-sshd'])).toEqual([
      'unknown rule-added -A INPUT -g f2b-sshd',
      'unknown rule-added -A f2b-sshd -s 192.0.2.9/32 -j ACCEPT',
    ]);
    expect(
      told([], ['-A INPUT -m set --match-set f2b-web src -j DROP', '-A INPUT -m set --match-set f2b-web src -j ACCEPT']),
    ).toEqual(['unknown rule-added -A INPUT -m set --match-set f2b-web src -j ACCEPT']);
  });

  it('a rule that only names a link of Docker’s is somebody’s', () => {
    const hands = [
      '-A INPUT -i docker0 -j ACCEPT',
      '-A FORWARD ! -i docker0 -j ACCEPT',
      '-A FORWARD -o docker0 -j ACCEPT',
      '-A DOCKER-USER -j ACCEPT',
    ];
    expect(told(docker, [...docker, ...hands]).toSorted()).toEqual(hands.map((rule) => `unknown rule-added ${rule}`).toSorted());
  });

  it('what lets everybody in is, whoever it is called after', () => {
    const named = (rules: readonly string[], accepts: string) =>
      told(docker, [...docker, ...rules, accepts]).filter((line) => line.startsWith('unknown'));
    for (const chain of ['DOCKER-evil', 'KUBE-x', 'CNI-x', 'ts-input', 'lxd_x', 'LIBVIRT_INP', 'nm-sh-in-x', 'cali-x']) {
      const lead = [`:${chain} - [0:0]`, `-A INPUT -j ${chain}`];
      for (const rule of ['-j ACCEPT', '-p tcp -m tcp --dport 22 -j ACCEPT', '-s 203.0.113.9/32 -j ACCEPT', '! -i lo -j ACCEPT'])
        expect(named(lead, `-A ${chain} ${rule}`)).toEqual([
          `unknown rule-added -A INPUT -j ${chain}`,
          `unknown rule-added -A ${chain} ${rule}`,
        ]);
      expect(
        named([`:${chain} - [0:0]`, `:mine - [0:0]`, '-A INPUT -j mine', `-A mine -j ${chain}`], `-A ${chain} -j ACCEPT`),
      ).toContain(`unknown rule-added -A ${chain} -j ACCEPT`);
      for (const rule of [
        '-i docker0 -j ACCEPT',
        '-s 10.0.0.0/8 -j ACCEPT',
        '-m mark --mark 0x4000/0x4000 -j ACCEPT',
        '-p udp -m udp --dport 41641 -j ACCEPT',
        '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-j RETURN',
      ])
        expect(named(lead, `-A ${chain} ${rule}`)).toEqual([]);
    }
    const calico = '-A INPUT -m comment --comment "cali:x" -m comment --comment "a policy" -m mark --mark';
    const cluster = [':cali-INPUT - [0:0]', `${calico} 0x10000/0x10000 -j ACCEPT`];
    expect(named(cluster, `${calico} 0x0/0x0 -j ACCEPT`)).toEqual([`unknown rule-added ${calico} 0x0/0x0 -j ACCEPT`]);
  });

  it('a rule about a link to the world is no program’s, though its chains speak of it', () => {
    const links = '[{"ifname":"eth0","flags":["UP"]},{"ifname":"docker0","flags":["UP"],"linkinfo":{"info_kind":"bridge"}}]';
    const moment = (rules: readonly string[]) => momentWith({ nftSave4: filterTable(rules), links });
    const hands = ['-A DOCKER -i eth0 -j RETURN', '-A FORWARD -i eth0 -j ACCEPT'];
    expect(drifts(moment(docker), moment([...docker, ...hands]))).toMatchObject([{ kind: 'rule-added', text: hands[1] }]);
  });

  it('palisade’s own is, in any order; what it opens for a while is not', () => {
    const [head = '', jump = '', ...rules] = policy;
    expect(told(policy, [head, ...rules])).toEqual(['own rule-removed -A INPUT -j PAL-IN']);
    expect(told(policy, [head, jump, rules[1] ?? '', rules[0] ?? '', rules[2] ?? ''])).toEqual([
      'own rule-moved -A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT',
    ]);
    const hole = (stop: string) => [
      ':PALISADE-OPEN - [0:0]',
      '-A INPUT -j PALISADE-OPEN',
      `-A PALISADE-OPEN -p tcp -m time --datestart 2027-01-15T08:00:00 --datestop ${stop} -m comment --comment "palisade open: ssh from me" -j ACCEPT`,
    ];
    expect(told(policy, [...policy, ...hole('2027-01-15T09:00:00')])).toEqual([]);
    // So for everybody, and everything, it never does.
    expect(told(policy, [...policy, ...hole('2027-01-15T09:00:00').map((line) => line.replace('-p tcp ', ''))])).toEqual([
      expect.stringContaining('unknown rule-added -A PALISADE-OPEN'),
    ]);
    expect(told(policy, [...policy, ...hole('2031-01-15T09:00:00')])).toEqual([
      expect.stringContaining('unknown rule-added -A PALISADE-OPEN'),
    ]);
    expect(told(policy, [...policy, ...hole('2027-01-15T09:00:00').slice(0, 2), '-A PALISADE-OPEN -j ACCEPT'])).toEqual([
      'unknown rule-added -A PALISADE-OPEN -j ACCEPT',
    ]);
  });

  it('who is shut out is not; what else somebody writes there is', () => {
    const bans = [
      ':PALISADE-BAN - [0:0]',
      '-A INPUT -j PALISADE-BAN',
      '-A PALISADE-BAN -m conntrack ! --ctstate INVALID,NEW -j RETURN',
      '-A PALISADE-BAN -m set --match-set PALISADE-NEVER4 src -j RETURN',
      '-A PALISADE-BAN -m set --match-set PALISADE-BAN4 src -j DROP',
    ];
    const named = (rules: readonly string[]) => told(policy, rules).filter((line) => !line.includes(' palisade ban '));
    expect(named([...policy, ...bans])).toEqual([]);
    for (const rule of [
      '-j ACCEPT',
      '-j RETURN',
      '-s 203.0.113.9/32 -j RETURN',
      '-m set --match-set PALISADE-BAN4 src -j RETURN',
    ])
      expect(named([...policy, ...bans, `-A PALISADE-BAN ${rule}`])).toEqual([`unknown rule-added -A PALISADE-BAN ${rule}`]);
  });

  it('an order in which nothing else happens is none', () => {
    const [one, other, third] = ['-A INPUT -p tcp -j ACCEPT', '-A INPUT -p udp -j ACCEPT', '-A INPUT -s 10.0.0.0/8 -j DROP'];
    expect(told([one, other, third], [other, one, third])).toEqual([]);
    expect(told([one, other, third], [third, one, other])).toEqual([`unknown rule-moved ${third}`]);
    expect(told([one, other], [other, one, one])).toEqual([`unknown rule-added ${one}`]);
  });

  it('policies are, but what Docker does to FORWARD', () => {
    expect(told([], [], { INPUT: 'DROP' })).toEqual(['unknown policy-changed INPUT']);
    expect(told([], docker, { FORWARD: 'DROP' })).toEqual([]);
    const [closed, open] = [filterTable(docker, { FORWARD: 'DROP' }), filterTable(docker)].map((text) =>
      momentWith({ nftSave4: text }),
    );
    if (closed === undefined || open === undefined) throw new Error('no moments');
    expect(drifts(closed, open)).toMatchObject([{ kind: 'policy-changed', owner: { kind: 'unknown' } }]);
    const declared = { table: 'filter', policies: new Map([['FORWARD', 'DROP']]), chains: new Map(), jumps: [] };
    for (const [was, is] of [
      [closed, open],
      [open, closed],
    ] as const)
      expect(driftBetween(was, is, { families: { 4: [declared], 6: [] } }).differences).toMatchObject([
        { kind: 'policy-changed', owner: { kind: 'own' }, drift: true },
      ]);
  });

  it('another backend is: rules that moved are compared with those that were there', () => {
    const text = filterTable(policy, { INPUT: 'DROP' });
    const was = momentWith({ nftSave4: text });
    expect(drifts(was, momentWith({ legacySave4: text }))).toMatchObject([
      { kind: 'backend-changed', before: 'nft', after: 'legacy' },
    ]);
    expect(drifts(was, momentWith({ nftSave4: text, legacySave4: filterTable(['-A INPUT -j DROP']) }))).toMatchObject([
      { kind: 'backend-changed', before: 'nft', after: 'both' },
      { kind: 'table-added', backend: 'legacy' },
      { kind: 'rule-added', backend: 'legacy', text: '-A INPUT -j DROP' },
    ]);
  });
});

describe('sets', () => {
  const rules = filterTable([
    '-A INPUT -m set --match-set admins src -j ACCEPT',
    '-A INPUT -m set --match-set blocked src -j DROP',
    '-A INPUT -m set --match-set PAL4-00112233445566778899 src -j ACCEPT',
    '-A INPUT -m set --match-set f2b-sshd src -j REJECT --reject-with icmp-port-unreachable',
    '-A INPUT -m set --match-set knocked src -j ACCEPT',
  ]);
  const names = ['admins', 'blocked', 'PAL4-00112233445566778899', 'f2b-sshd', 'unasked'];
  const sets = (members: Readonly<Record<string, readonly string[]>>, more = ''): string =>
    [
      ...names.map((name) => {
        const head = `create ${name} hash:ip family inet hashsize ${1024 * (1 + (members[name] ?? []).length)} maxelem 65536 initval 0x${name.length}\n`;
        return head + (members[name] ?? []).map((member) => `add ${name} ${member}\n`).join('');
      }),
      `create knocked hash:ip family inet hashsize 1024 maxelem 65536 timeout 30 bucketsize 12\n${more}`,
    ].join('');
  const moment = (text: string) => momentWith({ nftSave4: rules, ipsets: text });
  const of = (one: string, other: string) =>
    driftBetween(moment(one), moment(other), null).differences.map((each) => [
      each.kind,
      'set' in each ? each.set : '',
      each.drift,
    ]);

  it('count by what rules do with whoever is in them', () => {
    const everywhere = Object.fromEntries(names.map((name) => [name, ['192.0.2.1', '192.0.2.2']]));
    expect(of(sets({}), sets(everywhere))).toEqual([
      ['members-changed', 'admins', true],
      ['members-changed', 'blocked', false],
      ['members-changed', 'PAL4-00112233445566778899', true],
      ['members-changed', 'f2b-sshd', false],
      ['members-changed', 'unasked', false],
    ]);
    expect(of(sets({}), sets({}, 'add knocked 192.0.2.9 timeout 12\n'))).toEqual([['members-changed', 'knocked', false]]);
    expect(of(sets({}, 'add knocked 192.0.2.9 timeout 12\n'), sets({}, 'add knocked 192.0.2.9 timeout 11\n'))).toEqual([]);
  });

  it('are said with how many members came and went, and some of them', () => {
    const many = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const [changed] = driftBetween(moment(sets({ admins: ['192.0.2.1'] })), moment(sets({ admins: many })), null).differences;
    expect(changed).toMatchObject({ added: { count: 300, some: many.slice(0, 5) }, removed: { count: 1, some: ['192.0.2.1'] } });
  });

  it('that are made otherwise, or are gone, are drift where rules ask them', () => {
    const other = sets({})
      .replace('admins hash:ip family inet', 'admins hash:net family inet')
      .replace(/create unasked .*\n/, '');
    expect(of(sets({}), other)).toEqual([
      ['set-changed', 'admins', true],
      ['set-removed', 'unasked', false],
    ]);
    expect(of(sets({}), sets({}).replace(/create (admins|f2b-sshd) .*\n/g, ''))).toEqual([
      ['set-removed', 'admins', true],
      ['set-removed', 'f2b-sshd', false],
    ]);
  });

  it('with comments that hold line ends, and names with blanks, are read whole', () => {
    const odd =
      'create my set hash:ip family inet hashsize 1024 maxelem 65536 comment\nadd my set 192.0.2.1 comment "two\nlines"\n';
    expect(of(odd, odd.replace('two', 'too'))).toEqual([['members-changed', 'my set', false]]);
    expect(of(odd, `${odd}add my set 192.0.2.2\n`)).toEqual([['members-changed', 'my set', false]]);
  });
});

describe('what nft has beside iptables', () => {
  const chains = (table: string, policy: string, rules: number): string =>
    [
      `{"nftables": [{"metainfo": {}}, {"chain": {"family": "inet", "table": "${table}", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "${policy}"}}]}`,
      `{"nftables": [{"chain": {"family": "inet", "table": "${table}", "name": "input"}}${', {"rule": {}}'.repeat(rules)}]}`,
    ].join('\n');
  const text = (table: string, inside: string): string => `table inet ${table} {\n\tchain input {\n\t\t${inside}\n\t}\n}\n`;

  it('is told by its hooks, and by what stands in its tables', () => {
    const was = momentWith(
      { nftChains: chains('mine', 'accept', 1) },
      text('mine', 'tcp dport 22 counter packets 1 bytes 2 accept'),
    );
    expect(drifts(nothing, was)).toMatchObject([{ kind: 'hook-added', chain: 'inet mine input' }]);
    expect(drifts(was, momentWith({ nftChains: chains('mine', 'drop', 1) }))).toMatchObject([
      { kind: 'hook-changed', before: 'filter at input, priority 0, policy accept, 1 rule' },
    ]);
    const counted = text('mine', 'tcp dport 22 counter packets 7 bytes 9 accept');
    expect(drifts(was, momentWith({ nftChains: chains('mine', 'accept', 1) }, counted))).toEqual([]);
    const other = text('mine', 'tcp dport 23 counter packets 7 bytes 9 accept');
    expect(drifts(was, momentWith({ nftChains: chains('mine', 'accept', 1) }, other))).toMatchObject([
      { kind: 'nft-changed', table: 'inet mine' },
    ]);
    expect(drifts(nothing, momentWith({ nftChains: chains('f2b-table', 'accept', 1) }))).toEqual([]);
    expect(drifts(nothing, momentWith({ nftChains: chains('firewalld', 'accept', 1) }))).toHaveLength(1);
  });
});

it('a rule that nft made by itself among those of iptables is somebody’s, though the rules are unknown with it', () => {
  const text = filterTable(policy, { INPUT: 'DROP' });
  const intruder = 'ip filter INPUT 27 2\n  [ immediate reg 0 accept ]\n';
  const [was, is] = [momentWith({ nftSave4: text }), momentWith({ nftSave4: text, nftRules4: intruder })];
  expect(driftBetween(was, is, null)).toMatchObject({
    differences: [{ kind: 'native-added', family: 4, chain: 'ip filter INPUT', handle: 27, drift: true }],
    unknown: [{ what: 'the IPv4 rules now' }],
  });
  expect(driftBetween(is, was, null).differences).toMatchObject([{ kind: 'native-removed' }]);
  expect(driftBetween(is, is, null).differences).toEqual([]);
});
