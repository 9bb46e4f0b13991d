import { bogonNetworks, type Prefix, parsePrefix } from '../../../model/net/index.ts';
import { addressSet } from '../address-set.ts';
import type { Detector } from '../detector.ts';
import { type Impossible, isToMany, least } from '../forged.ts';

const kinds = {
  loopback: {
    id: 0,
    what: 'loopback addresses',
    why: 'No packet leaves a host with such a source (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3).',
  },
  nobody: {
    id: 1,
    what: 'the address of nobody',
    why: 'Only who has no address yet sends from it, and to all (RFC 1122, 3.2.1.3).',
  },
  reserved: { id: 2, what: 'reserved addresses', why: 'Nobody has an address of 240.0.0.0/4 (RFC 1112, 4).' },
  group: { id: 3, what: 'addresses of groups', why: 'A group sends nothing (RFC 1122, 3.2.1.3; RFC 4291, 2.7).' },
  documentation: {
    id: 4,
    what: 'addresses that the world does not carry',
    why: 'Private, shared and documentation networks are on no route of the world (RFC 6890), and the link leads there.',
  },
} as const satisfies Readonly<Record<string, Impossible>>;

/** Nobody has one of these, wherever. */
const nobodys = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'ff00::/8'];
/** Networks for documentation, protocols and 6to4's relays, which nobody has either: RFC 6890, RFC 5737, RFC 3849. */
const unrouted = ['192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'];

export const martianSource: Detector = {
  id: 'martian-source',
  title: 'Impossible source',
  remedy:
    'Find out by the MAC address in the evidence who on that link sends them; drop them at the link (protect: bogons in the policy), and set net.ipv4.conf.all.rp_filter to 1.',
  description: `${least} or more packets within 10 minutes come in on one link from a source that no packet can have: of loopback, of 0.0.0.0/8, reserved, or a group; and, on a link that is known to lead to the world, from private networks and those for documentation, unless the link itself has an address of them. Those who ask for an address (DHCP, duplicate address detection), groups of neighbours, and link-local addresses are none. Nobody is shut out: the address is a lie.`,
  quietMs: 30 * 60_000,
  start(context) {
    const { outside, connected } = context.surroundings;
    const networks = (texts: readonly string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);
    const unroutedNetworks = outside === null ? [] : networks([...bogonNetworks[4], ...bogonNetworks[6], ...unrouted]);
    // What this host is in itself is real here, whatever the world carries.
    const real = addressSet(connected);
    const unreal = addressSet(unroutedNetworks);
    context.forged.follow({
      detector: 'martian-source',
      networks: [...networks(nobodys), ...unroutedNetworks],
      judge(batch, row) {
        const at = 4 * row;
        const { src } = batch;
        if (batch.family[row] === 4) {
          const source = src[at + 3] as number;
          const first = source >>> 24;
          if (first === 127) return kinds.loopback;
          if (first >= 240) return kinds.reserved;
          if (first >= 224) return kinds.group;
          // 0.0.0.0 asks for an address, or who listens to a group.
          if (first === 0) return source === 0 && isToMany(batch, row) ? null : kinds.nobody;
        } else {
          const first = src[at] as number;
          if (first >>> 24 === 0xff) return kinds.group;
          if (first === 0 && src[at + 1] === 0 && src[at + 2] === 0) {
            if (src[at + 3] === 1) return kinds.loopback;
            if (src[at + 3] === 0) return isToMany(batch, row) ? null : kinds.nobody;
          }
        }
        if (outside === null || !unreal.has(batch, row) || real.has(batch, row)) return null;
        return outside.includes(batch.names.text(batch.in[row] as number)) ? kinds.documentation : null;
      },
    });
    return {};
  },
};
