import { z } from 'zod';
import { bitsOf, formatAddress, formatPrefix, type Prefix } from '../model/net/index.ts';
import type { Incident } from '../watch/incidents/index.ts';

/** One incident as JSON: what `incidents` and `simulate` say. */
export const incidentShape = z
  .object({
    id: z.string(),
    detector: z.string().describe('What saw it: `vertical-scan`, `ssh-brute-force`, …'),
    severity: z.enum(['critical', 'high', 'medium', 'low', 'info']),
    title: z.string().describe('Who did what to whom.'),
    why: z.string().describe('What was counted, and how much of it is too much.'),
    sources: z.array(z.string()).describe('Addresses; of IPv6 their /64. At most 1024 are named.'),
    sourceCount: z.int().describe('How many there are in all; an estimate where there are very many.'),
    targets: z.array(z.string()).describe('Most first.'),
    first: z.number().describe('Of its first event, in epoch seconds.'),
    last: z.number().describe('Of its last event, in epoch seconds.'),
    events: z.int(),
    evidence: z.array(z.string()).describe('Its first and last lines, as they were read.'),
    spoofable: z.boolean().describe('All of it could have been sent by somebody with a forged address.'),
    trusted: z.boolean().describe('None of it could have been written by somebody without rights over this machine.'),
    state: z.enum(['open', 'closed']),
  })
  .meta({ id: 'Incident' });

export type IncidentJson = z.output<typeof incidentShape>;

export function incidentToJson(incident: Incident): IncidentJson {
  const { id, detector, severity, title, why, sources, sourceCount, targets, first, last, events, evidence } = incident;
  return {
    ...{ id, detector, severity, title, why },
    sources: sources.map(sourceText),
    sourceCount,
    targets: [...targets],
    first: first / 1000,
    last: last / 1000,
    events,
    evidence: [...evidence],
    spoofable: incident.spoofable,
    trusted: incident.trusted,
    state: incident.state,
  };
}

/** An address by itself, a network with its length. */
export function sourceText(source: Prefix): string {
  return source.length === bitsOf(source.family) ? formatAddress(source) : formatPrefix(source);
}
