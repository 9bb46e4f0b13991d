import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack, readBody, type SnapshotBody, type SnapshotMeta } from '../../../src/change/snapshots/index.ts';
import type { TextRead } from '../../../src/model/host/index.ts';
import { type Backend, kernel, tool } from '../changing.fixture.ts';
import { joined } from '../faults/joined.ts';
import { waits } from '../faults/judge.ts';
import { makePlace, type Place, type Said } from '../faults/place.ts';
import { session } from '../faults/sessions.ts';
import type { Trial } from '../faults/trial.ts';
import { seen, unlike } from './seen.ts';

/** What stands there, and must stand there afterwards. */
const standing = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m set --match-set office src -j ACCEPT
COMMIT
`;
const sets = 'create office hash:net\nadd office 192.0.2.0/24\n';

const meta: SnapshotMeta = {
  at: 1_700_000_000_000,
  number: 7,
  reason: 'created',
  tag: null,
  host: 'elsewhere',
  kernel: '6.1.0',
  counts: { rules4: 1, rules6: 0, sets: 0, members: 0 },
  state: '0'.repeat(64),
  unproved: null,
};

/** Another host than the one that stands there. */
const another = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
[0:0] -A INPUT -i lo -j ACCEPT
COMMIT
`;

type Part = 'rules4' | 'rules6' | 'sets';

/** A whole and honest file that holds what no host of this kind ever printed. */
function crafted(body: SnapshotBody, backend: Backend, parts: Partial<Record<Part, string>>): Buffer {
  const said = (text: string | undefined): TextRead =>
    text === undefined
      ? { read: false, why: 'unused', tool: 'iptables', detail: 'nothing is there' }
      : { read: true, text, command: 'iptables-save -c', warnings: '' };
  const texts = {
    ...body.texts.texts,
    nftChains: said(undefined),
    nftRules4: said(undefined),
    nftRules6: said(undefined),
    nftSave4: said(undefined),
    nftSave6: said(undefined),
    legacySave4: said(undefined),
    legacySave6: said(undefined),
    [`${backend}Save4`]: said(parts.rules4 ?? another),
    [`${backend}Save6`]: said(parts.rules6),
    ipsets: parts.sets === undefined ? body.texts.texts.ipsets : said(parts.sets),
  };
  return pack({ ...body, texts: { ...body.texts, texts }, meta }, null).bytes;
}

interface Bad {
  readonly does: string;
  readonly exit: 2 | 3 | 4;
  readonly says: RegExp;
  readonly bytes: (body: SnapshotBody, backend: Backend) => Buffer;
}

const rulesOf = (line: string): string => another.replace('COMMIT', `${line}\nCOMMIT`);
const of = (does: string, says: RegExp, parts: Partial<Record<Part, string>>): Bad => ({
  does,
  exit: 4,
  says,
  bytes: (body, backend) => crafted(body, backend, parts),
});

const bad: readonly Bad[] = [
  { does: 'an empty file', exit: 2, says: /it is empty/, bytes: () => Buffer.alloc(0) },
  { does: 'a file of rules', exit: 2, says: /no snapshot/, bytes: () => Buffer.from(another) },
  {
    does: 'a file that is cut off',
    exit: 2,
    says: /changed or cut off/,
    bytes: (body, backend) => crafted(body, backend, {}).subarray(0, -20),
  },
  {
    does: 'a file with another bit',
    exit: 2,
    says: /changed or cut off/,
    bytes(body, backend) {
      const bytes = Buffer.from(crafted(body, backend, {}));
      bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 4;
      return bytes;
    },
  },
  of('a table that says nothing, and would wipe every rule', /does not say the policies of INPUT/, {
    rules4: '*filter\nCOMMIT\n',
  }),
  of('a table without one of its policies', /does not say the policy of FORWARD/, {
    rules4: another.replace(/^:FORWARD.*\n/m, ''),
  }),
  of('a table that is not committed', /is not committed/, { rules4: another.replace('COMMIT\n', '') }),
  of('rules of the other family', /no IPv4 address|no address of this family/, {
    rules4: rulesOf('[0:0] -A INPUT -s 2001:db8::/32 -j ACCEPT'),
  }),
  of('a match that this kernel does not have', /line 6.*no match nosuch|:6: .*no match nosuch/, {
    rules4: rulesOf('[0:0] -A INPUT -m nosuch -j ACCEPT'),
  }),
  of('a table that no kernel has', /no table nosuch|nosuch/, { rules4: `${another}*nosuch\n:INPUT ACCEPT [0:0]\nCOMMIT\n` }),
  of('a rule within the comment of another', /a quote is open/, {
    rules4: rulesOf(
      '[0:0] -A INPUT -m comment --comment "x\n-A INPUT -s 203.0.113.66/32 -j ACCEPT\n-A INPUT -m comment --comment "y" -j DROP',
    ),
  }),
  of('a control character', /a control character/, { rules4: rulesOf('[0:0] -A INPUT -m comment --comment "a\u001bb" -j DROP') }),
  of('a program to be run', /names a program/, { rules4: rulesOf('[0:0] -A INPUT -M /bin/sh -j DROP') }),
  of('a set that is not there', /no set nowhere/, { rules4: rulesOf('[0:0] -A INPUT -m set --match-set nowhere src -j DROP') }),
  of('a line of sets that takes others away', /none that ipset save prints/, { sets: `${sets}destroy office\n` }),
  of('a member of a set that is not made', /members before it is made/, { sets: 'add office 192.0.2.1\n' }),
  of('a set of a type that nobody knows', /nosuch/, {
    sets: 'create office hash:net family inet hashsize 1024 maxelem 65536\ncreate odd hash:nosuch\n',
  }),
  of('a rule within the comment of a member', /a quote is open|none that ipset save prints/, {
    sets: 'create office hash:ip comment\nadd office 192.0.2.1 comment "x\nadd office 0.0.0.0/0 comment "y"\n',
  }),
];

async function stand(backend: Backend): Promise<Place> {
  const place = await makePlace(backend, {}, true);
  await tool(place.ns, ['ipset', 'restore'], sets);
  await tool(place.ns, [`iptables-${backend}-restore`], standing);
  return place;
}

const restore = (place: Place, named: string, more: object = {}): Promise<Said> =>
  place.run('backup', { input: { what: 'restore', names: [named], backend: undefined, ...more } });

/** One clear line, the right exit code, and everything as it was. */
async function judge(
  place: Place,
  act: () => Promise<Said>,
  { exit, says }: Pick<Bad, 'exit' | 'says'>,
): Promise<readonly string[]> {
  const before = await seen(place.ns);
  const said = await act();
  const wrong = [...unlike(before, await seen(place.ns), null)];
  if (said.exit !== exit || !says.test(said.text)) wrong.push(`it ended with ${said.exit}: ${said.text}`);
  if (said.text.trim().split('\n').length !== 1) wrong.push(`not one line is said: ${said.text}`);
  return wrong;
}

/** All that cannot be a host, in one place: nothing of it becomes one. */
async function refuses(backend: Backend): Promise<readonly string[]> {
  await using place = await stand(backend);
  const body = await readBody({ kernel, namespace: place.ns }, null);
  const wrong: string[] = [];
  for (const one of bad) {
    const file = join(place.folder, 'bad.snapshot');
    writeFileSync(file, one.bytes(body, backend), { mode: 0o600 });
    wrong.push(...(await judge(place, () => restore(place, file), one)).map((why) => `${one.does}: ${why}`));
  }
  return wrong;
}

/** A snapshot of rules of nft on a host whose rules are legacy, and the other way round. */
async function otherBackend(backend: Backend): Promise<readonly string[]> {
  await using place = await stand(backend);
  const body = await readBody({ kernel, namespace: place.ns }, null);
  const other = backend === 'nft' ? 'legacy' : 'nft';
  const file = join(place.folder, 'other.snapshot');
  writeFileSync(
    file,
    crafted(body, other, {
      rules4: rulesOf('[3:120] -A INPUT -p tcp -m tcp --dport 443 -m set --match-set office src -j ACCEPT'),
    }),
    { mode: 0o600 },
  );
  const wrong = [
    ...(await judge(place, () => restore(place, file), {
      exit: 4,
      says: new RegExp(`rules of iptables-${other}, and those of this host are in iptables-${backend}`),
    })),
  ];
  const there = await restore(place, file, { backend });
  const now = await seen(place.ns);
  if (there.exit !== 0 || !now.rules.includes('[3:120] -A INPUT -p tcp -m tcp --dport 443'))
    wrong.push(`loaded here: ${there.exit} ${there.text}`);
  if (!now.rules.includes(`# iptables-${other}\n# ip6tables-${other}`)) wrong.push(`the other backend has rules: ${now.rules}`);
  const back = await restore(place, file, { backend: other });
  const last = await seen(place.ns);
  if (back.exit !== 0 || !last.rules.includes(`# iptables-${backend}\n# ip6tables-${backend}`))
    wrong.push(`put where they were: ${back.exit} ${back.text}\n${last.rules}`);
  return wrong;
}

/** What stands there cannot be put back: then nothing is taken away. */
async function cannotGoBack(backend: Backend): Promise<readonly string[]> {
  await using place = await stand(backend);
  const body = await readBody({ kernel, namespace: place.ns }, null);
  const file = join(place.folder, 'another.snapshot');
  writeFileSync(file, crafted(body, backend, {}), { mode: 0o600 });
  await tool(place.ns, [`iptables-${backend}`, '-A', 'INPUT', '-m', 'comment', '--comment', 'two\nlines', '-j', 'DROP']);
  const wrong = [...(await judge(place, () => restore(place, file), { exit: 4, says: /a quote is open/ }))];
  await tool(place.ns, [`iptables-${backend}`, '-D', 'INPUT', '3']);
  if (backend === 'nft') {
    await tool(place.ns, ['nft', 'add', 'set', 'ip', 'filter', 'mine', '{ type ipv4_addr; }']);
    wrong.push(...(await judge(place, () => restore(place, file), { exit: 4, says: /nft has made sets of its own/ })));
  }
  return wrong;
}

/** Links in the place of files and folders, and a change that waits. */
async function inTheWay(backend: Backend): Promise<readonly string[]> {
  await using place = await stand(backend);
  const body = await readBody({ kernel, namespace: place.ns }, null);
  const file = join(place.folder, 'another.snapshot');
  writeFileSync(file, crafted(body, backend, {}), { mode: 0o600 });
  symlinkSync(file, join(place.folder, 'link.snapshot'));
  const wrong = [
    ...(await judge(place, () => restore(place, join(place.folder, 'link.snapshot')), { exit: 2, says: /it is a link/ })),
  ];
  const taken = await place.run('backup', { input: { what: 'create', names: [], tag: 'kept' } });
  if (taken.exit !== 0) wrong.push(taken.text);
  const [backups, moved] = [join(place.state, 'backups'), join(place.folder, 'moved')];
  renameSync(backups, moved);
  symlinkSync(moved, backups);
  wrong.push(...(await judge(place, () => restore(place, 'kept'), { exit: 2, says: /the folder of the snapshots/ })));
  renameSync(backups, `${backups}.link`);
  renameSync(moved, backups);
  mkdirSync(join(place.folder, 'open'), { mode: 0o777 });
  const waiting = place.run('backup', { waits: 60, input: { what: 'restore', names: [file] } });
  if (!(await waits(place))) return [...wrong, `it does not wait: ${(await waiting).text}`];
  wrong.push(...(await judge(place, () => restore(place, 'kept'), { exit: 4, says: /another change waits/ })));
  const undone = await place.run('rollback');
  const ended = await waiting;
  if (undone.exit !== 0 || ended.exit !== 4) wrong.push(`undone: ${undone.exit} ${undone.text}, ${ended.exit} ${ended.text}`);
  return wrong;
}

/** Whoever manages the host now would not come in again. */
async function locksOut(backend: Backend): Promise<readonly string[]> {
  await using here = await joined(backend, true);
  const { place } = here;
  await tool(place.ns, [`iptables-${backend}`, '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT']);
  const body = await readBody({ kernel, namespace: place.ns }, null);
  const file = join(place.folder, 'another.snapshot');
  writeFileSync(file, crafted(body, backend, {}), { mode: 0o600 });
  const { server, peer } = await session(here, 4, 22);
  const wrong = await judge(place, () => restore(place, file), { exit: 4, says: /192\.0\.2\.2/ });
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  return wrong;
}

/** Input that cannot be, or that must not become the host: said in one line, and nothing is changed. */
export function inputTrials(backend: Backend): readonly Trial[] {
  return [
    { does: `${bad.length} files and texts that no host printed`, quick: backend === 'legacy', judge: () => refuses(backend) },
    { does: 'a snapshot of the other backend', judge: () => otherBackend(backend) },
    { does: 'rules that could not be put back stand there', judge: () => cannotGoBack(backend) },
    { does: 'links, and a change that waits', judge: () => inTheWay(backend) },
    { does: 'it would lock out whoever manages the host', judge: () => locksOut(backend) },
  ];
}
