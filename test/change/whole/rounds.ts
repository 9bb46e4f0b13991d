import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../../src/kernel/index.ts';
import { type Backend, tool } from '../changing.fixture.ts';
import { makePlace, type Place } from '../faults/place.ts';
import type { Trial } from '../faults/trial.ts';
import { seen, unlike } from './seen.ts';

const root = join(import.meta.dirname, '../../../testdata/rulesets');

/** How a host loses all: by hand, rule by rule; or with its tables. */
const ways = ['flushed', 'deleted'] as const;

async function wipe({ ns, backend }: Place, way: (typeof ways)[number]): Promise<void> {
  if (way === 'deleted' && backend === 'nft') await tool(ns, ['nft', 'flush', 'ruleset']);
  else
    for (const name of ['iptables', 'ip6tables'])
      for (const [, table = ''] of (await tool(ns, [`${name}-${backend}-save`])).matchAll(/^\*(\S+)$/gm))
        await empty(ns, `${name}-${backend}`, table);
  // Lists hold what is in them; and nft lets go of what its rules asked a moment after they are gone.
  await tool(ns, ['ipset', 'flush']);
  for (let left = 100; left > 0; left -= 1) {
    const gone = await ns.run({ argv: ['ipset', 'destroy'] });
    if (gone.kind === 'exited' && gone.status === 0) return;
    await sleep(20);
  }
  throw new Error('the sets cannot be taken away');
}

async function empty(ns: Namespace, iptables: string, table: string): Promise<void> {
  await tool(ns, [iptables, '-w', '5', '-t', table, '-F']);
  await tool(ns, [iptables, '-w', '5', '-t', table, '-X']);
  for (const chain of ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])
    await ns.run({ argv: [iptables, '-w', '5', '-t', table, '-P', chain, 'ACCEPT'] });
}

/** A snapshot is taken, all is lost in one way after the other, and each time it comes back. */
export async function comesBack(place: Place, which: readonly (typeof ways)[number][] = ways): Promise<readonly string[]> {
  const input = { what: 'create', names: [], tag: 'kept', backend: undefined };
  const before = await seen(place.ns);
  const asked = performance.now();
  const taken = await place.run('backup', { input });
  const took = performance.now() - asked;
  const restored = () => place.run('backup', { input: { what: 'restore', names: ['kept'], backend: undefined } });
  if (taken.exit === 1) {
    // Rules that no text can hold: told when the snapshot was taken, and never restored.
    const said = await restored();
    const isSame = unlike(before, await seen(place.ns), null).length === 0;
    return said.exit === 4 && isSame ? [] : [`what is not proved restored with ${said.exit}: ${said.text}`];
  }
  if (taken.exit !== 0) return [`the snapshot: ${taken.exit} ${taken.text}`];
  const wrong: string[] = [];
  for (const way of which) {
    await wipe(place, way);
    const began = performance.now();
    const said = await restored();
    const after = await seen(place.ns);
    // All of it was open before, and nothing is lost but what it had counted.
    if (/"kind":"nothing"/.test(said.text) && !/^(?:\[\d+:\d+\] )?-A |^:\S+ DROP /m.test(before.rules)) continue;
    if (said.exit !== 0) wrong.push(`${way}: it ended with ${said.exit}: ${said.text}`);
    wrong.push(...unlike(before, after, Math.ceil((performance.now() - began + took) / 1000)).map((one) => `${way}: ${one}`));
  }
  return wrong;
}

/** One program's rules and sets in a kernel. */
async function origin(backend: Backend, name: string, which = ways.slice()): Promise<readonly string[]> {
  await using place = await makePlace(backend, {}, true);
  const sets = join(root, name, 'sets.save');
  if (existsSync(sets)) await tool(place.ns, ['ipset', 'restore'], readFileSync(sets, 'latin1'));
  for (const family of [4, 6] as const) {
    const file = join(root, name, `${backend}-v${family}-c.save`);
    if (!existsSync(file)) continue;
    const iptables = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
    const loaded = await place.ns.run({ argv: [`${iptables}-restore`, '-c'], input: readFileSync(file, 'latin1') });
    if (loaded.kind !== 'exited' || loaded.status !== 0) return [];
  }
  return await comesBack(place, which);
}

/** A host with very many members of sets. */
async function large(backend: Backend, members: number): Promise<readonly string[]> {
  await using place = await makePlace(backend, {}, true);
  const lines = Array.from(
    { length: members },
    (_, index) => `add banned 10.${index >> 16}.${(index >> 8) & 255}.${index & 255} timeout ${3600 + (index % 1000)}\n`,
  );
  await tool(place.ns, ['ipset', 'restore'], `create banned hash:ip timeout 3600 counters maxelem 200000\n${lines.join('')}`);
  for (const name of ['iptables', 'ip6tables'])
    await tool(place.ns, [`${name}-${backend}`, '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT']);
  await tool(place.ns, [`iptables-${backend}`, '-A', 'INPUT', '-m', 'set', '--match-set', 'banned', 'src', '-j', 'DROP']);
  return await comesBack(place, ['flushed']);
}

/** Everything that a host can lose comes back byte for byte: rules of sixty programs, and a hundred thousand members of sets. */
export function rounds(backend: Backend): readonly Trial[] {
  const origins = readdirSync(root).filter(
    (name) => existsSync(join(root, name, `${backend}-v4.save`)) || existsSync(join(root, name, `${backend}-v6.save`)),
  );
  return [
    ...origins.map((name) => ({
      does: `the rules of ${name} are lost`,
      judge: () => origin(backend, name),
    })),
    {
      does: 'rules, and the tables that they are in, are lost',
      quick: true,
      judge: () => origin(backend, 'fail2ban', ['deleted']),
    },
    { does: 'a set of 100,000 members is lost', judge: () => large(backend, 100_000) },
  ];
}
