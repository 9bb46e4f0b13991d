import { formatAddress, type Prefix } from '../../../model/net/index.ts';
import { addressAt, type Batch } from '../../events/batch.ts';
import { mostSources } from '../../incidents/incident.ts';
import type { Detector, Family } from '../detector.ts';
import { Distinct, distinctWords } from '../distinct.ts';
import { Places } from '../places.ts';
import { mix } from '../probe.ts';
import { Records } from '../records.ts';
import { sorts } from '../sort.ts';

/** Ports of one target that nobody had asked for lately, asked for by sources of few ports each. */
const ports = 120;
const crowd = 40;
/** Who asks for more is a scanner by itself. */
const few = 14;
/** Who has asked for so many ports that nobody had asked for is one of them. */
const part = 3;
const minutes = 30;
/** Addresses that are followed at once. */
const targets = 512;

export const distributedScan: Detector = {
  id: 'distributed-scan',
  title: 'Scan by many',
  remedy:
    'See with palisade reach whether what answers is meant to; close what is not. Banning the sources helps little: there are many, and each asks seldom.',
  description: `${crowd} or more sources ask for ${ports} or more ports of one address between them, each for no more than ${few}, and mostly for ports that none of the others asks for. Each port counts once, and what was counted halves every ${minutes} minutes. Who has asked for ${part} or more of these is taken for one of them. The ${targets} addresses that this happens to most are followed.`,
  looksAt: [sorts.syn, sorts.udp],
  quietMs: minutes * 60_000,
  start({ sources, probe, seed, report, more }) {
    const halfLifeMs = minutes * 60_000;
    /** Services of each source. */
    const own = new Distinct(sources.records, 64, halfLifeMs);
    /** The target that each asked last, with how often its place had changed hands by then; and ports that nobody else had asked it for. */
    const stampOf = sources.records.reserve(2);
    const { words, stride } = sources.records;
    /** Of each target: ports, and who asks for them. */
    const records = new Records(targets, distinctWords(8192) + distinctWords(512));
    const asked = new Distinct(records, 8192, halfLifeMs, { renews: true });
    const asking = new Distinct(records, 512, halfLifeMs, { renews: true });
    const incidents = new Int32Array(targets);
    const events = new Uint32Array(targets);
    const since = new Float64Array(targets);
    const hands = new Uint16Array(targets);
    const places = new Places(
      targets,
      (one, other) => asked.isFewer(one, other),
      (place) => {
        records.clear(place);
        incidents[place] = 0;
        events[place] = 0;
        hands[place] = (hands[place] as number) + 1;
      },
    );
    const stamp = (place: number): number => ((hands[place] as number) + 1) * targets + place;

    function open(batch: Batch, row: number, place: number, slot: number): number {
      const named: Prefix[] = [];
      for (let each = 0; each < sources.size && named.length < mostSources; each += 1)
        if (
          words[each * stride + stampOf] === stamp(place) &&
          (words[each * stride + stampOf + 1] as number) >= part &&
          own.count(each) > 0.25 &&
          sources.isTrusted(each) === sources.isTrusted(slot)
        )
          named.push(sources.source(each));
      const target = formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
      return report({
        detector: 'distributed-scan',
        key: target,
        severity: 'high',
        title: `Many sources scanned the ports of ${target} together`,
        why: `About ${Math.round(asking.count(place))} sources asked for about ${Math.round(asked.count(place))} different ports of it, few each, within an hour or so; ${crowd} sources and ${ports} ports are too many.`,
        sources: named,
        sourceCount: Math.max(named.length, Math.round(asking.count(place))),
        targets: [],
        batch,
        row,
        at: batch.at[row] as number,
        since: since[place] as number,
        events: events[place] as number,
        spoofable: true,
        ban: true,
      });
    }

    return {
      see(batch, row, slot) {
        if (slot < 0) return;
        const at = batch.at[row] as number;
        const count = own.add(slot, probe.service, probe.second);
        if (count < 0) return;
        const stamped = slot * stride + stampOf;
        const given = stamped + 1;
        if (count <= 1) words[given] = 0;
        if (count > few) return;
        const kind = batch.trusted ? 1 : 0;
        const place = places.of(probe.host, kind, mix(seed, probe.host ^ kind));
        if (words[stamped] !== stamp(place)) {
          words[stamped] = stamp(place);
          words[given] = 0;
        }
        const all = asked.add(place, probe.service, probe.second);
        if (all < 0) return;
        // What everybody hears all day is none of it.
        if (all < ports / 4) {
          events[place] = 0;
          since[place] = at;
        }
        asking.add(place, mix(seed, slot), probe.second);
        words[given] = (words[given] as number) + 1;
        events[place] = (events[place] as number) + 1;
        if (incidents[place] !== 0) {
          if ((words[given] as number) < part) return;
          if (more(incidents[place] as number, batch, row)) return;
          incidents[place] = 0;
          since[place] = at;
        }
        if (all < ports || asking.count(place) < crowd) return;
        incidents[place] = open(batch, row, place, slot);
        events[place] = 0;
      },
      tick(now) {
        own.decay.advance(now);
        asked.decay.advance(now);
        asking.decay.advance(now);
      },
    };
  },
};
