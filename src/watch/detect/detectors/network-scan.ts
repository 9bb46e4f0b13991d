import { formatPrefix, type Prefix } from '../../../model/net/index.ts';
import type { Batch } from '../../events/batch.ts';
import { mostSources } from '../../incidents/incident.ts';
import type { Detector } from '../detector.ts';
import { Distinct, distinctWords } from '../distinct.ts';
import { Places } from '../places.ts';
import { mix } from '../probe.ts';
import { Records } from '../records.ts';
import { networkAround } from '../scanners.ts';
import { probes } from '../sort.ts';

const members = 16;
/** A network whose people all want the same is no attack. */
const targets = 16;
const hours = 1;
/** Networks that are followed at once. */
const networks = 4096;

export const networkScan: Detector = {
  id: 'network-scan',
  title: 'Scan by a network',
  remedy:
    'Shut the whole network out (palisade ban NETWORK), if nobody of it is a guest of yours; tell its owner, whom whois names.',
  description: `${members} or more sources of one network (a /24 of IPv4, a /48 of IPv6) take part in looking for ${targets} or more different ports of addresses. Each counts once, and what was counted halves every hour. The ${networks} networks that do most are followed.`,
  looksAt: probes,
  quietMs: hours * 3_600_000,
  start({ sources, probe, seed, report, more }) {
    const halfLifeMs = hours * 3_600_000;
    const incidents = new Int32Array(networks);
    const events = new Uint32Array(networks);
    const since = new Float64Array(networks);
    const records = new Records(networks, distinctWords(256) + distinctWords(128));
    const taking = new Distinct(records, 256, halfLifeMs, { isExact: true });
    const asked = new Distinct(records, 128, halfLifeMs, { renews: true });
    const places = new Places(
      networks,
      (one, other) => taking.isFewer(one, other),
      (place) => {
        records.clear(place);
        incidents[place] = 0;
        events[place] = 0;
      },
    );
    /** The place of each source's network, and one more. */
    const placeOf = sources.records.reserve(1);
    const { words, stride } = sources.records;

    function open(batch: Batch, row: number, place: number, slot: number): number {
      const at = batch.at[row] as number;
      const network = networkAround(sources.source(slot));
      const name = formatPrefix(network);
      // All that are of it and took part: where their place was another's meanwhile, its own was forgotten.
      const named: Prefix[] = [];
      for (let each = 0; each < sources.size && named.length < mostSources; each += 1)
        if (words[each * stride + placeOf] === place + 1 && sources.isTrusted(each) === sources.isTrusted(slot)) {
          const source = sources.source(each);
          if (within(source, network)) named.push(source);
        }
      return report({
        detector: 'network-scan',
        key: name,
        severity: 'high',
        title: `Many of ${name} scanned together`,
        why: `About ${Math.round(taking.count(place))} of its sources asked for about ${Math.round(asked.count(place))} different ports within an hour or so; ${members} sources and ${targets} ports are too many.`,
        sources: named,
        sourceCount: Math.max(named.length, Math.round(taking.count(place))),
        targets: [],
        batch,
        row,
        at,
        since: since[place] as number,
        events: events[place] as number,
        spoofable: true,
        ban: true,
      });
    }

    return {
      see(batch, row, slot) {
        if (slot < 0) return;
        const from = 4 * row;
        const isFour = batch.family[row] === 4;
        const kind = (isFour ? 0 : 2) | (batch.trusted ? 1 : 0);
        const last = batch.src[from + 3] as number;
        const a = isFour ? last & 0xffffff00 : (batch.src[from] as number) | 0;
        const second = batch.src[from + 1] as number;
        const b = isFour ? kind : (second & 0xffff0000) | kind;
        let place = (words[slot * stride + placeOf] as number) - 1;
        if (place < 0 || !places.holds(place, a, b)) {
          place = places.of(a, b, mix(mix(seed, a), b));
          words[slot * stride + placeOf] = place + 1;
        }
        const at = batch.at[row] as number;
        const took = taking.add(place, isFour ? last & 0xff : mix(seed, second & 0xffff), probe.second);
        if (took >= 0 && took <= 1) {
          events[place] = 0;
          since[place] = at;
        }
        asked.add(place, probe.target, probe.second);
        if (incidents[place] !== 0) {
          if (more(incidents[place] as number, batch, row)) return;
          incidents[place] = 0;
          since[place] = at;
        }
        events[place] = (events[place] as number) + 1;
        if (took < members || asked.count(place) < targets) return;
        incidents[place] = open(batch, row, place, slot);
        events[place] = 0;
      },
      tick(now) {
        taking.decay.advance(now);
        asked.decay.advance(now);
      },
    };
  },
};

function within(source: Prefix, network: Prefix): boolean {
  const shift = network.family === 4 ? 8n : 80n;
  return source.family === network.family && source.value >> shift === network.value >> shift;
}
