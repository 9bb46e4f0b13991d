import { linesOfOthers } from '../../change/index.ts';
import { type Backend, type Host, type HostTexts, hostFromTexts, type Session, type TextName } from '../../model/host/index.ts';
import { formatAddress } from '../../model/net/index.ts';
import type { Problem } from '../../result.ts';
import type { Context } from '../verb.ts';

const rules: readonly TextName[] = ['nftSave4', 'nftSave6', 'legacySave4', 'legacySave6', 'nftChains'];

/**
 * What is wrong with the firewall as it now stands, beside what was planned: others may have written rules meanwhile. Where they have
 * not, everything that was proved of the plan holds of what is there, which has been read back and compared already.
 *
 * @param after the host as it was to be
 * @param wrongIn asks a host again what was asked of the plan
 */
export async function wrongNow(
  context: Context,
  before: Host,
  after: Host,
  backend: Backend,
  wrongIn: (live: Host) => readonly Problem[],
): Promise<readonly Problem[]> {
  const look = (only: readonly TextName[]): Promise<HostTexts> => context.kernel.read({ signal: context.signal, only });
  const { rulesets } = hostFromTexts(await look(rules), { backend });
  const isOther = ([4, 6] as const).some((family) => {
    const [old, now] = [before.rulesets[family], rulesets[family]];
    return !old.known || !now.known || linesOfOthers(old.value).join('\n') !== linesOfOthers(now.value).join('\n');
  });
  if (!isOther) return [];
  const { sets } = hostFromTexts(await look([...rules, 'ipsets']), { backend });
  return wrongIn({ ...after, rulesets, sets });
}

/**
 * Tells when somebody who managed the host before a change has connected anew, from an address that a session came from then: that
 * the new rules let them in. A connection counts once it is seen twice. To be called once the change is made: what came in between the
 * reading of `before` and the change was let in by the old rules, and says nothing.
 */
export async function newSessions(context: Context, before: readonly Session[]): Promise<() => Promise<string | null>> {
  const key = ({ peer, peerPort, localPort }: Session): string => `${formatAddress(peer)} ${peerPort} ${localPort}`;
  const now = async (): Promise<Host['sessions']> =>
    hostFromTexts(await context.kernel.read({ signal: context.signal, only: ['sessions', 'listeners'] })).sessions;
  const first = await now();
  const known = new Set([...before, ...(first.known ? first.value : [])].map(key));
  const peers = new Set(before.map(({ peer }) => formatAddress(peer)));
  let seen = new Set<string>();
  return async () => {
    const sessions = await now();
    if (!sessions.known) return null;
    const fresh = sessions.value.filter((session) => peers.has(formatAddress(session.peer)) && !known.has(key(session)));
    const found = fresh.find((session) => seen.has(key(session)));
    seen = new Set(fresh.map(key));
    return found === undefined ? null : formatAddress(found.peer);
  };
}
