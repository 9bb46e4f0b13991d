import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../changing.fixture.ts';
import { guardsOf } from './guards.ts';
import { makePlace, type Place, type Said } from './place.ts';

/** Two policies: sets, limits, translation and an early drop in one; another set, and a chain less, in the other. */
const list = (from: number): string =>
  [
    ...Array.from({ length: 40 }, (_, index) => `"198.51.${from + index * 2}.0/24"`),
    ...Array.from({ length: 10 }, (_, index) => `"2001:db8:${(from + index * 2).toString(16)}00::/48"`),
  ].join(', ');
export const policies = {
  old: `palisade: 1
sets: { partners: [${list(0)}] }
incoming:
  - { allow: ssh, from: "192.0.2.0/24", at-most: { new: 3, within: 60s } }
  - { allow: https, from: partners }
  - { allow: ssh, from: "2001:db8:9::/48" }
forwarded:
  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }
protect: { bad-flags: true, early-drop: true }
`,
  now: `palisade: 1
sets: { partners: [${list(1)}] }
incoming:
  - { allow: ssh, from: "192.0.2.0/24", at-most: { new: 10, within: 60s } }
  - { allow: [http, https], from: partners }
  - { allow: ssh, from: "2001:db8:9::/48" }
forwarded:
  - { allow: any, via: wg0, out: eth0, note: none }
protect: { bad-flags: true, new-not-syn: true }
`,
};

export type Which = 'none' | 'old' | 'now';

/** What the firewall and palisade's sets are under each of the policies, where nothing goes wrong. */
type Whole = Readonly<Record<Which, { readonly firewall: string; readonly sets: readonly string[] }>>;
const wholes = new Map<Backend, Promise<Whole>>();

export function wholeOf(backend: Backend): Promise<Whole> {
  const known = wholes.get(backend) ?? measure(backend);
  wholes.set(backend, known);
  return known;
}

async function measure(backend: Backend): Promise<Whole> {
  await using place = await makePlace(backend);
  const look = async () => ({ firewall: await place.firewall(), sets: await ownSets(place) });
  const none = await look();
  const states: { firewall: string; sets: readonly string[] }[] = [];
  for (const policy of [policies.old, policies.now]) {
    const said = await place.run('apply', { policy });
    if (said.exit !== 0) throw new Error(`without any fault, apply says: ${said.text}`);
    states.push(await look());
  }
  const [old = none, now = none] = states;
  if (old.firewall === now.firewall || old.sets.join() === now.sets.join())
    throw new Error('the two policies make no difference');
  return { none, old, now };
}

async function ownSets(place: Place): Promise<readonly string[]> {
  return (await place.sets())
    .filter((line) => /^(create|add) PAL/.test(line))
    .map((line) => line.replace(/ (hashsize|bucketsize|initval) \S+/g, ''));
}

/** A host under the first policy. */
export async function settled(backend: Backend, options: Parameters<typeof makePlace>[1] = {}): Promise<Place> {
  const place = await makePlace(backend, options);
  const said = await place.run('apply', { policy: policies.old });
  if (said.exit !== 0) throw new Error(`without any fault, apply says: ${said.text}`);
  return place;
}

export interface Expected {
  /** Which firewall must be there; without it, the exit code must say it. */
  readonly is?: Which;
  readonly said?: Said;
  /** What must be said of it. */
  readonly says?: RegExp;
  /** Rules that others added meanwhile, each as its save prints it, and how often. They must all be there. */
  readonly added?: readonly { readonly line: string; readonly family: 4 | 6 }[];
  /** Sets of ours that may be left over, since somebody's rule asks them or since palisade was killed. */
  readonly leftSets?: boolean;
}

/** What is wrong with what is left once nobody is at work any more; empty if nothing is. */
export async function judge(
  place: Place,
  { is, said, says, added = [], leftSets = false }: Expected,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const until = performance.now() + 30_000;
  while (guardsOf(place.state).length > 0 && performance.now() < until) await sleep(20);
  if (guardsOf(place.state).length > 0) wrong.push('somebody still tries to undo the change');
  const whole = await wholeOf(place.backend);
  let firewall = await place.firewall();
  for (const { line, family } of added) {
    const at = family === 4 ? firewall.indexOf(`${line}\n`) : firewall.indexOf(`${line}\n`, firewall.indexOf('# ip6tables'));
    if (at < 0) wrong.push(`a rule of somebody else is lost: ${line}`);
    else firewall = firewall.slice(0, at) + firewall.slice(at + line.length + 1);
  }
  const found = (['none', 'old', 'now'] as const).find((which) => whole[which].firewall === firewall);
  const told = said?.exit === 0 ? 'now' : said?.exit === 4 ? 'old' : undefined;
  if (found === undefined)
    wrong.push(`the firewall is neither the old nor the new one:\n${difference(whole[is ?? told ?? 'old'].firewall, firewall)}`);
  if (said !== undefined && told === undefined) wrong.push(`it ended with ${said.exit}: ${said.text}`);
  for (const wanted of [is, is === undefined ? told : undefined])
    if (wanted !== undefined && found !== undefined && found !== wanted)
      wrong.push(`the firewall is the one of ${found}, not of ${wanted}; said: ${said?.exit} ${said?.text ?? ''}`);
  if (is !== undefined && is !== 'none' && told !== undefined && told !== is)
    wrong.push(`it said ${told} (${said?.text}), and is ${is}`);
  if (says !== undefined && !says.test(said?.text ?? '')) wrong.push(`it said ${JSON.stringify(said?.text)}, not ${says}`);
  const sets = await ownSets(place);
  const all = new Set((found === undefined ? [] : [whole[found]]).flatMap((one) => one.sets));
  for (const line of all) if (!sets.includes(line)) wrong.push(`a set in use lacks ${line}`);
  const others = sets.filter((line) => !all.has(line));
  if (found !== undefined && others.length > 0 && !leftSets) wrong.push(`sets are left over: ${others.slice(0, 3).join('; ')}`);
  if (sets.some((line) => line.startsWith('create PAL-new-'))) wrong.push('a half-made set is left over');
  for (const line of ['add tenant4 203.0.113.128/25', 'add tenant6 2001:db8:78::/48'])
    if (!(await place.sets()).includes(line)) wrong.push(`somebody else's set lacks ${line}`);
  return wrong;
}

function difference(one: string, other: string): string {
  const [left, right] = [one.split('\n'), other.split('\n')];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`),
  ]
    .slice(0, 20)
    .join('\n');
}

/** Waits until a file is there, and says whether it came. */
export async function appears(file: string, patienceMs = 20_000): Promise<boolean> {
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(1)) if (existsSync(file)) return true;
  return false;
}

/** Waits until a change is made and nobody writes any more, and says whether it came to that. */
export async function waits({ state }: Place, patienceMs = 20_000): Promise<boolean> {
  const [armed, committing] = [join(state, 'pending/armed'), join(state, 'pending/committing')];
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(5))
    if (existsSync(armed) && !existsSync(committing) && !readdirSync(state).includes('changing') && guardsOf(state).length > 0)
      return true;
  return false;
}
