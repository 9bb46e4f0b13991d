import type { IncidentJson } from '../../../src/verbs/incident-shape.ts';
import { type Happened, shutOutUntil } from '../happened.ts';
import type { LiveHost } from '../live.ts';
import { plural, visible } from '../words.ts';
import { ScrollBox } from './scroll-box.tsx';
import { SeverityWord } from './severity.tsx';
import { clockOf } from './verdict.tsx';

interface IncidentsProps {
  happened: Happened;
  connection: LiveHost['connection'];
}

/** What is seen in the logged packets: what goes on first, then the latest. */
export function Incidents({ happened, connection }: IncidentsProps) {
  const { incidents } = happened;
  const open = incidents.filter(({ state }) => state === 'open');
  const over = incidents.filter(({ state }) => state === 'closed');
  return (
    <section id="incidents" aria-labelledby="incidents-title">
      <div class="heading">
        <h2 id="incidents-title">Incidents</h2>
        {incidents.length === 0 ? null : (
          <span class="tally">
            {open.length} open, {over.length} over
          </span>
        )}
      </div>
      {incidents.length === 0 ? (
        <p class="empty">{connection === 'live' ? 'None in the last day.' : 'Not connected.'}</p>
      ) : (
        <ScrollBox class="incidents-box" label="Incidents">
          <ol class="incidents">
            {[...open, ...over].map((incident) => (
              <Incident key={incident.id} incident={incident} happened={happened} />
            ))}
          </ol>
        </ScrollBox>
      )}
    </section>
  );
}

function Incident({ incident, happened }: { incident: IncidentJson; happened: Happened }) {
  const { severity, title, why, remedy, events, last, state, evidence } = incident;
  const until = shutOutUntil(happened, incident, Date.now() / 1000);
  return (
    <li class={state === 'open' ? severity : 'info'}>
      <details>
        <summary>
          <SeverityWord severity={severity} />
          <span class="title">{visible(title)}</span>
          <span class="more">
            {[
              plural(events, 'event'),
              state === 'open' ? `goes on, last at ${clockOf(last)}` : `over since ${clockOf(last)}`,
              until === null ? null : `shut out until ${clockOf(until)}`,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
        </summary>
        <p>{visible(why)}</p>
        {remedy === '' ? null : <p>{visible(remedy)}</p>}
        {evidence.length === 0 ? null : <pre>{evidence.map(visible).join('\n')}</pre>}
      </details>
    </li>
  );
}
