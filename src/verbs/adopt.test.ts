import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plannedRuleset } from '../change/index.ts';
import { whole } from '../cli/render/adopt.ts';
import { createKernel } from '../kernel/index.ts';
import { type Host, hostFromFiles, known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { problemLine } from '../result.ts';
import { adopt } from './adopt.ts';
import { type AdoptJson, adoptReport } from './adopt-shape.ts';
import { type Adoption, adoptionOf, differencesOf, hostWith } from './adopting.ts';
import type { Context } from './verb.ts';

type Adopted = Adoption & { kind: 'adopted' };

function saved(rules: readonly string[], policies = 'DROP DROP ACCEPT', chains: readonly string[] = []): string {
  const [input, forward, output] = policies.split(' ');
  return [
    '*filter',
    `:INPUT ${input} [0:0]`,
    `:FORWARD ${forward} [0:0]`,
    `:OUTPUT ${output} [0:0]`,
    ...chains.map((name) => `:${name} - [0:0]`),
    ...rules,
    'COMMIT',
    '',
  ].join('\n');
}

function hostOf(four: string | null, six: string | null, sets = ''): Host {
  const rulesets = [four, six].flatMap((text, index) =>
    text === null ? [] : [{ file: `v${index === 0 ? 4 : 6}`, family: (index === 0 ? 4 : 6) as Family, text }],
  );
  const host = hostFromFiles({ rulesets, ...(sets !== '' && { sets: { file: 'sets', text: sets } }), readAt: 0 });
  if (!host.ok) throw new Error(host.problems.map(problemLine).join('\n'));
  return host.value;
}

function adopted(host: Host): Adopted {
  const adoption = adoptionOf(host, []);
  if (!adoption.known) throw new Error(adoption.why);
  if (adoption.value.kind === 'refused')
    throw new Error(`${adoption.value.problems.map(problemLine).join('\n')}\n${adoption.value.text}`);
  return adoption.value;
}

/** The policy's lines without those that every one of these has. */
function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => !/^$|^palisade|^otherwise|^basics/.test(line));
}

const open = saved([], 'ACCEPT ACCEPT ACCEPT');

describe('rules in a policy’s words', () => {
  it.each<[what: string, four: string | null, six: string | null, policy: readonly string[]]>([
    [
      'of both families once, and of one with its name',
      saved([
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
        '-A INPUT -p udp -j ACCEPT',
      ]),
      saved(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p udp -j ACCEPT', '-A INPUT -s fd00::/8 -j ACCEPT']),
      [
        'incoming:',
        '  - { allow: ssh }',
        '  - { allow: http, family: ipv4 }',
        '  - { allow: udp }',
        '  - { allow: any, from: "fd00::/8" }',
      ],
    ],
    [
      'an open family beside a closed one',
      saved(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      open,
      [
        'incoming:',
        '  - { allow: ssh, family: ipv4 }',
        '  - { allow: any, family: ipv6 }',
        'forwarded:',
        '  - { allow: any, family: ipv6 }',
      ],
    ],
    [
      'what RETURN leaves out of a chain',
      saved(
        [
          '-A INPUT -i eth0 -j zone',
          '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
          '-A zone -s 10.0.0.0/8 -j RETURN',
          '-A zone -p tcp -j ACCEPT',
          '-A zone -p udp -j DROP',
        ],
        undefined,
        ['zone'],
      ),
      null,
      [
        'incoming:',
        '  - group: any',
        '    via: eth0',
        '    family: ipv4',
        '    note: zone',
        '    rules:',
        '      - { leave: any, from: "10.0.0.0/8" }',
        '      - { allow: tcp }',
        '      - { deny: udp }',
        '  - { allow: http, family: ipv4 }',
      ],
    ],
    [
      'a goto, behind which nothing else is asked',
      saved(
        [
          '-A INPUT -i eth0 -g zone',
          '-A INPUT -p tcp -j ACCEPT',
          '-A zone -p tcp -m tcp --dport 22 -j DROP',
          '-A zone -p udp -j ACCEPT',
          '-A zone -p icmp -j ACCEPT',
        ],
        undefined,
        ['zone'],
      ),
      null,
      [
        'incoming:',
        '  - group: any',
        '    via: eth0',
        '    rest: leave',
        '    family: ipv4',
        '    note: zone',
        '    rules:',
        '      - { deny: ssh }',
        '      - { allow: [udp, icmp] }',
        '  - { allow: tcp, family: ipv4 }',
      ],
    ],
    [
      'few rules of a chain with the conditions of the jump',
      saved(
        [
          '-A INPUT -s 192.0.2.0/24 -j refuse',
          '-A INPUT -p tcp -j ACCEPT',
          '-A refuse -j LOG --log-prefix "no: " --log-level 6',
          '-A refuse -p tcp -j REJECT --reject-with tcp-reset',
        ],
        undefined,
        ['refuse'],
      ),
      null,
      [
        'incoming:',
        '  - { log: any, from: "192.0.2.0/24", prefix: "no: ", level: 6, note: refuse }',
        '  - { reject: tcp, from: "192.0.2.0/24", note: refuse }',
        '  - { allow: tcp, family: ipv4 }',
      ],
    ],
    [
      'answers that go without saying, and others',
      saved([
        '-A INPUT -i eth0 -p tcp -j REJECT --reject-with tcp-reset',
        '-A INPUT -i eth0 -j REJECT',
        '-A INPUT -j REJECT --reject-with icmp-admin-prohibited',
      ]),
      null,
      [
        'incoming:',
        '  - { reject: any, via: eth0, family: ipv4 }',
        '  - { reject: any, answer: admin-prohibited, family: ipv4 }',
      ],
    ],
    [
      'what few policies say',
      saved([
        '-A INPUT -p tcp -m tcp --sport 1024:65535 --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j ACCEPT',
        '-A INPUT ! -i lo -m addrtype --dst-type BROADCAST -j DROP',
        '-A INPUT -p icmp -m icmp --icmp-type 3/4 -m ttl --ttl-eq 255 -j ACCEPT',
        '-A INPUT -m conntrack --ctstate RELATED -m helper --helper ftp -j ACCEPT',
        '-A INPUT -s 192.0.2.0/24 -m limit --limit 10/sec --limit-burst 20 -j ACCEPT',
        '-A INPUT -m iprange --src-range 198.51.100.5-198.51.100.9 -j ACCEPT',
        '-A INPUT -m iprange --src-range 192.0.2.5-192.0.2.9 -m limit --limit 10/sec -j ACCEPT',
      ]),
      null,
      [
        'incoming:',
        '  - { allow: ssh, from-port: "1024-65535", flags: "SYN of FIN,SYN,RST,ACK", state: new, family: ipv4 }',
        '  - { deny: any, via: { any-except: lo }, to-kind: broadcast, family: ipv4 }',
        '  - { allow: icmp:3/4, hops: 255 }',
        '  - { allow: any, state: related, helper: ftp, family: ipv4 }',
        '  - { allow: any, from: "192.0.2.0/24", up-to: "10/second", burst: 20 }',
        '  - { allow: any, from: "198.51.100.5-198.51.100.9" }',
        '  - { iptables: "-m iprange --src-range 192.0.2.5-192.0.2.9 -m limit --limit 10/sec -j ACCEPT", family: ipv4 }',
      ],
    ],
    [
      'what no policy says, as it stands',
      saved([
        '-A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --rsource -m comment --comment "slow down" -j DROP',
        '-A INPUT -p tcp -j ACCEPT',
      ]),
      null,
      [
        'incoming:',
        '  - iptables: "-p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --rsource -j DROP"',
        '    family: ipv4',
        '    note: "slow down"',
        '  - { allow: tcp, family: ipv4 }',
      ],
    ],
    [
      'a chain that counts as one, from wherever it is entered',
      saved(
        [
          '-A INPUT -m iprange --src-range 192.0.2.5-192.0.2.9 -j slow',
          '-A INPUT -p udp -m comment --comment "and these" -j slow',
          '-A INPUT -p tcp -j ACCEPT',
          '-A slow -m recent --update --seconds 60 --hitcount 4 --name x --rsource -j DROP',
        ],
        undefined,
        ['slow'],
      ),
      null,
      [
        'incoming:',
        '  - group: any',
        '    matches: "-m iprange --src-range 192.0.2.5-192.0.2.9"',
        '    family: ipv4',
        '    note: slow',
        '    rules:',
        '      - { iptables: "-m recent --update --seconds 60 --hitcount 4 --name x --rsource -j DROP" }',
        '  - group: udp',
        '    family: ipv4',
        '    note: slow',
        '    rules:',
        '      - { iptables: "-m recent --update --seconds 60 --hitcount 4 --name x --rsource -j DROP" }',
        '  - { allow: tcp, family: ipv4 }',
      ],
    ],
    [
      'chains of other tables, as groups of lines',
      `*nat\n:PREROUTING ACCEPT [0:0]\n:web - [0:0]\n-A PREROUTING -i eth0 -j web\n-A web -s 10.0.0.0/8 -j RETURN\n-A web -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n`,
      null,
      [
        'iptables:',
        '  - table: nat',
        '    chain: PREROUTING',
        '    family: ipv4',
        '    rule: "-i eth0"',
        '    rules:',
        '      - "-s 10.0.0.0/8 -j RETURN"',
        '      - "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"',
      ],
    ],
  ])('%s', (_what, four, six, policy) => {
    expect(lines(adopted(hostOf(four, six)).text)).toEqual(policy);
  });
});

describe('what is counted and left out', () => {
  it('tells rules that do nothing and rules that no packet meets', () => {
    const host = hostOf(
      saved(
        [
          '-A INPUT -j empty',
          '-A INPUT -p tcp',
          '-A INPUT -p tcp -j ACCEPT',
          '-A INPUT -p tcp -m tcp --dport 22 -j DROP',
          '-A INPUT -m quota --quota 1000 -j ACCEPT',
          '-A lonely -j DROP',
        ],
        undefined,
        ['empty', 'lonely'],
      ),
      null,
    );
    const { rules, text } = adopted(host);
    expect(rules.map(({ fate }) => fate)).toEqual(['idle', 'idle', 'term', 'dead', 'raw', 'dead']);
    expect(text).not.toContain('ssh');
  });

  it('calls no rule dead for what a set or an address of the host is now', () => {
    const rules = [
      '-A INPUT -m set --match-set empty src -j DROP',
      '-A INPUT -m addrtype --dst-type LOCAL -p tcp -j ACCEPT',
      '-A INPUT -d 192.0.2.1/32 -p tcp -j DROP',
    ];
    const { rules: fates } = adopted(hostOf(saved(rules), null, 'create empty hash:ip family inet timeout 60\n'));
    expect(fates.map(({ fate }) => fate)).toEqual(['raw', 'term', 'term']);
  });

  it('holds the addresses of a set that stays, and asks one that changes by itself', () => {
    const sets =
      'create stays hash:net family inet\nadd stays 192.0.2.0/24\nadd stays 198.51.100.7\ncreate goes hash:ip family inet timeout 60\nadd goes 203.0.113.1 timeout 50\n';
    const rules = [
      '-A INPUT -m set --match-set stays src -p tcp -j ACCEPT',
      '-A INPUT -m set --match-set goes src -j DROP',
      '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ];
    const { text, frozen } = adopted(hostOf(saved(rules), null, sets));
    expect(frozen).toEqual(['stays']);
    expect(lines(text)).toEqual([
      'incoming:',
      '  - { allow: tcp, from: ["192.0.2.0/24", "198.51.100.7"] }',
      '  - { iptables: "-m set --match-set goes src -j DROP", family: ipv4 }',
      '  - { allow: ssh, family: ipv4 }',
    ]);
  });

  it('leaves on what every server needs, where the rules say just that', () => {
    const usual = ['-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-m conntrack --ctstate INVALID -j DROP'];
    const rules = [
      ...usual.map((rule) => `-A FORWARD ${rule}`),
      `-A INPUT ${usual[0]}`,
      '-A INPUT -i lo -j ACCEPT',
      `-A INPUT ${usual[1]}`,
      '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ];
    const both = saved(rules);
    const { text, basics, rules: fates } = adopted(hostOf(both, both));
    expect(basics).toEqual(['loopback', 'established']);
    expect(lines(text)).toEqual(['incoming:', '  - { allow: ssh }']);
    expect(fates.every(({ fate }) => fate === 'term')).toBe(true);
    // What tracking calls invalid came in over loopback: not just that.
    const other = saved([`-A INPUT ${usual[1]}`, `-A INPUT ${usual[0]}`, '-A INPUT -i lo -j ACCEPT', ...rules.slice(0, 2)]);
    expect(adopted(hostOf(other, other)).basics).toEqual([]);
  });
});

it('takes a family without any rules for what it is: open', () => {
  const base = hostOf(saved(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']), null);
  const { text, families } = adopted({ ...base, rulesets: { ...base.rulesets, 6: known(emptyRuleset(6, 'no rules')) } });
  expect(families).toEqual([4, 6]);
  expect(lines(text).slice(0, 3)).toEqual(['incoming:', '  - { allow: ssh, family: ipv4 }', '  - { allow: any, family: ipv6 }']);
});

describe('the proof', () => {
  const host = hostOf(
    saved([
      '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT',
      '-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j DROP',
      '-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT',
      '-A INPUT -j REJECT --reject-with icmp-port-unreachable',
      '-A FORWARD -i eth1 -j ACCEPT',
    ]),
    open,
  );

  it('holds of what was adopted', () => expect(differencesOf(host, adopted(host))).toEqual([]));

  it.each([
    ['a rule less', /.*established.*\n/, ''],
    ['another port', 'http', '"81/tcp"'],
    ['another answer', 'port-unreachable', 'admin-prohibited'],
    ['another limit', '3/minute', '4/minute'],
    ['no limit', ', up-to: "3/minute"', ''],
    ['another network', '10.0.0.0/8', '10.0.0.0/9'],
    ['another link', 'eth1', 'eth2'],
    ['a family less', /.*allow: any, family: ipv6.*\n/, ''],
    ['another policy', 'incoming: drop', 'incoming: accept'],
  ])('does not hold with %s', (_what, from, to) => {
    const whole = adopted(host);
    // What follows no other rule for all packets is decided by the policy.
    const base = _what === 'another policy' ? whole.text.replace(/.*reject: any.*\n/, '') : whole.text;
    const text = base.replace(from, to);
    expect(text).not.toBe(base);
    expect(differencesOf(host, { ...whole, text })).not.toEqual([]);
  });

  it('refuses a rule that nothing can say', () => {
    const adoption = adoptionOf(hostOf(saved(['-A INPUT -m string --string "\xe9" --algo bm -j DROP']), null), []);
    expect(adoption).toMatchObject({ known: true, value: { kind: 'refused', problems: [{ code: 'adopt-refused' }] } });
  });

  it('refuses a host that a policy of palisade is applied on', () => {
    const adoption = adoptionOf(hostOf(saved(['-A INPUT -j PAL-IN', '-A PAL-IN -j DROP'], undefined, ['PAL-IN']), null), []);
    expect(adoption).toMatchObject({ known: true, value: { kind: 'refused' } });
  });
});

const folder = mkdtempSync(join(tmpdir(), 'palisade-adopt-'));
beforeAll(() =>
  writeFileSync(
    join(folder, 'v4'),
    saved(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -m quota --quota 5 -j ACCEPT']),
  ),
);
afterAll(() => rmSync(folder, { recursive: true }));

const context = {
  clock: { now: () => Date.UTC(2026, 0, 2) },
  progress: () => undefined,
  signal: new AbortController().signal,
  stdin: async () => new Uint8Array(),
  policyFile: join(folder, 'etc/palisade/policy.yaml'),
} as unknown as Context;

async function asked(flags: object): Promise<Awaited<ReturnType<typeof adopt.run>>> {
  return adopt.run(context, adopt.input.parse({ ruleset: [`4:${join(folder, 'v4')}`], ...flags }));
}

describe('palisade adopt', () => {
  it('writes the policy for its owner alone, says what became of each rule, and what comes next', async () => {
    const outcome = await asked({ removal: join(folder, 'removal.sh') });
    const value: AdoptJson = adoptReport.parse('value' in outcome ? outcome.value : outcome);
    expect(outcome.kind).toBe('done');
    expect(statSync(context.policyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(context.policyFile, 'utf8')).toBe(value.text);
    expect(value.text.split('\n')[0]).toBe(
      '# Adopted by palisade on 2026-01-02 from rules in files, and proved to do the same to every packet.',
    );
    expect(value).toMatchObject({ rules: 2, asTerms: 1, idle: 0, dead: 0, families: [4], raw: [{ line: 6 }] });
    expect(readFileSync(join(folder, 'removal.sh'), 'utf8')).toContain('-D INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n');
    const drawn = whole(value, { columns: null, paint: (_, text) => text });
    expect(drawn).toContain('1 of 2 rules (50 %) are said in the policy’s own words, 1 as lines of iptables.');
    expect(drawn).toContain('No rules of IPv6 were given');
    expect(drawn).toContain(`Run sh ${join(folder, 'removal.sh')}`);
  });

  it('writes over nothing, unless it is told to', async () => {
    const output = join(folder, 'mine.yaml');
    writeFileSync(output, 'mine');
    expect(await asked({ output })).toMatchObject({
      kind: 'unchanged',
      problems: [{ code: 'adopt-refused', at: { file: output } }],
    });
    expect(readFileSync(output, 'utf8')).toBe('mine');
    expect((await asked({ output, force: true })).kind).toBe('done');
    expect(readFileSync(output, 'utf8')).toContain('palisade: 1');
  });

  it('gives the policy by itself on standard output', async () => {
    const outcome = await asked({ output: '-' });
    expect(outcome).toMatchObject({ kind: 'done', document: expect.stringContaining('palisade: 1\n'), value: { policy: null } });
  });

  it('writes nothing of rules that cannot be read', async () => {
    writeFileSync(join(folder, 'bad'), '*filter\n-A INPUT --nosuch\nCOMMIT\n');
    const output = join(folder, 'none.yaml');
    expect((await asked({ ruleset: [join(folder, 'bad')], output })).kind).toBe('invalid');
    expect(() => statSync(output)).toThrow('ENOENT');
  });
});

/** The old rules beside those of the policy, as they are once it is applied. */
describe('when the policy is applied', () => {
  it('the old rules are taken away, and nothing else', async () => {
    const four = saved(
      [
        '-A INPUT -j f2b-sshd',
        '-A INPUT -i eth0 -j zone',
        '-A INPUT -p tcp -m comment --comment "a \\"quoted\\" one" -j ACCEPT',
        '-A zone -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A f2b-sshd -s 203.0.113.9/32 -j DROP',
        '-A f2b-sshd -j RETURN',
      ],
      undefined,
      ['zone', 'f2b-sshd'],
    );
    const host = hostOf(four, null);
    const { text, removal, beside } = adopted(host);
    expect(beside).toEqual(['fail2ban']);
    const made = hostWith(host, text);
    if (!made.ok) throw new Error(made.problems.map(problemLine).join('\n'));
    const [old, wanted] = [host.rulesets[4], made.value.host.rulesets[4]];
    if (!old.known || !wanted.known) throw new Error('unknown');
    await using namespace = await createKernel().namespace();
    const tool = async (argv: readonly [string, ...string[]], input = ''): Promise<string> => {
      const result = await namespace.run({ argv, input });
      if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(result)}`);
      return result.stdout;
    };
    const plain = (saves: string): readonly string[] => saves.split('\n').filter((line) => /^[-*]/.test(line));
    const textOf = ({ text: of }: Ruleset): string => of;
    await tool(['iptables-nft-restore'], textOf(wanted.value));
    const printed = plain(await tool(['iptables-nft-save']));
    await tool(['iptables-nft-restore'], textOf(plannedRuleset(old.value, made.value.compiled, 4)));
    await tool(['iptables-nft-restore', '--noflush'], removal[4]);
    expect(plain(await tool(['iptables-nft-save'])).toSorted()).toEqual(printed.toSorted());
  });
});
