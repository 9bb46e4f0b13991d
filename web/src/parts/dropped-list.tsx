import { useState } from 'preact/hooks';
import { type Dropped, topSources } from '../dropped.ts';
import type { LiveHost } from '../live.ts';
import { countWords, loggedToPacket, type PacketJson, plural, shortService, visible } from '../words.ts';
import { ScrollBox } from './scroll-box.tsx';
import { clockOf } from './verdict.tsx';

interface DroppedListProps {
  dropped: Dropped;
  connection: LiveHost['connection'];
  onTrace: (packet: Partial<PacketJson>) => void;
}

/** The packets that the kernel logs, newest first, as they come. */
export function DroppedList({ dropped, connection, onTrace }: DroppedListProps) {
  const [paused, setPaused] = useState<Dropped | null>(null);
  const shown = paused ?? dropped;
  const behind = dropped.seen - shown.seen;
  return (
    <section id="dropped" aria-labelledby="dropped-title">
      <div class="heading">
        <h2 id="dropped-title">Logged packets</h2>
        <button
          type="button"
          class="small"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused === null ? dropped : null)}
        >
          {paused === null ? 'Pause' : 'Go on'}
        </button>
      </div>
      <p class="tallies">
        <span>
          <b class="number">{countWords(dropped.seen)}</b> logged
        </span>
        <span
          class={dropped.lost > 0 ? 'lost some' : 'lost'}
          title="Lines that the kernel had and nobody could read, or that this page was too slow for"
        >
          <b class="number">{countWords(dropped.lost)}</b> lost
        </span>
        {paused === null ? null : <span>paused, {plural(behind, 'newer one')}</span>}
      </p>
      <p class="top">
        {topSources(shown.packets, 3).map(({ source, count }, index) => (
          <span key={source}>
            {index === 0 ? 'Most from ' : ', '}
            <code>{source}</code> ({countWords(count)})
          </span>
        ))}
        {'\u00a0'}
      </p>
      <ScrollBox class="events-box" role="log" label="Logged packets, newest first">
        {shown.packets.length === 0 ? (
          <p class="empty">
            {connection === 'live'
              ? 'None so far. Packets appear here when a LOG or NFLOG rule stands before what drops them.'
              : 'Not connected.'}
          </p>
        ) : null}
        <ol class="events">
          {shown.packets.map(({ id, packet }) => (
            <li key={id}>
              <time dateTime={new Date(packet.at * 1000).toISOString()}>{clockOf(packet.at)}</time>
              <span class="flow">
                <code>{packet.src}</code> → <code class="service">{shortService(packet)}</code>
              </span>
              <button
                type="button"
                class="small quiet"
                aria-label={`Trace the packet from ${packet.src} to ${shortService(packet)}`}
                onClick={() => onTrace(loggedToPacket(packet))}
              >
                Trace
              </button>
              <span class="more">
                {[
                  `${visible(packet.in ?? 'this host')} → ${packet.out === null ? '' : `${visible(packet.out)} `}${packet.dst}`,
                  packet.flags === null || packet.flags.length === 0 ? null : packet.flags.join(' '),
                  packet.prefix === '' ? null : visible(packet.prefix),
                ]
                  .filter((part) => part !== null)
                  .join(' · ')}
              </span>
            </li>
          ))}
        </ol>
      </ScrollBox>
    </section>
  );
}
