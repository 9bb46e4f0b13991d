import { z } from 'zod';
import { hostState } from '../monitor/state/index.ts';
import { verb } from './verb.ts';

const stateInput = z.object({
  format: z
    .enum(['json', 'prometheus', 'openmetrics', 'zabbix'])
    .default('json')
    .describe('As JSON, as metrics in the text format or OpenMetrics, or as the one line that Zabbix takes'),
  output: z
    .string()
    .optional()
    .describe('Write it there, whole or not at all, for all to read')
    .meta({ value: 'FILE', path: true }),
  socket: z.string().optional().describe('Where the state of the host is published').meta({ value: 'FILE', path: true }),
  timeout: z.number().min(0.1).max(600).default(10).describe('Give up after so many seconds').meta({ value: 'SECONDS' }),
});

export type StateInput = z.output<typeof stateInput>;

export const state = verb({
  name: 'state',
  group: 'connect',
  summary: 'the state of this host as monitoring systems see it, as JSON, metrics, or Zabbix’s line',
  description: `Prints what palisade up publishes: rules with what they have met, findings, drift, sets, logged packets, incidents, bans, backups, updates and
who reaches what. It needs no root: it reads the socket that members of the group palisade may read. A state that is older than it may be is none.

--format prometheus --output FILE writes metrics for the textfile collector of node_exporter; where palisade up writes that file by itself
(publish: { textfile: FILE } in config.yaml), nothing else is needed. --format zabbix prints one line of JSON whatever is the matter, and nothing on
standard error. docs/monitoring.md says what stands where.`,
  input: stateInput,
  output: hostState,
  streams: false,
  unprivileged: true,
  exits: {
    0: 'printed, or written',
    2: 'a flag could not be read, or the file could not be written',
    3: 'nobody publishes a state, it may not be read, or it is too old; metrics and Zabbix’s line say so',
  },
  examples: [
    { command: 'palisade state', says: 'all of it' },
    { command: 'palisade state --format zabbix', says: 'what a UserParameter of Zabbix’s agent calls' },
    {
      command: 'palisade state --format prometheus --output /var/lib/prometheus/node-exporter/palisade.prom',
      says: 'for the textfile collector',
    },
  ],
  async run(context, input) {
    const { tellState } = await import('./publishing/telling.ts');
    return await tellState(context, input);
  },
});
