import { fwPers01 } from '../../audit/checks/fw-pers-01.ts';
import { subjectOf } from '../../audit/subject.ts';
import { keptTexts, readBody, textOf } from '../../change/snapshots/index.ts';
import { type Host, hostFromTexts } from '../../model/host/index.ts';
import { sysctlsBetween, uncountedNft } from '../backing-up/comparing.ts';
import type { Context } from '../verb.ts';
import type { Target } from './target.ts';

/**
 * What there is to know once a host is restored: how to go back, what could not be put back as it was, and what the next start of the
 * machine brings.
 *
 * @param before the snapshot of the host as it was
 */
export async function toldOf(context: Context, { body, hosts }: Target, before: string | null): Promise<readonly string[]> {
  const { kernel, signal } = context;
  const now = await readBody({ kernel, signal }, null);
  const more = await kernel.read({ signal, only: ['files', 'processes', 'units'] });
  const kept = Object.fromEntries(keptTexts.map((name) => [name, now.texts.texts[name]]));
  const backend = hosts[0]?.backend;
  const host = hostFromTexts({ ...more, texts: { ...more.texts, ...kept } }, backend === undefined ? {} : { backend });
  const lists = Object.entries(body.recent).flatMap(([name, said]) => (said.trim() === '' ? [] : [name]));
  const settings = sysctlsBetween(textOf(body.texts, 'sysctls'), textOf(now.texts, 'sysctls')).flatMap(
    ({ name, before, after }) => (before === null || after === null ? [] : [name]),
  );
  return [
    ...(before === null ? [] : [`As it was before, the host is snapshot ${before.slice(0, 16)}.`]),
    ...(lists.length === 0 ? [] : [ofLists(lists)]),
    ...(uncountedNft(body.foreignNft) === uncountedNft(now.foreignNft) ? [] : [ofNft]),
    ...(settings.length === 0 ? [] : [ofSettings(settings)]),
    ...ofBoot(host),
  ];
}

function ofLists(names: readonly string[]): string {
  const many = names.length > 1;
  return `The ${many ? 'lists' : 'list'} ${names.join(', ')} of the match recent ${many ? 'hold their' : 'holds its'} addresses again, each as if it was seen once, now: when they were seen before cannot be put back.`;
}

const ofNft =
  'Tables of nft that iptables did not make are others than in the snapshot: they are as they were before, since palisade does not restore them.';

const most = 5;

function ofSettings(names: readonly string[]): string {
  const rest = names.length > most ? ` and ${names.length - most} more` : '';
  return `Settings of the kernel are not restored; others than in the snapshot are ${names.slice(0, most).join(', ')}${rest}.`;
}

/** Rules of others that are live, and that nobody would load when the machine starts. */
function ofBoot(host: Host): readonly string[] {
  const { findings, unknown } = fwPers01.run(subjectOf(host));
  return [
    ...findings.map(({ title, why }) => `${title}. ${why} palisade backup export latest --to DIR writes files for that.`),
    ...unknown.map(({ why }) => `Whether the machine has these rules again when it starts is not known: ${why}.`),
  ];
}
