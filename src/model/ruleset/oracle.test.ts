import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Family } from '../net/index.ts';
import type { Constraint } from '../packet/index.ts';
import { parseRuleset, printRuleset, type Rule, type Ruleset, ruleMeaning, ruleText, unreadTables } from './index.ts';

/**
 * The real iptables as oracle. Every tool runs inside a network namespace that is made for the one call and gone after it.
 */
type Backend = 'nft' | 'legacy';

const folder = mkdtempSync(join(tmpdir(), 'palisade-ruleset-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const backends: readonly Backend[] = (['nft', 'legacy'] as const).filter((backend) =>
  existsSync(`/usr/sbin/iptables-${backend}-save`),
);

/** Runs a shell script in a fresh namespace; standard input, output and errors as latin1. */
function inNamespace(script: string, input: string): { status: number; stdout: string; stderr: string } {
  const run = spawnSync('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', script], {
    input: Buffer.from(input, 'latin1'),
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock') },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error !== undefined) throw run.error;
  return { status: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
}

function tool(family: Family, backend: Backend): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
}

/** What the kernel prints back for a whole ruleset; `undefined` when the tool refuses it. */
function loaded(family: Family, backend: Backend, text: string, counters = ''): string | undefined {
  const name = tool(family, backend);
  const run = inNamespace(`${name}-restore ${counters} && ${name}-save ${counters}`, text);
  return run.status === 0 ? run.stdout : undefined;
}

function parsed(text: string, family?: Family): Ruleset {
  const result = parseRuleset(text, { file: 'test', ...(family === undefined ? {} : { family }) });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

it('has the real tools', () => {
  expect(backends.length).toBeGreaterThan(0);
  expect(inNamespace('iptables-nft-save --version', '').status).toBe(0);
});

describe.each([4, 6] as const)('every extension of IPv%s', (family) => {
  const samples = readFileSync(
    new URL(`../../../testdata/rulesets-handmade/every-extension-v${family}.txt`, import.meta.url),
    'utf8',
  )
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, index) => {
      const [place = '', ...rest] = Buffer.from(line, 'utf8').toString('latin1').split(' ');
      const [table = '', hook] = place.split('@');
      const chain = hook ?? `X${index}`;
      return { table, text: `*${table}\n${hook === undefined ? `-N ${chain}\n` : ''}-A ${chain} ${rest.join(' ')}\nCOMMIT\n` };
    });

  describe.each(backends)('by iptables-%s', (backend) => {
    let accepted: readonly (typeof samples)[number][] = [];
    let saved = '';

    beforeAll(() => {
      const name = tool(family, backend);
      const suffix = family === 4 ? '' : '6';
      const inet = family === 4 ? '' : 'family inet6';
      const sets = ['hosts%s hash:ip %f counters timeout 0', 'pairs%s hash:net,port %f', 'marks%s hash:ip %f skbinfo']
        .map((set) => `ipset create ${set.replace('%s', suffix).replace('%f', inet)}`)
        .join('; ');
      // One shell feeds the rules to the tool one by one and says which it took; then comes the save.
      const feed = samples.map(
        (sample, index) => `printf '%b' '${escaped(sample.text)}' | ${name}-restore -n 2>/dev/null && echo took ${index}`,
      );
      const run = inNamespace(`${sets}; ${feed.join('\n')}\necho save; ${name}-save`, '');
      const [took = '', ...rest] = run.stdout.split('save\n');
      saved = rest.join('save\n');
      accepted = took
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [samples[Number(line.slice(5))] as (typeof samples)[number]]));
    }, 60_000);

    it('is taken by the real tool, most of it', () => {
      expect(accepted.length).toBeGreaterThan(samples.length * 0.8);
    });

    it('prints byte for byte as saved', () => {
      expect(printRuleset(parsed(saved))).toBe(saved);
    });

    it('reads what the tool took, and means by it what the kernel prints back', () => {
      const printed = new Map<string, string>();
      const ruleset = parsed(saved);
      for (const table of ruleset.tables) {
        for (const rule of table.rules) {
          if (!rule.chain.startsWith('X')) continue;
          printed.set(`${table.name} ${rule.chain}`, certainMeaning(ruleset, rule));
        }
      }
      const differing: string[] = [];
      for (const sample of accepted) {
        const own = parsed(sample.text.includes(' X') ? sample.text : sample.text.replace('\n', '\n:Y - [0:0]\n'), family);
        const rule = own.tables[0]?.rules[0] as Rule;
        const kernels = printed.get(`${sample.table} ${rule.chain}`);
        const mine = certainMeaning(own, rule);
        if (kernels !== undefined && kernels !== mine) differing.push(`${ruleText(own, rule)}\n  ${mine}\n  ${kernels}`);
      }
      expect(differing).toEqual([]);
    });
  });
});

/** A meaning as text, without what hangs on how a rule is written: opaque texts and effects of the unknown. */
function certainMeaning(ruleset: Ruleset, rule: Rule): string {
  const { constraint, effect } = ruleMeaning(ruleset, rule);
  const plain = (part: Constraint): Constraint => {
    if (part.kind === 'opaque') return { ...part, text: part.text.replace(/^(?:! )?-(\w) .*|^-m (\w+) .*/, '$1$2') };
    if (part.kind === 'all' || part.kind === 'any') return { ...part, of: inOrder(part.of.map(plain)) };
    return part.kind === 'not' ? { ...part, of: plain(part.of) } : part;
  };
  return json([plain(constraint), effect]);
}

/** Parts of a conjunction in an order that does not hang on the rule's, each once. */
function inOrder(parts: readonly Constraint[]): readonly Constraint[] {
  const byText = new Map(parts.map((part) => [json(part), part]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));
}

/** For the shell's `printf %b` inside single quotes. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", '\\047').replaceAll('\n', '\\n');
}

/** Lines of a filter table with the chains INPUT, FORWARD, OUTPUT and X, in which X has one rule. */
const lines: readonly string[] = [
  '-A INPUT -j X',
  '  -A   INPUT \t -j ACCEPT ',
  '-A INPUT "-j" "ACCEPT"',
  '-A INPUT -m comment --comment "a b"-j ACCEPT',
  '-A INPUT -m comment --comment a"b c"  -j ACCEPT',
  '-A INPUT -m comment --comment "a\\"b\\\\c\\nd"',
  "-A INPUT -m comment --comment 'ab'",
  "-A INPUT -m comment --comment 'a b'",
  '-A INPUT -m comment --comment -j -j ACCEPT',
  '-A INPUT -m comment --comment ! -j ACCEPT',
  '-A INPUT -m comment --comment ""',
  '-A INPUT -m comment --comment',
  '-A INPUT -m comment',
  '-A INPUT -m comment --comment a --comment b',
  '-A INPUT -j ACCEPT # no comment here',
  ' # nor here',
  '# but here',
  '#',
  '',
  '   ',
  '\t',
  'ACCEPT',
  'COMMIT here',
  ' COMMIT',
  '*filter',
  ':Y',
  ':Y -',
  ':Y - [0:0]',
  ':Y - 5',
  ':Y DROP [0:0] ',
  ':Y ACCEPT',
  ':INPUT DROP',
  ':INPUT - [0:0]',
  ':INPUT ACCEPT [1:2]',
  ':INPUT QUEUE [0:0]',
  ':INPUT RETURN [0:0]',
  ':abcdefghijklmnopqrstuvwxyz0 - [0:0]',
  ':abcdefghijklmnopqrstuvwxyz01 - [0:0]',
  ':abcdefghijklmnopqrstuvwxyz012 - [0:0]',
  '-N abcdefghijklmnopqrstuvwxyz01',
  '-N abcdefghijklmnopqrstuvwxyz012',
  '-N X',
  '-N INPUT',
  '-N -Y',
  '-N !Y',
  '-N Y!',
  '-N Y -j ACCEPT',
  '-N Y Z',
  '-P INPUT DROP',
  '-P INPUT',
  '-P INPUT REJECT',
  '-P X DROP',
  '-I INPUT -j DROP',
  '-I X 2 -j DROP',
  '-I X 3 -j DROP',
  '-I X 0 -j DROP',
  '-I X a -j DROP',
  '-I X -1 -j DROP',
  '--append INPUT --jump DROP',
  '--insert X 1 --jump DROP',
  '--app INPUT --ju DROP',
  '-A INPUT -A INPUT -j DROP',
  '-j DROP -A INPUT',
  '-s 10.0.0.1 -j DROP',
  '-A NOPE -j DROP',
  '-A INPUT -j NOPE',
  '-A INPUT -j INPUT',
  '-A INPUT -g X',
  '-A INPUT -g NOPE',
  '-A INPUT -g ACCEPT',
  '-A INPUT -j',
  '-A INPUT -j ""',
  '-A INPUT -j accept',
  '-A INPUT -j ACCEPT -j DROP',
  '-A INPUT -j ACCEPT DROP',
  '-A INPUT ! -j ACCEPT',
  '-A INPUT -j ACCEPT !',
  '-A INPUT ! ! -s 10.0.0.1',
  '-A INPUT -s ! 10.0.0.1',
  '-A INPUT -s 10.0.0.1 -s 10.0.0.2',
  '-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.0.1.1,10.0.1.2',
  '-I X 2 -s 10.0.0.1,10.0.0.2 -d 10.0.1.1,10.0.1.2',
  '-A INPUT ! -s 10.0.0.1,10.0.0.2',
  '-A INPUT -s 10.0.0.1,',
  '-A INPUT -s 10.0.0.1/33',
  '-A INPUT -s 10.0.0.1/0',
  '-A INPUT -s 300.1.1.1',
  '-A INPUT -s 10.1',
  '-A INPUT -s 010.1.1.1',
  '-A INPUT -s 0x0a.1.1.1',
  '-A INPUT -s 10.0.0.1/255.255.0.0',
  '-A INPUT -s 10.0.0.1/255.0.255.0',
  '-A INPUT -s 2001:db8::1',
  '-A INPUT -s ""',
  '-A INPUT -i eth0 -o eth1',
  '-A FORWARD -i eth0 -o eth1',
  '-A OUTPUT -i eth0',
  '-A FORWARD -i ""',
  '-A FORWARD -i +',
  '-A FORWARD -i abcdefghijklmno',
  '-A FORWARD -i abcdefghijklmnop',
  '-A FORWARD -i "a b"',
  '-A INPUT -p tcp -p udp',
  '-A INPUT -p nope',
  '-A INPUT -p 255',
  '-A INPUT -p 256',
  '-A INPUT -p all',
  '-A INPUT ! -p all',
  '-A INPUT -p 0',
  '-A INPUT -p TCP --dport 80',
  '-A INPUT -p 6 --dport 80',
  '-A INPUT --dport 80',
  '-A INPUT -p tcp --dport 99999',
  '-A INPUT -p tcp --dport 65535',
  '-A INPUT -p tcp --dport 80:70',
  '-A INPUT -p tcp --dport :',
  '-A INPUT -p tcp --dport 80:',
  '-A INPUT -p tcp --dport nope',
  '-A INPUT -p tcp --dport 0x50',
  '-A INPUT -p tcp --dport ""',
  '-A INPUT -p udp --dport 80:70',
  '-A INPUT -p udp --dport :70',
  '-A INPUT -p udp --dport 0x50',
  '-A INPUT -p tcp --dport 80 --dport 81',
  '-A INPUT -p tcp --dpor 80',
  '-A INPUT -p tcp --d 80',
  '-A INPUT -p tcp -m tcp --tcp-flags SYN',
  '-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN',
  '-A INPUT -p tcp -m tcp --tcp-flags SYN,NOPE SYN',
  '-A INPUT -p tcp -m tcp --tcp-flags syn,ack syn',
  '-A INPUT -p tcp -m tcp --tcp-flags NONE ALL',
  '-A INPUT -p tcp -m tcp --tcp-option 0',
  '-A INPUT -p tcp -m tcp --tcp-option 255',
  '-A INPUT -p tcp -m tcp --tcp-option 256',
  '-A INPUT -p icmp --icmp-type 8',
  '-A INPUT -p icmp --icmp-type echo-req',
  '-A INPUT -p icmp --icmp-type echo',
  '-A INPUT -p icmp --icmp-type host-unreach',
  '-A INPUT -p icmp --icmp-type 256',
  '-A INPUT -p icmp --icmp-type 3/256',
  '-A INPUT -p icmp --icmp-type 3/',
  '-A INPUT -p icmp -m icmp',
  '-A INPUT -m icmp --icmp-type 8',
  '-A INPUT -m tcp --dport 80',
  '-A INPUT -p tcp -m udp --dport 80',
  '-A INPUT -p tcp -m multiport --dports 1,2 --sports 3',
  '-A INPUT -m multiport --dports 1,2',
  '-A INPUT ! -p tcp -m multiport --dports 1,2',
  '-A INPUT -p icmp -m multiport --dports 1,2',
  '-A INPUT -p tcp -m multiport',
  '-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
  '-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16',
  '-A INPUT -p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15',
  '-A INPUT -p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16',
  '-A INPUT -p tcp -m multiport --dports 5:1',
  '-A INPUT -p tcp -m multiport --dports 1,,2',
  '-A INPUT -p tcp -m multiport --dports :5',
  '-A INPUT -p tcp -m multiport --dports 5:',
  '-A INPUT -m iprange --src-range 10.0.0.9-10.0.0.1',
  '-A INPUT -m iprange --src-range 10.0.0.1-',
  '-A INPUT -m iprange',
  '-A INPUT -m conntrack --ctstate NEW,NOPE',
  '-A INPUT -m conntrack --ctstate new',
  '-A INPUT -m conntrack --ctstate NEW,',
  '-A INPUT -m conntrack --ctstate ""',
  '-A INPUT -m conntrack',
  '-A INPUT -m conntrack --ctstatus NOPE',
  '-A INPUT -m conntrack --ctdir original',
  '-A INPUT -m conntrack --ctdir NOPE',
  '-A INPUT -m conntrack ! --ctdir REPLY',
  '-A INPUT -m conntrack --ctproto nope',
  '-A INPUT -m state',
  '-A INPUT -m state --state DNAT',
  '-A INPUT -m mark --mark 5/',
  '-A INPUT -m mark --mark 0x1ffffffff',
  '-A INPUT -m mark --mark -1',
  '-A INPUT -m mark',
  '-A INPUT -m addrtype',
  '-A INPUT -m addrtype --dst-type local',
  '-A INPUT -m addrtype --dst-type LOCAL,NOPE',
  '-A INPUT -m addrtype --dst-type LOCAL --limit-iface-in --limit-iface-out',
  '-A INPUT -m mac --mac-source 02:00:00:00:00',
  '-A INPUT -m mac --mac-source 2:0:0:0:0:1',
  '-A INPUT -m length --length 65536',
  '-A INPUT -m length --length 9:1',
  '-A INPUT -m ttl --ttl-eq 256',
  '-A INPUT -m ttl --ttl-eq 5 --ttl-lt 9',
  '-A INPUT -m ttl ! --ttl-lt 9',
  '-A INPUT -m ttl ! --ttl 9',
  '-A INPUT -m ttl',
  '-A INPUT -m hl --hl-eq 5',
  '-A INPUT -m set --match-set nosuchset',
  '-A INPUT -m limit ! --limit 5/s',
  '-A INPUT -m recent --name x',
  '-A INPUT -m recent --set --seconds',
  '-A INPUT -j LOG --log-prefix',
  '-A INPUT -j LOG --log-prefix a b',
  '-A INPUT -j LOG --reject-with tcp-reset',
  '-A INPUT --log-prefix a -j LOG',
  '-A INPUT -j REJECT --reject-with icmp-port-unreachable',
  '-A INPUT -j X --log-prefix a',
  '-A INPUT --nope',
  '-A INPUT -z',
  '-A INPUT -m nosuchmatch',
  '-A INPUT ! -m tcp',
  '-A INPUT -f',
  '-A INPUT ! -f -j DROP',
  '-A INPUT -c 5 10 -j DROP',
  '-A INPUT -c 5 -j DROP',
  '[5:10] -A INPUT -j DROP',
  '[5:10]-A INPUT -j DROP',
  '[5:10 -A INPUT -j DROP',
  ' [5:10] -A INPUT -j DROP',
  '-t filter -A INPUT -j DROP',
  '-A INPUT -n -j DROP',
  '-A INPUT -w -j DROP',
  '-D X 1',
  '-F X',
  '-X X',
  '-Z',
  '-L',
  '-A INPUT -j ACCEPT\r',
  ':Y - [0:0]\r',
];

/** Lines on which palisade differs from both backends on purpose, each with its reason. */
const deliberate: ReadonlyMap<string, string> = new Map([
  ['-D X 1', 'a ruleset file says what is there'],
  ['-F X', 'a ruleset file says what is there'],
  ['-X X', 'a ruleset file says what is there'],
  ['-Z', 'a ruleset file says what is there'],
  ['-L', 'a ruleset file says what is there'],
  ['-A INPUT -m nosuchmatch', 'an extension that palisade does not know is kept'],
  [':Y - 5', 'restore ignores what stands behind "-"; that is no counter'],
  [':Y - [0:0]\r', 'restore overlooks the carriage return here and refuses it in the next rule'],
]);

/** Taken by iptables-nft, which drops the policy, and refused by legacy. */
const backendsDiffer: ReadonlySet<string> = new Set([':Y DROP [0:0] ', ':Y ACCEPT']);

describe.each(['nft', 'legacy'] as const)('lines that iptables-%s-restore takes or refuses', (backend) => {
  it.skipIf(!backends.includes(backend))('are taken or refused here too', () => {
    const wrap = (line: string): string =>
      `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:X - [0:0]\n-A X -j DROP\n${line}\nCOMMIT\n`;
    const name = tool(4, backend);
    const feed = lines.map(
      (line, index) =>
        `printf '%b' '${escaped(wrap(line)).replaceAll('\r', '\\r').replaceAll('\t', '\\t')}' | ${name}-restore >/dev/null 2>&1 && echo ${index}`,
    );
    const took = new Set(inNamespace(feed.join('\n'), '').stdout.split('\n').map(Number));
    const differing = lines.flatMap((line, index) => {
      const mine = parseRuleset(wrap(line), { file: 'test', family: 4 });
      return mine.ok === took.has(index) || deliberate.has(line) || backendsDiffer.has(line)
        ? []
        : [`${line}: the tool ${took.has(index) ? 'takes' : 'refuses'} it${mine.ok ? '' : `; ${mine.problems[0]?.message}`}`];
    });
    expect(differing).toEqual([]);
  });
});

it.each(backends)('iptables-%s-save prints what palisade prints, whatever bytes a comment or prefix holds', (backend) => {
  // Any byte but NUL; newlines have a test of their own.
  const bytes = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 28,
  });
  const texts = fc.sample(bytes, { numRuns: 150, seed: 7 }).map((text) => text.replace(/[\n\r]/g, '-'));
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const rules = texts.map(
    (text, index) => `-A X -m mark --mark ${index} -m comment --comment ${quoted(text)} -j LOG --log-prefix ${quoted(text)}\n`,
  );
  const saved = loaded(4, backend, `*filter\n:X - [0:0]\n${rules.join('')}COMMIT\n`);
  expect(saved).toBeDefined();
  const ruleset = parsed(saved ?? '');
  expect(printRuleset(ruleset)).toBe(saved);
  const comments = ruleset.tables[0]?.rules.map((rule) => ruleMeaning(ruleset, rule).comment);
  expect(comments).toEqual(texts.map((text) => Buffer.from(text, 'latin1').toString('utf8')));
});

it.each(backends)('iptables-%s: a comment with a line end is one rule, as in the kernel', (backend) => {
  const name = tool(4, backend);
  const comment = 'x\n-A INPUT -s 6.6.6.6 -j ACCEPT\n-A INPUT -m comment --comment "y';
  const run = inNamespace(
    `${name} -A INPUT -m comment --comment '${comment}' -j DROP && ${name} -A INPUT -j ACCEPT && ${name}-save -c`,
    '',
  );
  expect(run.status).toBe(0);
  const ruleset = parsed(run.stdout);
  expect(ruleset.tables[0]?.rules.map((rule) => [rule.number, rule.line])).toEqual([
    [1, 6],
    [2, 9],
  ]);
  expect(ruleMeaning(ruleset, ruleset.tables[0]?.rules[0] as Rule)).toMatchObject({
    comment,
    effect: { kind: 'verdict', verdict: 'DROP' },
  });
  expect(printRuleset(ruleset)).toBe(run.stdout);
});

it.each(backends)('iptables-%s: insertions end where the kernel puts them', (backend) => {
  const text = `*filter
:INPUT ACCEPT [0:0]
:X - [0:0]
-A X -s 10.0.0.1
-A X -s 10.0.0.2
-I X -s 10.0.0.3
-I X 2 -s 10.0.0.4,10.0.0.5 -d 10.1.0.1,10.1.0.2
-A X -s 10.0.0.6,10.0.0.7
-P INPUT DROP
-N Y
-A Y -j X
COMMIT
`;
  const saved = loaded(4, backend, text);
  const mine = parsed(text);
  const kernels = parsed(saved ?? '');
  const order = (ruleset: Ruleset): unknown =>
    ['INPUT', 'X', 'Y'].map((chain) => {
      const found = ruleset.tables[0]?.chains.get(chain);
      return [found?.policy, found?.rules.map((rule) => [rule.number, certainMeaning(ruleset, rule)])];
    });
  expect(order(mine)).toEqual(order(kernels));
  // And the printed form loads to the same.
  expect(loaded(4, backend, printRuleset(mine))?.replace(/^#.*$/gm, '')).toBe(saved?.replace(/^#.*$/gm, ''));
});

it.each(backends)('iptables-%s: counters of rules and chains', (backend) => {
  const text = `*filter
:INPUT ACCEPT [18446744073709551615:7]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [1:2]
:X - [0:0]
[12345678901234:98765432109876] -A INPUT -j X
[0:0] -A X -j RETURN
COMMIT
`;
  const saved = loaded(4, backend, text, '-c') ?? '';
  const ruleset = parsed(saved);
  expect(printRuleset(ruleset)).toBe(saved);
  expect(ruleset.tables[0]?.chains.get('INPUT')?.rules[0]?.counters).toEqual({
    packets: 12345678901234n,
    bytes: 98765432109876n,
  });
});

it.skipIf(!backends.includes('nft'))('iptables-nft-save: tables that it cannot show are named', () => {
  const foreign = `iptables-nft -A INPUT -j ACCEPT; iptables-nft -t nat -A OUTPUT -j RETURN
nft add set ip filter s '{ type ipv4_addr; flags interval; }'; nft add rule ip filter INPUT ip saddr @s ct count 5 drop
nft add table ip raw; nft add chain ip raw PREROUTING '{ type filter hook prerouting priority 7; policy drop; }'
iptables-nft-save`;
  const { stdout } = inNamespace(foreign, '');
  expect(stdout).toContain('*nat');
  expect([...unreadTables(stdout)].sort()).toEqual(['filter', 'raw']);
});
