import { ICMP, ICMPV6 } from '../../../model/net/index.ts';
import type { Detector } from '../detector.ts';
import { Floods, hashOfTarget } from '../floods.ts';
import { sorts } from '../sort.ts';

const perTarget = 100;
const perSource = 20;
/** Neighbours and routers of the link: RFC 4861. */
const neighbours = { first: 133, last: 137 } as const;

export const icmpFlood: Detector = {
  id: 'icmp-flood',
  title: 'ICMP flood',
  remedy:
    'Limit ICMP of the protocol in question, without refusing the errors that connections need; if the link itself is full, ask your provider to filter before it.',
  description: `${perTarget} or more ICMP packets a second come to one address, or ${perSource} or more of one source, over about five seconds: pings, and also errors, since these cost the most. What neighbours of IPv6 ask one another does not count. It is one incident a target.`,
  looksAt: [sorts.echo, sorts.error],
  quietMs: 5 * 60_000,
  start(context) {
    const floods = new Floods(context, { detector: 'icmp-flood', what: 'ICMP packets', perTarget, perSource });
    return {
      see(batch, row) {
        const proto = batch.proto[row] as number;
        const type = batch.icmpType[row] as number;
        if (proto === ICMPV6 ? type >= neighbours.first && type <= neighbours.last : proto !== ICMP) return;
        floods.see(batch, row, hashOfTarget(context.seed, batch, row));
      },
    };
  },
};
