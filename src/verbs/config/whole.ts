import { z } from 'zod';
import { channels } from '../../alert/channels/index.ts';
import { alertSettings } from '../../alert/settings.ts';
import { reporters } from '../../monitor/reporters/index.ts';
import { configSchema } from './schema.ts';

const reports = z.strictObject(
  Object.fromEntries(
    reporters.map(({ name, summary, settings }) => [name, z.strictObject(settings.shape).optional().describe(summary)]),
  ),
);

/** The schema with all that channels and reporters can be told. It loads all of them: only what needs to know does. */
export const wholeSchema = configSchema.extend({
  alerts: alertSettings(channels).optional().describe('Who is told of incidents, and how.'),
  reports: reports.optional().describe('Monitoring systems that wait to be told how the host is.'),
});

/** What the configuration says of alerts and reports, with what holds where it says nothing. It was read before, so that it is of its shape. */
export function sendingOf(said: { readonly alerts?: unknown; readonly reports?: unknown }) {
  const { alerts, reports: reported } = wholeSchema.parse({ alerts: said.alerts, reports: said.reports });
  return { alerts: alerts ?? null, reports: reported ?? {} };
}
