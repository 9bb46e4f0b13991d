/**
 * `npm run soak -- bans [--backend nft|legacy]`: nmap attacks a host in a namespace from another in each of its ways, from an address of its own each time. Each is to
 * be noticed, and its source shut out: behind it nothing of it is let through. Decoys, which it forges, are shut out shortly at most, and the
 * gateway, which is one of them, never.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import setup from '../namespace-guard.ts';
import { createAttacked } from './attacked.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({ options: { backend: { type: 'string' } } });
const { say, holds, end } = createHolding();
await setup();

/** What nmap is told beside its source and target. */
const scans: readonly (readonly [name: string, flags: string])[] = [
  ['-sS -T4', '-sS -T4 -p1-300'],
  ['-sS -T3', '-sS -T3 -p1-100'],
  ['-sS -T2', '-sS -T2 -p1-25'],
  ['-sF', '-sF -T4 -p1-200'],
  ['-sN', '-sN -T4 -p1-200'],
  ['-sX', '-sX -T4 -p1-200'],
  ['-sU', '-sU -T4 -p1-160'],
  ['-sA', '-sA -T4 -p1-200'],
  ['-sV', '-sV -T4 -p20-120'],
  ['-sT', '-sT -T4 -p1-200'],
];

for (const backend of ['nft', 'legacy'] as const) {
  if (values.backend !== undefined && values.backend !== backend) continue;
  say(backend);
  await using attacked = await createAttacked(backend, {});
  const { host, far, run, bansOf } = attacked;
  await run(far, ['sh', '-ec', scans.map((_, index) => `ip addr add 10.66.${index + 1}.9/16 dev eth0`).join('; ')]);
  const nmap = (source: string, flags: string): Promise<string> =>
    run(far, [
      'nmap',
      '-n',
      '-Pn',
      '--max-retries',
      '0',
      '--host-timeout',
      '60s',
      '-e',
      'eth0',
      '-S',
      source,
      ...flags.split(' '),
      '10.66.0.1',
    ]);
  const dropped = async (source: string): Promise<number> => {
    const member = new RegExp(`^add PALISADE-BAN4 ${source.replaceAll('.', '\\.')} timeout \\d+ packets (\\d+)`, 'm');
    return Number(member.exec(await run(host, ['ipset', 'save', 'PALISADE-BAN4']))?.[1] ?? -1);
  };
  for (const [index, [name, flags]] of scans.entries()) {
    const source = `10.66.${index + 1}.9`;
    await nmap(source, flags);
    await sleep(300);
    const [ban] = bansOf(`${source}/32`);
    holds(
      `${name} is shut out${ban === undefined ? '' : `, by ${ban.by.kind === 'incident' ? ban.by.detector : ban.by.kind} for ${Math.round((ban.until - ban.at) / 60)} min`}`,
      ban !== undefined,
      last(attacked.said),
    );
    const before = await dropped(source);
    const seen = count(attacked.said, source);
    await nmap(source, '-sS -p22,80,81-90');
    await sleep(200);
    holds(
      `${name}: all of what it sends afterwards is dropped, also to open ports`,
      (await dropped(source)) >= before + 12 && count(attacked.said, source) === seen,
      `${before} before, ${await dropped(source)} behind`,
    );
  }
  const decoys = ['10.66.99.1', '10.66.99.2', '10.66.99.3'];
  await run(far, ['sh', '-ec', 'ip addr add 10.66.98.9/16 dev eth0']);
  await nmap('10.66.98.9', `-sS -T4 -p1-160 -D ${[...decoys, '10.66.0.254'].join(',')},ME`);
  await sleep(300);
  holds('one behind decoys is shut out', bansOf('10.66.98.9/32').length > 0, last(attacked.said));
  const forged = decoys.flatMap((decoy) => bansOf(`${decoy}/32`));
  holds(
    'decoys are shut out for ten minutes at most',
    forged.every(({ at, until }) => until - at <= 600),
    JSON.stringify(forged),
  );
  holds(
    'the gateway never is',
    bansOf('10.66.0.254/32').length === 0 && (await dropped('10.66.0.254')) === -1,
    last(attacked.said),
  );
  const all = attacked.said.flatMap(({ told }) =>
    told.kind === 'notice' || told.kind === 'unavailable' ? [JSON.stringify(told)] : [],
  );
  holds('the watcher complains of nothing', all.length === 0, all.join('\n'));
}
end();

function last(said: readonly { readonly told: { readonly kind: string } }[]): string {
  return said
    .filter(({ told }) => told.kind !== 'event')
    .slice(-8)
    .map(({ told }) => JSON.stringify(told).slice(0, 300))
    .join('\n');
}

function count(said: readonly { readonly told: { readonly kind: string } }[], source: string): number {
  return said.filter(({ told }) => told.kind === 'event' && JSON.stringify(told).includes(`"src":"${source}"`)).length;
}
