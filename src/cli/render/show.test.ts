import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKernel } from '../../kernel/index.ts';
import { defaultSettings } from '../../verbs/config/index.ts';
import { type Context, type Outcome, verbs } from '../../verbs/index.ts';
import { whole } from './show.ts';

/** `show --script` from the file to what is drawn. */
const folder = join(import.meta.dirname, '../../../testdata/scripts');
const rulesets = join(import.meta.dirname, '../../../testdata/rulesets');
const show = verbs.find(({ name }) => name === 'show');
if (show === undefined) throw new Error('there is no verb show');

const context: Context = {
  clock: { now: () => 1_800_000_000_000 },
  kernel: createKernel({
    run: async () => {
      throw new Error('a script asks no program anything');
    },
  }),
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  progress: () => undefined,
  part: async () => undefined,
  signal: new AbortController().signal,
  serve: async () => {
    throw new Error('nothing is served');
  },
  stdin: async () => Buffer.from('iptables -P INPUT DROP\n'),
  env: {},
  stateFolder: '/nonexistent',
  policyFile: '/nonexistent/policy.yaml',
  settings: defaultSettings,
};

async function shown(flags: Readonly<Record<string, unknown>>): Promise<Outcome<Parameters<typeof whole>[0]>> {
  const input = (show as NonNullable<typeof show>).input.parse(flags);
  return (await (show as NonNullable<typeof show>).run(context, input)) as Outcome<Parameters<typeof whole>[0]>;
}

async function drawn(flags: Readonly<Record<string, unknown>>): Promise<{ readonly kind: string; readonly text: string }> {
  const outcome = await shown(flags);
  if (!('value' in outcome) || outcome.value === null) return { kind: outcome.kind, text: '' };
  const text = whole(outcome.value, { columns: null, paint: (_, one) => one });
  return { kind: outcome.kind, text: typeof text === 'string' ? text : Buffer.from(text).toString('latin1') };
}

describe('show --script', () => {
  test('draws the rules that a guide leaves', async () => {
    const { kind, text } = await drawn({ script: join(folder, 'guide.sh') });
    expect(kind).toBe('done');
    expect(text).toContain('filter INPUT, policy DROP');
    expect(text).toContain('8  -p tcp --dport 22 -j DROP\n');
    expect(text).not.toContain('IPv6');
  });

  test('--json says each command, and each rule the line that made it', async () => {
    const outcome = await shown({ script: join(folder, 'guide.sh') });
    const value = 'value' in outcome ? outcome.value : null;
    expect(value?.steps?.[3]).toEqual({
      line: 5,
      command: 'sudo iptables -A INPUT -p tcp --dport 22 -j ACCEPT',
      about: 'rules',
      ok: true,
      outcome: 'done',
      expected: false,
      rules: { 4: 1, 6: 0 },
    });
    expect(value?.families[0]?.tables[0]?.chains[0]?.rules.map(({ line }) => line)).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    expect(show?.output.safeParse(value).success).toBe(true);
  });

  test('a command that iptables would refuse is a find', async () => {
    const { kind, text } = await drawn({ script: join(folder, 'chains.sh') });
    expect(kind).toBe('found');
    expect(text).toContain(
      'REFUSED  line 3, iptables -N a: chain a is there already; leave the line out, or flush the chain instead\n',
    );
  });

  test('one that the script reckons with is none', async () => {
    const { kind, text } = await drawn({ script: join(folder, 'heads.sh') });
    expect(kind).toBe('found');
    expect(text).not.toContain('reckons');
    const looking = await drawn({ script: join(folder, 'looking.sh') });
    expect(looking.text).toContain(
      'iptables -nL other >/dev/null 2>&1: table filter has no chain other; create it first, with -N; the script reckons with that\n',
    );
  });

  test('what is not understood is unknown, and then there is no text to save', async () => {
    const { kind, text } = await drawn({ script: join(folder, 'not-understood.sh') });
    expect(kind).toBe('unknown');
    expect(text).toContain('UNKNOWN  line 5, iptables -A INPUT -s $ADDRESS: what $ADDRESS stands for is not known;');
    expect(text).toContain('ALSO  passed over: ');
    expect(text).toContain(', 1 of them of ipset;');
    expect(await shown({ script: join(folder, 'not-understood.sh'), save: true })).toMatchObject({
      kind: 'unread',
      problems: { length: 14 },
    });
  });

  test('--save prints the texts that are left, --ruleset is where it begins', async () => {
    const saved = await drawn({ script: '-', save: true, ruleset: [join(rulesets, 'guide/nft-v4.save')] });
    expect(saved.kind).toBe('done');
    expect(saved.text).toMatch(/^\*filter\n:INPUT DROP \[0:0\]\n/);
    expect(saved.text.match(/^-A/gm)).toHaveLength(8);
    const { text } = await drawn({ script: '-' });
    expect(text).toContain('filter INPUT, policy DROP');
  });

  test('files that cannot be read, and flags that do not go with it', async () => {
    expect(await shown({ script: '/nonexistent' })).toMatchObject({ kind: 'invalid', problems: [{ code: 'file-missing' }] });
    expect(await shown({ script: '-', sets: 'x' })).toMatchObject({ kind: 'invalid', problems: [{ code: 'usage' }] });
    expect((await drawn({ script: join(folder, 'README.md') })).kind).toBe('invalid');
  });
});
