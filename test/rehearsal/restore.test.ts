import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKernel, type Namespace, policyChains, restore, restoreSets } from '../../src/kernel/index.ts';
import { builtinChains } from '../../src/model/ruleset/index.ts';
import type { Result } from '../../src/result.ts';

const kernel = createKernel();
const head = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';
const natHead = '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n';
const mangleHead =
  '*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n';
const rawHead = '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';

function said(result: Result<unknown>): readonly string[] {
  if (result.ok) return ['taken'];
  return result.problems.map(({ code, at, message }) => `${code} ${at?.file}:${at?.line ?? ''} ${message}`);
}

async function saved(ns: Namespace, tool: string): Promise<string> {
  const result = await ns.run({ argv: [tool] });
  if (result.kind !== 'exited') throw new Error(result.kind);
  return result.stdout;
}

describe.each(['nft', 'legacy'] as const)('with iptables-%s', (backend) => {
  let ns: Namespace;
  beforeAll(async () => {
    ns = await kernel.namespace();
  });
  afterAll(() => ns[Symbol.asyncDispose]());
  const put = (text: string, more: object = {}): Promise<Result<void>> =>
    restore(ns, text, { family: 4, backend, file: 'f', ...more });

  it('writes what it is given, of both families', async () => {
    expect(said(await put(`${head}-A INPUT -s 192.0.2.1/32 -j DROP\nCOMMIT\n`))).toEqual(['taken']);
    expect(said(await put(`${head}-A INPUT -s 2001:db8::/32 -j DROP\nCOMMIT\n`, { family: 6 }))).toEqual(['taken']);
    expect(await saved(ns, `iptables-${backend}-save`)).toContain('-A INPUT -s 192.0.2.1/32 -j DROP');
    expect(await saved(ns, `ip6tables-${backend}-save`)).toContain('-A INPUT -s 2001:db8::/32 -j DROP');
    expect(said(await put('*filter\n-I INPUT -s 192.0.2.2 -j DROP\nCOMMIT\n', { noflush: true }))).toEqual(['taken']);
    expect((await saved(ns, `iptables-${backend}-save`)).match(/-A INPUT.*/g)).toEqual([
      '-A INPUT -s 192.0.2.2/32 -j DROP',
      '-A INPUT -s 192.0.2.1/32 -j DROP',
    ]);
  });

  // Each is an error of the real tool; what stands in quotes is the rule that is to blame, whatever line the tool named.
  it.each<[rule: string, message: string]>([
    ['-A INPUT -j NOPE', 'there is no chain or target NOPE'],
    ['-A INPUT -m set --match-set nope src -j DROP', 'there is no set nope'],
    ['-A INPUT --bogus -j DROP', 'no match or target of this rule has the option --bogus'],
    ['-A INPUT --dport 22 -j DROP', 'no match or target of this rule has the option --dport'],
    ['-A INPUT -m bogus -j DROP', 'this machine has no match bogus'],
    ['-A INPUT -s 1.2.3.400 -j DROP', '1.2.3.400 is no address of this family'],
    ['-A INPUT -s fd00::1 -j DROP', 'fd00::1 is no address of this family'],
    ['-A INPUT -p tcp --dport nosuch -j DROP', 'nosuch is no port'],
    ['-A INPUT -s', 'the option -s lacks its value'],
    ['-A INPUT -j DROP -j ACCEPT', 'the rule has more than one target'],
    ['-A INPUT -j DROP # why', 'nothing is known that # could mean here'],
    ['-A INPUT -o eth0 -j DROP', '-o cannot be used in INPUT: packets have no such interface there'],
    ['-A OUTPUT -i eth0 -j DROP', '-i cannot be used in OUTPUT: packets have no such interface there'],
    ['-A INPUT -t nat -j DROP', 'the option -t cannot stand in a ruleset'],
    ['garbage', 'nothing is known that garbage could mean here'],
    ['-A NOPE -j DROP', 'something that this rule names is not there'],
    ['-A INPUT -m rateest --rateest nope --rateest-lt --rateest-bps 10 -j DROP', 'something that this rule names is not there'],
    ['-A INPUT -m nfacct --nfacct-name nope -j ACCEPT', 'something that this rule names is not there'],
    ['-A INPUT -m cgroup --path /no-such-group -j DROP', 'the kernel refuses this rule where it stands'],
  ])('names the rule and says why: %s', async (rule, message) => {
    const text = `${head}-A INPUT -s 192.0.2.7 -j ACCEPT\n${rule}\n-A INPUT -s 192.0.2.8 -j ACCEPT\nCOMMIT\n`;
    expect(said(await put(text))).toEqual([`restore-refused f:6 ${message} ("${rule}")`]);
  });

  it.each<[what: string, text: string, line: number, message: string]>([
    [
      'DNAT in POSTROUTING',
      `${natHead}-A POSTROUTING -p tcp -j DNAT --to-destination 192.0.2.1\nCOMMIT\n`,
      6,
      'the kernel refuses',
    ],
    [
      'REJECT in PREROUTING',
      `${mangleHead}-A PREROUTING -s 9.9.9.9 -j ACCEPT\n-A PREROUTING -j REJECT\nCOMMIT\n`,
      8,
      'the kernel refuses',
    ],
    [
      'a chain that jumps to itself',
      `${head}:A - [0:0]\n-A A -s 9.9.9.9 -j DROP\n-A INPUT -j A\n-A A -j A\nCOMMIT\n`,
      8,
      'in a circle',
    ],
    [
      'a helper that is not there',
      `${rawHead}-A PREROUTING -p tcp -j CT --helper nosuch\nCOMMIT\n`,
      4,
      'something that this rule names',
    ],
    ['a table that is not there', '*nosuch\nCOMMIT\n', 1, 'this machine has no table nosuch'],
    ['a policy that is none', `${head}:U - [0:0]\n:INPUT NOPE [0:0]\nCOMMIT\n`, 6, 'a policy is ACCEPT or DROP'],
    ['a chain name of 34 bytes', `${head}:${'a'.repeat(34)} - [0:0]\nCOMMIT\n`, 5, 'is too long'],
  ])('names the line: %s', async (_what, text, line, message) => {
    const [problem] = said(await put(text));
    expect(problem).toContain(message);
    expect(problem).toContain(`f:${line} `);
  });

  it('finds the one rule of 500 that closes a circle, and the one that deletes nothing', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `-A A -s 10.0.${index >> 8}.${index & 255}/32 -j DROP`);
    many[321] = '-A A -j B';
    const text = `${head}:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A B -j A\n${many.join('\n')}\nCOMMIT\n`;
    expect(said(await put(text))[0]).toMatch(/^restore-refused f:330 .*in a circle.*\("-A A -j B"\)$/);
    const absent = '*filter\n-A INPUT -j DROP\n-D INPUT -s 192.0.2.99 -j DROP\nCOMMIT\n';
    expect(said(await put(absent, { noflush: true }))[0]).toMatch(
      backend === 'nft' ? /f:3 there is no such rule to delete/ : /f:3 .*\("-D INPUT -s 192.0.2.99 -j DROP"\)/,
    );
  });

  it('keeps the table as it was when a rule of it is refused', async () => {
    await put(`${head}-A INPUT -s 192.0.2.55/32 -j DROP\nCOMMIT\n`);
    const before = (await saved(ns, `iptables-${backend}-save`)).replace(/^#.*\n/gm, '');
    for (const rule of ['-A INPUT -j A', '-A INPUT -j NOPE']) {
      expect((await put(`${head}:A - [0:0]\n-A A -j A\n${rule}\nCOMMIT\n`)).ok).toBe(false);
      expect((await saved(ns, `iptables-${backend}-save`)).replace(/^#.*\n/gm, '')).toBe(before);
    }
  });

  it('writes filter before nat, so that nothing is forwarded by old rules to new places', async () => {
    await using fresh = await kernel.namespace();
    const text = `${natHead}COMMIT\n${head}-A INPUT -j NOPE\nCOMMIT\n`;
    expect((await restore(fresh, text, { family: 4, backend })).ok).toBe(false);
    expect(await saved(fresh, `iptables-${backend}-save`)).not.toContain('*nat');
  });
});

it('writes 3,000 rules in pieces where the kernel takes no more at once, as in a user namespace', {
  timeout: 120_000,
}, async () => {
  const index = new URL('../../src/kernel/index.ts', import.meta.url).href;
  const program = `
    const { canonical, createKernel } = await import(${JSON.stringify(index)});
    const rules = Array.from({ length: 3000 }, (_, n) => '-A A -s 10.' + (n >> 8) + '.' + (n & 255) + '.1/32 -p tcp -m tcp --dport ' + (n + 1) + ' -j B');
    const head = ${JSON.stringify(head)} + ':A - [0:0]\\n:B - [0:0]\\n';
    const printed = await canonical(createKernel(), { backend: 'nft', rulesets: { 4: head + rules.join('\\n') + '\\nCOMMIT\\n' } });
    const found = printed.ok ? printed.value[4].match(/^-A .*/gm) : printed.problems;
    console.log(JSON.stringify(found) === JSON.stringify(rules) || found);
  `;
  // Root of a user namespace lacks the host's CAP_NET_ADMIN, which lets the buffer grow.
  const argv = ['unshare', '-rn', process.execPath, '--no-warnings', '--input-type=module', '-e', program] as const;
  const result = await kernel.run({ argv, timeoutMs: 100_000 });
  expect(result).toMatchObject({ kind: 'exited', stdout: 'true\n' });
});

describe('before anything is written', () => {
  let ns: Namespace;
  beforeAll(async () => {
    ns = await kernel.namespace();
  });
  afterAll(() => ns[Symbol.asyncDispose]());

  const secret = '-A INPUT -s 198.51.100.66 -j ACCEPT';
  it.each<[what: string, text: string, problem: string]>([
    [
      'a comment that smuggles in a rule behind a newline',
      `${head}-A INPUT -m comment --comment "x\n${secret}\n-A INPUT -m comment --comment "y" -j DROP\nCOMMIT\n`,
      'restore-unsafe f:5 a quote is open at the end of this line',
    ],
    ['a carriage return', `${head}${secret}\r\nCOMMIT\n`, 'restore-unsafe f:5 a control character stands in this line'],
    [
      'a NUL',
      `${head}-A INPUT -m comment --comment "a\0b" -j DROP\nCOMMIT\n`,
      'restore-unsafe f:5 a control character stands in this line',
    ],
    [
      'an escape',
      `${head}-A INPUT -j LOG --log-prefix "\x1b[2J"\nCOMMIT\n`,
      'restore-unsafe f:5 a control character stands in this line',
    ],
    // Written as bytes, the letter would be a newline.
    [
      'a letter whose low byte is a newline',
      `${head}-A INPUT -m comment --comment "\u010a${secret}" -j DROP\nCOMMIT\n`,
      'restore-unsafe f:5 this line holds a character that is no byte',
    ],
    [
      'a line that restore would cut in two',
      `${head}-A INPUT -s 192.0.2.1${' '.repeat(10239 - 21)}${secret}\nCOMMIT\n`,
      'restore-unsafe f:5 this line has 10274 bytes, and iptables-restore would take the rest of it for another',
    ],
    [
      'a program to run',
      `${head}-A INPUT --modprobe=/bin/true -m bogus -j DROP\nCOMMIT\n`,
      'restore-unsafe f:5 this line names a program for the tool to run',
    ],
    [
      'a policy left out',
      '*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
      'restore-unsafe f:1 the table filter does not say the policy of FORWARD, and iptables-nft-restore would set it to ACCEPT',
    ],
    ['a table cut off', `${head}-A INPUT -j DROP\n`, 'ruleset-truncated f:1 the table filter is not committed'],
    ['a rule in no table', `-A INPUT -j DROP\n`, 'ruleset-syntax f:1 this line stands in no table'],
  ])('refuses %s', async (_what, text, problem) => {
    expect(said(await restore(ns, text, { family: 4, backend: 'nft', file: 'f' }))).toEqual([problem]);
    expect(await saved(ns, 'iptables-nft-save')).toBe('');
  });

  it('refuses our own network, one that is gone and none at all', async () => {
    const gone = await kernel.namespace();
    await gone[Symbol.asyncDispose]();
    const text = `${head}COMMIT\n`;
    const options = { family: 4, backend: 'nft' } as const;
    const own = { ...ns, pid: process.pid };
    expect(said(await restore(own, text, options))[0]).toContain('not written into the network that palisade runs in');
    expect(said(await restore(gone, text, options))[0]).toContain('the namespace to write into is gone');
    expect(said(await restore(undefined as unknown as Namespace, text, options))[0]).toContain('none is given');
    expect(said(await restoreSets(own, 'create a hash:ip\n'))[0]).toContain('not written into the network that palisade runs in');
  });

  it('knows the chains that have policies as the model does', () => {
    expect(policyChains).toEqual(builtinChains);
  });
});

describe('sets', () => {
  it.each<[what: string, text: string, problem: string]>([
    ['a member twice', 'create a hash:ip\nadd a 192.0.2.1\nadd a 192.0.2.1\n', 'f:3 this member is in the set already'],
    ['a type that is none', 'create a hash:ipp\n', 'f:1 hash:ipp is no type of sets'],
    ['another family', 'create a hash:ip\nadd a fd00::1\n', 'f:2 fd00::1 is no member of such a set'],
    ['no such set', 'add zz 192.0.2.1\n', 'f:1 this set is not created'],
    ['a length of 0', 'create a hash:net\nadd a 0.0.0.0/0\n', 'f:2 the prefix length is not one that the set takes'],
    ['too many', 'create a hash:ip maxelem 1\nadd a 192.0.2.1\nadd a 192.0.2.2\n', 'f:3 the set is full'],
    [
      'a control character',
      'create a hash:ip comment\nadd a 192.0.2.1 comment "x\x07"\n',
      'f:2 a control character stands in this line',
    ],
  ])('says in which line and why: %s', async (_what, text, problem) => {
    await using ns = await kernel.namespace();
    expect(said(await restoreSets(ns, text, 'f'))[0]).toContain(problem);
  });
});
