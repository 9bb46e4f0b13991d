import { formatAddress, formatPrefix } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import type { Detector, Family } from '../detector.ts';
import { Distinct } from '../distinct.ts';
import { sorts } from '../sort.ts';

/** Ports within some minutes from which on it is a scan. People and monitors ask for a handful, and for the same ones again. */
const ports = 15;
const many = 100;
const halfLifeMs = 5 * 60_000;

export const verticalScan: Detector = {
  id: 'vertical-scan',
  title: 'Port scan',
  description: `One source opens connections to ${ports} or more different TCP ports within minutes (each port counts once; the count halves every ${halfLifeMs / 60_000} minutes). From ${many} ports on it is severe.`,
  looksAt: [sorts.syn],
  quietMs: 10 * 60_000,
  group: 'scan',
  start({ sources, probe, report, more }) {
    const asked = new Distinct(sources.capacity, 256, halfLifeMs);
    const incidents = new Int32Array(sources.capacity);
    const events = new Uint32Array(sources.capacity);
    return {
      see(batch, row, slot) {
        if (slot < 0) return;
        const at = batch.at[row] as number;
        const count = asked.add(slot, probe.service, at);
        events[slot] = (events[slot] as number) + 1;
        if (count < 0) {
          if (incidents[slot] !== 0) more(incidents[slot] as number, batch, row);
          return;
        }
        if (incidents[slot] !== 0 && more(incidents[slot] as number, batch, row)) return;
        if (count < ports) return;
        const source = sources.source(slot);
        const target = formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
        incidents[slot] = report({
          detector: 'vertical-scan',
          key: formatPrefix(source),
          severity: count >= many ? 'high' : 'medium',
          title: `${formatPrefix(source)} scanned the ports of ${target}`,
          why: `It asked for about ${Math.round(count)} different TCP ports within minutes; ${ports} are too many.`,
          sources: [source],
          targets: [],
          batch,
          row,
          at,
          events: events[slot] as number,
          spoofable: true,
          ban: true,
        });
        events[slot] = 0;
      },
      forget(slot) {
        asked.forget(slot);
        incidents[slot] = 0;
        events[slot] = 0;
      },
      tick(now) {
        asked.decay.advance(now);
      },
    };
  },
};
