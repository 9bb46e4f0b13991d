import type { Packet } from '../../model/packet/index.ts';

/** So many rehearsals are made for packets that cannot all be sent in one. */
const mostRounds = 24;

/** Two packets are the same if all is the same that can be sent of them. */
export function keyOf(packet: Packet): string {
  return JSON.stringify(packet, (_, value: unknown) => (typeof value === 'bigint' ? value.toString(16) : value));
}

/**
 * Parts packets so that those of one part can be sent in one rehearsal, and none there is taken for another than it is: of each
 * connection one packet only, and wherever routes are made, those that look alike to them go the same way. Usually there is one
 * part. What is left over after so many parts is in none.
 */
export function roundsOf(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  const rounds: { readonly taken: Map<string, string>; readonly packets: Packet[] }[] = [];
  for (const packet of packets) {
    const wants = wantsOf(packet);
    let round = rounds.find(({ taken }) => wants.every(([thing, as]) => (taken.get(thing) ?? as) === as));
    if (round === undefined) {
      if (rounds.length === mostRounds) continue;
      round = { taken: new Map(), packets: [] };
      rounds.push(round);
    }
    for (const [thing, as] of wants) round.taken.set(thing, as);
    round.packets.push(packet);
  }
  return rounds.map((round) => round.packets);
}

/** What a packet takes for itself, and as what: others in its rehearsal may take it as the same only. */
function wantsOf(packet: Packet): readonly (readonly [thing: string, as: string])[] {
  const { family, hook, in: from, out, src, dst, proto, sport, dport, original } = packet;
  const connection = (one: string, other: string): string => `connection ${[one, other].toSorted().join(' ')}`;
  const wants: [string, string][] = [[connection(`${proto} ${src} ${sport}`, `${proto} ${dst} ${dport}`), keyOf(packet)]];
  // What an error is about.
  if (packet.state === 'RELATED') {
    const about = original ?? { src, dst, sport: null, dport: null };
    wants.push([connection(`about ${about.src} ${about.sport}`, `about ${about.dst} ${about.dport}`), keyOf(packet)]);
    if (original !== null)
      for (const tracked of [6, proto])
        wants.push([
          connection(`${tracked} ${about.src} ${about.sport}`, `${tracked} ${about.dst} ${about.dport}`),
          keyOf(packet),
        ]);
  }
  const here = hook === 'input' || out === 'lo';
  const way = here ? 'here' : `out ${out}`;
  wants.push([`address ${family} ${dst}`, here ? 'here' : 'beyond']);
  wants.push([hook === 'output' ? `output ${family} ${dst}` : `from ${from} ${src} ${proto} ${sport}`, way]);
  return wants;
}
