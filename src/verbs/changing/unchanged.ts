import { resolve } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import { type Basis, hostText, ownOf, pendingFolder, pendingState, readRecord, transactionsOf } from '../../change/index.ts';
import { type Backend, type Host, type HostTexts, hostFromTexts } from '../../model/host/index.ts';
import type { Policy } from '../../policy/index.ts';
import { isOwnSet } from '../planning/index.ts';
import { digestOf, digestOfTexts, folderOf, type PolicySource, readList, readPolicyTexts } from '../policy-file.ts';
import type { Context } from '../verb.ts';
import { records } from './records.ts';

/** What a plan for this host was made from; `null` where the same texts may mean another policy tomorrow, or something is unknown. */
export function basisOf(policy: Policy, source: PolicySource, host: Host): Basis | null {
  const spares = policy.protect.bogons !== null;
  const text = hostText(host, spares);
  // What is fetched, and what expires, may be other at any time.
  if (text === null || source.fetched.length > 0 || source.texts.some((one) => /\bexpires\b/.test(one.text))) return null;
  const files = source.files.map((file) => ({ path: file.path, digest: file.text === null ? null : digestOf(file.text) }));
  const folder = folderOf(source.texts);
  return { version: manifest.version, policy: digestOfTexts(source.texts), folder, files, spares, host: digestOf(text) };
}

/**
 * Whether everything that the last confirmed plan was made from is still so, and everything of ours stands as it was made. False
 * says only that it has to be planned.
 *
 * @param look what {@link firstLook} reads
 */
export async function isUnchanged(context: Context, asked: Backend | undefined, look: Promise<HostTexts>): Promise<boolean> {
  const state = resolve(context.stateFolder);
  const confirmed = readRecord(records(state).confirmed);
  const basis = confirmed?.basis ?? null;
  if (confirmed === null || basis === null || pendingState(pendingFolder(state)) !== 'none') return false;
  if (basis.version !== manifest.version || (asked ?? confirmed.backend) !== confirmed.backend) return false;
  // Going back leaves a policy alone that somebody else has changed since: nothing was declared of it then.
  const declares = ([4, 6] as const).every((family) =>
    confirmed.families[family].some(({ table, policies }) => table === 'filter' && policies.size === 3),
  );
  if (!declares) return false;
  const texts = await readPolicyTexts(context);
  const isSame =
    texts.ok &&
    digestOfTexts(texts.value) === basis.policy &&
    (basis.files.length === 0 || basis.folder === folderOf(texts.value)) &&
    basis.files.every(({ path, digest }) => {
      const list = readList(path);
      return (list === null ? null : digestOf(list)) === digest;
    });
  if (!isSame) return false;
  const looked = await look;
  const { ipsets } = looked.texts;
  if (!ipsets.read || !areSetsAs(ipsets.text, confirmed.sets)) return false;
  // Without its sets, which are compared as they stand; rules in both backends are unknown, whichever was asked for.
  const host = hostFromTexts({ ...looked, texts: { ...looked.texts, ipsets: { ...ipsets, text: '' } } });
  const said = hostText(host, basis.spares);
  if (said === null || digestOf(said) !== basis.host) return false;
  return ([4, 6] as const).every((family) => {
    const ruleset = host.rulesets[family];
    return ruleset.known && transactionsOf(ownOf(ruleset.value), confirmed.families[family]).length === 0;
  });
}

/** Whether the sets of ours are these, each with its members and no others. */
function areSetsAs(text: string, wanted: readonly { readonly name: string; readonly members: readonly string[] }[]): boolean {
  const there = new Set([...text.matchAll(/^create (\S+) /gm)].map(([, name = '']) => name).filter(isOwnSet));
  if (there.size !== wanted.length) return false;
  return wanted.every(({ name, members }) => {
    const lead = `add ${name} `;
    const lines = new Set(text.split('\n').filter((line) => line.startsWith(lead)));
    return there.has(name) && lines.size === members.length && members.every((member) => lines.has(lead + member));
  });
}
