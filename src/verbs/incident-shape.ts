import { z } from 'zod';
import { bitsOf, formatAddress, formatPrefix, type Prefix } from '../model/net/index.ts';
import type { Ban } from '../watch/bans/ban.ts';
import type { Incident } from '../watch/incidents/incident.ts';

/** Something that happened, as JSON: what `simulate`, `incidents`, `watch` and `up` say of it. */
export const incidentShape = z
  .object({
    kind: z.literal('incident'),
    id: z.string(),
    detector: z.string(),
    severity: z.enum(['critical', 'high', 'medium', 'low', 'info']),
    title: z.string(),
    why: z.string().describe('What was counted, and how much of it is too much.'),
    remedy: z.string().describe('What to do about it.'),
    sources: z.array(z.string()).describe('Addresses; of IPv6 networks. The first 1,024.'),
    sourceCount: z.int().describe('Of all of them; an estimate where there are very many.'),
    targets: z.array(z.string()),
    first: z.number().describe('Epoch seconds.'),
    last: z.number(),
    events: z.int(),
    evidence: z.array(z.string()).describe('Its first and its last lines, as they were logged.'),
    spoofable: z.boolean().describe('All of it could have been sent with a forged source address.'),
    trusted: z.boolean().describe('None of it could have been written by somebody without rights over this machine.'),
    state: z.enum(['open', 'closed']),
  })
  .meta({ id: 'Incident' });

export type IncidentJson = z.output<typeof incidentShape>;

/** A source that is shut out, as JSON. */
export const banShape = z
  .object({
    kind: z.literal('ban'),
    source: z.string().describe('A network: 203.0.113.9/32.'),
    at: z.number().describe('Epoch seconds.'),
    until: z.number(),
    why: z.string(),
    reach: z.enum(['new', 'all']).describe('new: connections that it begins; all: every packet of it.'),
    by: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('incident'), detector: z.string(), incident: z.string() }),
      z.object({ kind: z.literal('person'), name: z.string() }),
      z.object({ kind: z.literal('list'), name: z.string() }),
    ]),
    before: z.int().describe('Bans of it that came before.'),
  })
  .meta({ id: 'Ban' });

export type BanJson = z.output<typeof banShape>;

export function incidentToJson(incident: Incident): IncidentJson {
  return {
    kind: 'incident',
    id: incident.id,
    detector: incident.detector,
    severity: incident.severity,
    title: incident.title,
    why: incident.why,
    remedy: incident.remedy,
    sources: incident.sources.map(sourceText),
    sourceCount: incident.sourceCount,
    targets: [...incident.targets],
    first: incident.first / 1000,
    last: incident.last / 1000,
    events: incident.events,
    evidence: [...incident.evidence],
    spoofable: incident.spoofable,
    trusted: incident.trusted,
    state: incident.state,
  };
}

export function banToJson({ source, at, until, why, reach, by, before }: Ban): BanJson {
  return { kind: 'ban', source: formatPrefix(source), at: at / 1000, until: until / 1000, why, reach, by: { ...by }, before };
}

/** One address as such, a network with its length. */
function sourceText(source: Prefix): string {
  return source.length === bitsOf(source.family) ? formatAddress(source) : formatPrefix(source);
}
