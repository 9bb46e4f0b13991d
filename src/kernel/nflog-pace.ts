import type { NflogTogether } from './nfulnl.ts';

/** Each packet at once. */
export const promptly: NflogTogether = { most: 1, holdMs: 10 };
/** As many as fit into the room for a batch (NFULA_CFG_NLBUFSIZ), about. */
const most = 200;
/** How long a flood's packets are held back, about: what a packet costs alone must not be more than the packets in this time do. */
const heldMs = 0.5;
/** Below that, 8,000 a second, holding back costs more than it saves: the last ones of a volley wait for the kernel's timer. */
const fewest = 4;
const everyMs = 20;
/** In a sudden flood, before the time is up. */
const everyPackets = 2000;

/**
 * How many packets the kernel shall send together, by how many come: one, up to 8,000 a second, where each is wanted at
 * once; then as many as come in half a millisecond.
 *
 * Asked after each receive, with the packets so far; answers where it is to be told anew.
 */
export function createPace(startMs: number, receivedBefore = 0): (received: number, nowMs: number) => NflogTogether | null {
  let since = startMs;
  let before = receivedBefore;
  let told = 1;
  return (received, nowMs) => {
    const packets = received - before;
    const elapsed = nowMs - since;
    if (elapsed < everyMs && packets < everyPackets) return null;
    before = received;
    since = nowMs;
    // Not more than the elapsed time allows, however short: packets that had piled up were not that many a second.
    const fitting = (packets / Math.max(elapsed, 1)) * heldMs;
    const wanted = fitting < fewest ? 1 : Math.min(most, Math.round(fitting));
    // Half as many more or fewer are no difference.
    if (wanted === told || (wanted > 1 && wanted < told * 2 && wanted > told / 2)) return null;
    told = wanted;
    return { ...promptly, most: wanted };
  };
}
