import { describe, expect, test } from 'vitest';
import { createKernel, type Kernel } from '../kernel/index.ts';
import { type HostTexts, hostFromTexts, type TextRead } from '../model/host/index.ts';
import { createRereader } from './rereader.ts';

const { signal } = new AbortController();

const save = (rules: number): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n${'[1:60] -A INPUT -s 192.0.2.9/32 -j DROP\n'.repeat(rules)}COMMIT\n`;
const read = (text: string): TextRead => ({ read: true, text, command: 'iptables-nft-save', warnings: '' });

/** A kernel whose every reading is made of `next`, and which tells what it was asked to keep. */
function scripted(): { kernel: Kernel; next: { nftSave4: TextRead; generations: (number | null)[] }; kept: string[][] } {
  const kept: string[][] = [];
  const next = { nftSave4: read(save(6000)), generations: [] as (number | null)[] };
  let at = 0;
  const kernel = {
    generation: async () => next.generations.shift() ?? null,
    read: async (options: Parameters<Kernel['read']>[0]) => {
      kept.push(Object.keys(options?.kept ?? {}));
      const none: TextRead = { read: false, why: 'unused', tool: 'nft', detail: 'nothing' };
      at += 1000;
      const texts = new Proxy({ nftSave4: options?.kept?.nftSave4 ?? next.nftSave4 } as Record<string, TextRead>, {
        get: (those, name: string) => those[name] ?? none,
      });
      return { name: 'h', readAt: at, texts } as unknown as HostTexts;
    },
  } as unknown as Kernel;
  return { kernel, next, kept };
}

describe('many rules of nf_tables', () => {
  test('are not listed again until they change, and their counters say of when they are', async () => {
    const { kernel, next, kept } = scripted();
    const reread = createRereader(kernel, signal);
    next.generations = [5, 5, 5, 5, 6, 6];
    const readings = [await reread(), await reread(), await reread()];
    expect(kept.map((names) => names.length)).toEqual([0, 6, 0]);
    expect(readings.map(({ texts, countedAt }) => [texts.readAt, countedAt])).toEqual([
      [1000, 1000],
      [2000, 1000],
      [3000, 3000],
    ]);
  });

  test('that changed while they were read are read again', async () => {
    const { kernel, next, kept } = scripted();
    const reread = createRereader(kernel, signal);
    next.generations = [5, 6, 6, 6, 6, 6];
    for (let round = 0; round < 3; round += 1) await reread();
    expect(kept.map((names) => names.length)).toEqual([0, 0, 6]);
  });

  test('are always listed where the number of changes cannot be asked, or reading them failed', async () => {
    const { kernel, next, kept } = scripted();
    const reread = createRereader(kernel, signal);
    await reread();
    await reread();
    next.nftSave4 = { read: false, why: 'timeout', tool: 'iptables-nft-save', detail: 'no end after 30 s' };
    next.generations = [5, 5, 5, 5];
    await reread();
    await reread();
    expect(kept.flat()).toEqual([]);
  });
});

test('package managers are asked once an hour', async () => {
  const { kernel } = scripted();
  const times = [0, 60_000, 3_500_000, 3_700_000, 3_710_000, 3_720_000];
  const asked: boolean[] = [];
  const reread = createRereader(
    {
      ...kernel,
      read: async (options) => {
        asked.push(options?.software === true);
        const readAt = times[asked.length - 1] ?? 0;
        return {
          ...(await kernel.read(options)),
          readAt,
          software: options?.software === true ? {} : (options?.software ?? null),
        };
      },
    },
    signal,
  );
  for (const _ of times) await reread();
  expect(asked).toEqual([true, false, false, false, true, false]);
});

test('few rules are listed each time, for their counters', async () => {
  const { kernel, next, kept } = scripted();
  next.nftSave4 = read(save(100));
  next.generations = [5, 5, 5, 5];
  const reread = createRereader(kernel, signal);
  await reread();
  await reread();
  expect(kept.flat()).toEqual([]);
});

test('on the real kernel: what is kept is what would be read, and every change of a rule ends it', async () => {
  const kernel = createKernel();
  await using namespace = await kernel.namespace();
  const load = async (argv: readonly [string, ...string[]], input = ''): Promise<void> =>
    expect(await namespace.run({ argv, input })).toMatchObject({ status: 0 });
  await load(['iptables-nft-restore'], save(5_100));
  let kept = 0;
  const reread = createRereader(
    {
      ...kernel,
      read: (options) => {
        kept += Object.keys(options?.kept ?? {}).length;
        return kernel.read(options);
      },
    },
    signal,
    namespace,
  );
  const first = hostFromTexts((await reread()).texts);
  const second = hostFromTexts((await reread()).texts, { before: first });
  expect(kept).toBe(6);
  expect(second.rulesets[4].known && second.rulesets[4].value).toBe(first.rulesets[4].known && first.rulesets[4].value);
  await load(['iptables-nft', '-A', 'INPUT', '-p', 'udp', '-j', 'ACCEPT']);
  const third = hostFromTexts((await reread()).texts, { before: second });
  expect(kept).toBe(6);
  expect(third.rulesets[4].known && third.rulesets[4].value.text).toContain('-A INPUT -p udp -j ACCEPT');
});
