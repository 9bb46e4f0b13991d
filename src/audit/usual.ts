import type { Ending, Trace } from '../model/packet/index.ts';

/**
 * How matches that a packet alone does not decide answer for an ordinary packet: one that comes slowly enough, from a source
 * that is not banned, was not let in by name, and takes the way that its addresses say.
 *
 * So a ban list before everything else does not make a host closed, nor an accept for one MAC address make it open.
 * `null`: either answer is ordinary. That is what every match gets that is not known better.
 */
export function usually(match: string): boolean | null {
  if (match.includes('(drops the packet itself)')) return false;
  const name = /^-m (\S+)/.exec(match)?.[1];
  const known = name === undefined || !Object.hasOwn(answers, name) ? undefined : answers[name];
  if (known === undefined) return null;
  const plain = typeof known === 'boolean' ? known : known(match);
  if (plain === null || !match.includes(' ! ')) return plain;
  // With several options it cannot be told what the whole becomes.
  return (match.match(/ --/g) ?? []).length === 1 ? !plain : null;
}

const answers: Readonly<Record<string, boolean | ((match: string) => boolean | null)>> = {
  limit: true,
  hashlimit: (match) => !match.includes('--hashlimit-above'),
  connlimit: (match) => !match.includes('--connlimit-above'),
  // `--set` alone lets every packet pass (net/netfilter/xt_recent.c, recent_mt).
  recent: (match) => !/--(rcheck|update|remove)\b/.test(match),
  rpfilter: (match) => !match.includes('--invert'),
  mac: false,
  owner: (match) => (match.includes('--socket-exists') ? null : false),
  // Without --nowildcard a listener on any address does not count; with it every listener does.
  socket: (match) => (match.includes('--nowildcard') ? true : null),
  helper: false,
  rt: false,
  policy: (match) => (match.includes('--pol ipsec') ? false : match.includes('--pol none') ? true : null),
  pkttype: (match) => match.includes('unicast'),
  physdev: false,
};

/** A limit that an ordinary packet passes, and one that comes too fast does not. */
function canRunOut(match: string): boolean {
  return /^-m (limit|hashlimit)\b/.test(match) && usually(match) === true;
}

/** Ways that an ordinary packet may end. */
export function ordinary(trace: Trace): readonly Ending[] {
  return trace.outcomes.filter(({ when }) =>
    Object.entries(when).every(([match, answer]) => (usually(match) ?? answer) === answer),
  );
}

/** An ordinary packet below all limits is accepted. */
export function isLetIn(trace: Trace): boolean {
  if (trace.verdict !== 'DEPENDS') return trace.verdict === 'ACCEPT';
  const endings = ordinary(trace);
  return endings.length > 0 && endings.every(({ verdict }) => verdict === 'ACCEPT');
}

/** Those, and the ways that it ends when others have used up the limits. */
export function crowded(trace: Trace): readonly Ending[] {
  return trace.outcomes.filter(({ when }) =>
    Object.entries(when).every(([match, answer]) => canRunOut(match) || (usually(match) ?? answer) === answer),
  );
}

/**
 * A match whose answer hangs on how much comes: limit, hashlimit, connlimit, and recent where it counts.
 * A ban list (`recent` without a count, or with a count of one) is none.
 */
export function throttles(match: string): boolean {
  if (/^-m (limit|hashlimit|connlimit)\b/.test(match)) return true;
  return /^-m recent\b/.test(match) && Number(/--hitcount (\d+)/.exec(match)?.[1] ?? 1) > 1;
}
