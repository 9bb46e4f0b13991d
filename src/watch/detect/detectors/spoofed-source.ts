import { addressSet } from '../address-set.ts';
import type { Batch, Detector } from '../detector.ts';
import { type Impossible, isOfItself, isToMany, least } from '../forged.ts';

const ofOwn: Impossible = {
  id: 0,
  what: "this host's own addresses",
  why: 'This host did not send them, or they would not come by that link; another machine may have been given the same address.',
};
const inner: Impossible = {
  id: 1,
  what: 'networks that are behind another link',
  why: 'This host is connected to that network by another link, which does not lead to the world.',
};

export const spoofedSource: Detector = {
  id: 'spoofed-source',
  title: 'Forged source',
  remedy:
    'Find out by the MAC address in the evidence who on that link sends them, and set net.ipv4.conf.all.rp_filter to 1, so that the kernel drops them.',
  description: `${least} or more packets within 10 minutes come in on one link in the name of this host, or from a network that this host knows behind another link than the one to the world by which they came. A packet whose source is its target is in this host's name too. What this host says to groups comes back to it and is none. Nobody is shut out: the address is a lie, and whose it is suffers enough.`,
  quietMs: 30 * 60_000,
  start(context) {
    const { outside, connected } = context.surroundings;
    const own = (context.surroundings.own ?? []).map((address) => ({ ...address, length: address.family === 4 ? 32 : 128 }));
    const mine = addressSet(own);
    // Neighbours on the link to the world are its neighbours.
    const inside = outside === null ? [] : connected.filter(({ link }) => link !== undefined && !outside.includes(link));
    const behind = addressSet(inside);
    const before = addressSet(
      outside === null ? [] : connected.filter(({ link }) => link === undefined || outside.includes(link)),
    );
    context.forged.follow({
      detector: 'spoofed-source',
      networks: [...own, ...inside],
      judge(batch, row) {
        if (isOfItself(batch, row) || mine.has(batch, row))
          return isToMany(batch, row) || isAnswerToSelf(batch, row) ? null : ofOwn;
        if (outside === null || !behind.has(batch, row) || before.has(batch, row)) return null;
        return outside.includes(batch.names.text(batch.in[row] as number)) ? inner : null;
      },
    });
    return {};
  },
};

/** Rows of logins have no target, and forwarded packets in this host's name are those of containers that it translated. */
function isAnswerToSelf(batch: Batch, row: number): boolean {
  return batch.kind[row] !== 0 || batch.out[row] !== 0;
}
