import type { HostTexts, TextName } from '../../model/host/index.ts';
import type { Context } from '../verb.ts';

/** What has to be read to see that nothing is other than when a plan was last confirmed. */
const first: readonly TextName[] = [
  'nftSave4',
  'nftSave6',
  'legacySave4',
  'legacySave6',
  'nftChains',
  'links',
  'addresses',
  'sessions',
  'ipsets',
];

/** What planning a change looks at besides: where packets go, who waits for them, and whether connections are tracked. */
const rest: readonly TextName[] = ['nftRules4', 'nftRules6', 'routes4', 'routes6', 'rules4', 'rules6', 'listeners', 'sysctls'];

/** All of a host that a change looks at. */
export const lookedAt: readonly TextName[] = [...first, ...rest];

/** Begins to read what tells whether there is anything to do. */
export function firstLook({ kernel, signal }: Context): Promise<HostTexts> {
  return kernel.read({ signal, only: first });
}

/** Reads what planning looks at besides; what was read before is taken as it was. */
export async function wholeLook({ kernel, signal }: Context, before: HostTexts): Promise<HostTexts> {
  const { nftSave4, nftSave6, nftChains } = before.texts;
  const more = await kernel.read({ signal, only: rest, kept: { nftSave4, nftSave6, nftChains } });
  const taken = Object.fromEntries(first.map((name) => [name, before.texts[name]]));
  return { ...more, texts: { ...more.texts, ...taken } };
}
