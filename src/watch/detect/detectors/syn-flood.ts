import type { Detector } from '../detector.ts';
import { Floods } from '../floods.ts';
import { sorts } from '../sort.ts';

const perTarget = 200;
const perSource = 50;

export const synFlood: Detector = {
  id: 'syn-flood',
  title: 'SYN flood',
  remedy:
    'Look whether net.ipv4.tcp_syncookies is 1, and limit new connections of each source (at-most in the policy); if the link itself is full, ask your provider to filter before it.',
  description: `${perTarget} or more SYN packets a second come to one port of one address, or ${perSource} or more of one source, over about five seconds. It is one incident a target. Sources that send ${perSource} a second and more are named and may be shut out, for a short time since they may be forged; of all others only their number is estimated.`,
  looksAt: [sorts.syn],
  quietMs: 5 * 60_000,
  start(context) {
    const floods = new Floods(context, { detector: 'syn-flood', what: 'SYN packets', perTarget, perSource, isByPort: true });
    return {
      see(batch, row) {
        floods.see(batch, row, context.probe.target);
      },
    };
  },
};
