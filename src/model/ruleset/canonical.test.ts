import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Family } from '../net/index.ts';
import { canonicalText } from './canonical.ts';
import type { Backend } from './extension.ts';
import { matches, targets } from './extensions/index.ts';
import { generatedSamples, type Sample } from './generated.fixture.ts';
import { parseRuleset, type Rule } from './index.ts';

/** Rules made from the extensions' own objects, against the real iptables: what it takes, and how it prints it. */
const folder = mkdtempSync(join(tmpdir(), 'palisade-canonical-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const backends: readonly Backend[] = (['nft', 'legacy'] as const).filter((backend) =>
  existsSync(`/usr/sbin/iptables-${backend}-save`),
);

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function inNamespace(script: string): string {
  const run = spawnSync('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', script], {
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock') },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error !== undefined) throw run.error;
  return run.stdout;
}

const sets = (family: Family): string =>
  ['hosts%s hash:ip %f counters skbinfo timeout 0']
    .map((set) => `ipset create ${set.replace('%s', family === 4 ? '' : '6').replace('%f', family === 4 ? '' : 'family inet6')}`)
    .join('; ');

function chainOf(sample: Sample, index: number): string {
  return sample.hook ?? `X${index}`;
}

/** A whole restore that holds the samples. */
function restoreText(samples: readonly { readonly sample: Sample; readonly index: number }[]): string {
  const tables = new Map<string, string[]>();
  for (const { sample, index } of samples) {
    const lines = tables.get(sample.table) ?? [];
    const chain = chainOf(sample, index);
    if (sample.hook === null) lines.unshift(`:${chain} - [0:0]`);
    lines.push(`-A ${chain} ${markedBy(sample, index)}`);
    tables.set(sample.table, lines);
  }
  // The rateest match wants estimators that are there.
  if (samples.some(({ sample }) => sample.extension === 'rateest'))
    tables
      .get('filter')
      ?.unshift(
        ':EST - [0:0]',
        ...['web', 'ssh.1', 'a-b_c', 'x'.repeat(15)].map(
          (name) => `-A EST -j RATEEST --rateest-name ${name} --rateest-interval 250ms --rateest-ewmalog 500ms`,
        ),
      );
  return [...tables].map(([table, lines]) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`).join('');
}

/** Rules in a built-in chain are told apart by their source. */
function markedBy(sample: Sample, index: number): string {
  if (sample.hook === null) return sample.text;
  const address = sample.family === 4 ? `10.${index >> 8}.${index & 255}.1/32` : `2001:db8::${index.toString(16)}/128`;
  return `-s ${address} ${sample.text}`;
}

/** Extensions whose names belong to one rule of a kind: each rule is tried alone. */
const loners: ReadonlySet<string> = new Set(['RATEEST', 'IDLETIMER']);

interface Numbered {
  readonly sample: Sample;
  readonly index: number;
}

/** The samples that the tool takes, each with the line that it prints. */
function savedBy(backend: Backend, family: Family, all: readonly Numbered[]): Map<number, string> {
  const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
  const saved = new Map<number, string>();
  const pending: (readonly Numbered[])[] = [];
  // What is missing here is missing for all rules of an extension: a few tries will do.
  const tries = new Map<string, number>();
  const isTried = ({ sample }: Numbered): boolean => {
    if (!isAmong(missingHere, sample)) return true;
    const before = tries.get(sample.extension) ?? 0;
    tries.set(sample.extension, before + 1);
    return before < 3;
  };
  const tried = all.filter(isTried);
  const crowd = tried.filter(({ sample }) => !loners.has(sample.extension) && !isAmong(missingHere, sample));
  for (let at = 0; at < crowd.length; at += 400) pending.push(crowd.slice(at, at + 400));
  for (const one of tried) if (!crowd.includes(one)) pending.push([one]);
  for (let batch = pending.pop(); batch !== undefined; batch = pending.pop()) {
    const file = join(folder, 'rules');
    const text = restoreText(batch);
    writeFileSync(file, text, 'latin1');
    const printed = inNamespace(`${sets(family)}; ${tool}-restore < ${file} 2>&1 && echo '# took' && ${tool}-save`);
    if (printed.includes('# took')) {
      collect(printed, batch, saved);
      continue;
    }
    // The line at fault, where the tool names it; else halves.
    const line = /(?:occurred at line: |\nline )(\d+)/.exec(printed)?.[1];
    const words = line === undefined ? undefined : text.split('\n')[Number(line) - 1];
    const faulty =
      batch.length === 1
        ? undefined
        : batch.find(({ sample, index }) => words === `-A ${chainOf(sample, index)} ${markedBy(sample, index)}`);
    if (faulty !== undefined) {
      pending.push(batch.filter((one) => one !== faulty));
      // Names that two rules share may be at fault: alone it may be taken.
      if (!isAmong(refusedHere, faulty.sample)) pending.push([faulty]);
    } else if (batch.length > 1) {
      const half = batch.length >> 1;
      pending.push(batch.slice(0, half), batch.slice(half));
    }
  }
  return saved;
}

function collect(printed: string, batch: readonly Numbered[], saved: Map<number, string>): void {
  const byText = new Map<string, number>();
  for (const { sample, index } of batch) {
    byText.set(sample.hook === null ? `X${index}` : (markedBy(sample, index).split(' ')[1] ?? ''), index);
  }
  for (const line of printed.split('\n')) {
    if (!line.startsWith('-A ')) continue;
    const words = line.split(' ');
    const index = byText.get(words[1] ?? '') ?? byText.get(words[3] ?? '');
    if (index !== undefined) saved.set(index, line);
  }
}

function mine(sample: Sample, index: number, backend: Backend): string | { readonly refused: string } {
  const text = restoreText([{ sample, index }]);
  const read = parseRuleset(text, { file: 'test', family: sample.family });
  if (!read.ok) return { refused: read.problems[0]?.message ?? '' };
  return canonicalText(read.value, read.value.tables[0]?.rules.at(-1) as Rule, backend);
}

/** Rules that need what the kernel or the host lacks here. */
const missingHere: readonly (readonly [rule: RegExp, reason: string])[] = [
  [/-j (CLUSTERIP|ULOG|LED)\b|-m ipvs\b/, 'a kernel module that not every kernel has'],
  [
    /-m nfacct\b|-j SECMARK\b|--object-pinned\b|-m cgroup .*--path\b|-j CT .*--(helper|timeout)\b/,
    'names an object that is not there',
  ],
  [/-p tcp -m osf\b/, 'the kernel knows systems by their IPv4 packets only'],
];

/** Rules that the real tools refuse here though palisade reads them, each with its reason. */
const refusedHere: readonly (readonly [rule: RegExp, reason: string])[] = [
  ...missingHere,
  [/--icmpv6-type mld-/, 'a name of later versions of iptables'],
  [
    /-m limit .*(\/d\b|--limit-burst (0|1|0x))|-m hashlimit .*\d\/d\b/,
    'so slow a rate that the sum of its credits overflows, which hangs on the kernel and the backend',
  ],
  [/! (-s|-d|--src|--dst|--source|--destination) (0\/0|::\/0)( |$)/, 'no packet meets it, and iptables-nft says so'],
  [/-j IDLETIMER\b/, 'the timers of a namespace that is gone keep their labels for a while'],
  [/-m cluster .*--cluster-total-nodes (32|0x20)\b/, 'iptables shifts 32 bits by 32'],
];

/** Values that iptables cuts, wraps or overlooks without a word; palisade refuses what would come to mean something else. */
const takenByIptables: readonly (readonly [rule: RegExp, what: string])[] = [
  [/--(ct(orig|repl)(src|dst)port|[sd]port|on-port) ("|\S*65536)/, 'a port above 65535 loses its high bits, none is 0'],
  [/--(ctorig|ctrepl)(src|dst) |--to 10\.0\.0\.0\/33|-mask 33|-prefix 33/, 'a mask that is too long'],
  [/ srcdst/, 'a direction with something behind it'],
  [/--label z|--oif z|--hashlimit-name z/, 'a name that is too long is cut'],
  [/--(wscale|mss|set-mss) /, 'a number too large for its field'],
  [
    /--(chunk-types|dccp-types|weekdays|hashlimit-mode) .*""|--tcp-flags|--weekdays 8|--monthdays (0|1,,2)|--monthdays ""/,
    'an empty part of a list',
  ],
  [/--hashlimit-rate-interval 1x|--(dst|hbh)-opts /, 'a number with something behind it, or too large'],
];

/** Lines of iptables-save that say something else when they are read again, or nothing at all. */
const lostBySaving: readonly (readonly [rule: RegExp, what: string])[] = [
  [/--rateest-bps.*--rateest-pps|--rateest-pps.*--rateest-bps/, 'the comparison is saved twice'],
  [/--ipcompspi (0:4294967295|:)( |$)/, 'every SPI is saved as none, which reads as SPI 0'],
  [/-m recent .*--seconds (4294967295|0xffffffff|020000000000)\b/, 'saved with a sign, which iptables refuses'],
];

/** Saved with less than the kernel holds. */
const misprinted: readonly (readonly [rule: RegExp, what: string])[] = [
  [/-j CT .*--timeout\b/, "the policy's name loses its last letter"],
];

function isAmong(list: readonly (readonly [rule: RegExp, reason: string])[], sample: Sample): boolean {
  return list.some(([rule]) => rule.test(sample.text));
}

describe.each([4, 6] as const)('rules made from every extension of IPv%s', (family) => {
  const samples = generatedSamples(family, seeded(7 + family), 6).map((sample, index) => ({ sample, index }));

  it('has a type for every value of every option', () => {
    const untyped = [...matches, ...targets].flatMap(({ name, options }) =>
      options.flatMap((option) => (option.types.length === option.arity ? [] : [`${name} ${option.name}`])),
    );
    expect(untyped).toEqual([]);
  });

  it.each(backends)(
    'iptables-%s takes and prints them as palisade says',
    (backend) => {
      const read = samples.map(({ sample, index }) => mine(sample, index, backend));
      const readable = samples.filter(({ index }) => typeof read[index] === 'string');
      const saved = savedBy(backend, family, readable);
      const found: string[] = [];
      for (const { sample, index } of readable) {
        const tools = saved.get(index);
        if (tools === undefined) {
          if (!isAmong(refusedHere, sample)) found.push(`refused: ${sample.text}`);
          continue;
        }
        const own = read[index];
        if (tools !== own && !isAmong(misprinted, sample))
          found.push(`printed: ${sample.text}\n  ${tools}\n  ${JSON.stringify(own)}`);
        const again = readAgain(sample, tools, backend);
        if (again !== tools && !isAmong(lostBySaving, sample)) found.push(`read again: ${sample.text}\n  ${tools}\n  ${again}`);
      }
      expect(found).toEqual([]);
      // Some modules are missing on some kernels, never most.
      expect(saved.size).toBeGreaterThanOrEqual(2500);
    },
    120_000,
  );

  it.each(backends)(
    'iptables-%s refuses what palisade refuses',
    (backend) => {
      // One by one, which takes long: every fourth, the same ones each time.
      const refused = samples
        .filter(({ sample, index }) => typeof mine(sample, index, backend) !== 'string')
        .filter((_, at) => at % 4 === 0);
      expect(refused.length).toBeGreaterThan(200);
      const taken = takenOneByOne(backend, family, refused);
      const found = refused.filter(({ sample, index }) => taken.has(index) && !isAmong(takenByIptables, sample));
      expect(found.map(({ sample, index }) => [sample.text, mine(sample, index, backend)])).toEqual([]);
    },
    120_000,
  );
});

it('keeps what iptables-save printed though no type of palisade takes it', () => {
  const rules = [
    '-A INPUT -m devgroup --src-group guests -j DROP',
    '-A INPUT -m connlabel --label "seen" -j DROP',
    '-A INPUT -m recent --rcheck --seconds -1 --name DEFAULT --mask 255.255.255.255 --rsource',
  ];
  const table = `*filter\n:INPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`;
  expect(parseRuleset(table, { file: 'test', family: 4 })).toMatchObject({ ok: false });
  const read = parseRuleset(`# Generated by iptables-save v1.8.9 (nf_tables)\n${table}`, { file: 'test' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const ruleset = read.value;
  expect(ruleset.tables[0]?.rules.map((rule) => canonicalText(ruleset, rule, 'nft'))).toEqual(rules);
});

/** What palisade makes of a line that the tool printed. */
function readAgain(sample: Sample, line: string, backend: Backend): string {
  const chain = line.split(' ')[1] ?? '';
  const text = `*${sample.table}\n${sample.hook === null ? `:${chain} - [0:0]\n` : ''}${line}\nCOMMIT\n`;
  const read = parseRuleset(text, { file: 'test', family: sample.family });
  return read.ok ? canonicalText(read.value, read.value.tables[0]?.rules[0] as Rule, backend) : (read.problems[0]?.message ?? '');
}

function takenOneByOne(backend: Backend, family: Family, all: readonly Numbered[]): ReadonlySet<number> {
  const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
  for (const { sample, index } of all) writeFileSync(join(folder, String(index)), restoreText([{ sample, index }]), 'latin1');
  const numbers = all.map(({ index }) => index).join(' ');
  const out = inNamespace(
    `${sets(family)}; cd ${folder}; for f in ${numbers}; do ${tool}-restore -n < $f >/dev/null 2>&1 && echo $f; done`,
  );
  return new Set(
    out
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
}
