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
const rest: readonly TextName[] = ['routes4', 'routes6', 'rules4', 'rules6', 'listeners', 'sysctls'];

/** Rules of nft that are no iptables, which are found beside what was read before. */
const native = ['nftRules4', 'nftRules6'] as const satisfies TextName[];

/** All of a host that a change looks at. */
export const lookedAt: readonly TextName[] = [...first, ...native, ...rest];

/** Begins to read what tells whether there is anything to do. */
export function firstLook({ kernel, signal }: Context): Promise<HostTexts> {
  return kernel.read({ signal, only: first });
}

/** Reads what planning looks at besides. @param look what {@link firstLook} reads, which is taken as it is */
export async function wholeLook({ kernel, signal }: Context, look: Promise<HostTexts>): Promise<HostTexts> {
  const [before, more] = await Promise.all([look, kernel.read({ signal, only: rest })]);
  const { nftSave4, nftSave6, nftChains } = before.texts;
  const { texts } = await kernel.read({ signal, only: native, kept: { nftSave4, nftSave6, nftChains } });
  const taken = Object.fromEntries([
    ...first.map((name) => [name, before.texts[name]]),
    ...native.map((name) => [name, texts[name]]),
  ]) as Partial<HostTexts['texts']>;
  return { ...more, texts: { ...more.texts, ...taken } };
}
