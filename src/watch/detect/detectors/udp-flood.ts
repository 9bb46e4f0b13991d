import { UDP } from '../../../model/net/index.ts';
import type { Detector } from '../detector.ts';
import { Floods, hashOfTarget } from '../floods.ts';
import { sorts } from '../sort.ts';

const perTarget = 300;
const perSource = 200;
/** Answers of one server, or of some, may be late; those of many are answers to somebody who asks in our name. */
const servers = 40;

export const udpFlood: Detector = {
  id: 'udp-flood',
  title: 'UDP flood',
  remedy:
    "Close the port if nobody needs it, and limit what each source may send; if the link itself is full, or others' servers answer in your name, ask your provider to filter before it.",
  description: `${perTarget} or more UDP packets a second come to one address, whatever the port, or ${perSource} or more of one source, over about five seconds. Answers of servers nobody asked (DNS, NTP, memcached: a reflected flood) count apart, and only when they come from ${servers} servers or more; nobody of these is named, since they do not know whom they answer. It is one incident a target.`,
  looksAt: [sorts.udp, sorts.answer],
  quietMs: 5 * 60_000,
  start(context) {
    const sent = new Floods(context, { detector: 'udp-flood', what: 'UDP packets', perTarget, perSource });
    const answered = new Floods(context, {
      detector: 'udp-flood',
      what: 'answers that nobody asked for',
      perTarget,
      perSource,
      leastSources: servers,
      isReflected: true,
    });
    return {
      see(batch, row, _slot, sort) {
        if (sort === sorts.udp) sent.see(batch, row, context.probe.host);
        else if (batch.proto[row] === UDP) answered.see(batch, row, hashOfTarget(context.seed, batch, row));
      },
    };
  },
};
