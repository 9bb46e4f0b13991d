import { expect, it } from 'vitest';
import { createKernel, type Namespace } from '../kernel/index.ts';
import { hostFromTexts } from '../model/host/index.ts';
import { judge, type Setting } from './settings.ts';

/** How the kernel joins the setting of a link with that of all is asked of its own lookup of routes for what arrives. */
const kernel = createKernel();

async function arrives(ns: Namespace, from: string, to: string): Promise<boolean> {
  const result = await ns.run({ argv: ['ip', 'route', 'get', to, 'from', from, 'iif', 'eth0'] });
  if (result.kind !== 'exited') throw new Error(JSON.stringify(result));
  return result.status === 0;
}

const questions: readonly (readonly [setting: Setting, values: readonly number[], from: string, to: string])[] = [
  [
    { name: 'net.ipv4.conf.*.route_localnet', good: (value) => value === 0, wanted: '0', joins: 'or' },
    [0, 1],
    '198.51.100.9',
    '127.0.0.1',
  ],
  // A source to which no route leads: dropped where the filter is on, strict or loose.
  [
    { name: 'net.ipv4.conf.*.rp_filter', good: (value) => value === 1 || value === 2, wanted: '1', joins: 'max' },
    [0, 1, 2],
    '203.0.113.9',
    '198.51.100.10',
  ],
  [
    { name: 'net.ipv4.conf.*.accept_local', good: (value) => value === 0, wanted: '0', joins: 'or' },
    [0, 1],
    '198.51.100.11',
    '198.51.100.10',
  ],
];

it.each(questions.map((question) => [question[0].name, ...question] as const))(
  '%s is joined as the kernel joins it',
  async (_, setting, values, from, to) => {
    await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24', '198.51.100.11/24'] }] });
    const key = setting.name.slice(setting.name.lastIndexOf('.') + 1);
    const set = async (words: Readonly<Record<string, number>>): Promise<void> => {
      for (const [link, value] of Object.entries(words)) {
        const result = await ns.run({ argv: ['sysctl', '-qw', `net.ipv4.conf.${link}.${key}=${value}`] });
        expect(result).toMatchObject({ status: 0 });
      }
    };
    const seen = new Set<boolean>();
    for (const all of values) {
      for (const own of values) {
        await set({ all, default: own, eth0: own });
        const host = hostFromTexts(await kernel.read({ namespace: ns }));
        const judged = judge(host, setting);
        if (!judged.known) throw new Error(judged.why);
        const accepted = await arrives(ns, from, to);
        expect(judged.value !== null, `all ${all}, eth0 ${own}`).toBe(accepted);
        seen.add(accepted);
      }
    }
    expect(seen.size).toBe(2);
  },
);
