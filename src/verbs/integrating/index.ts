/**
 * How palisade is joined to other systems: one file a system, each one plain object that makes the other side's configuration.
 *
 * What goes over there later (metrics, results, items) is made in `monitor`. Nothing here is needed while monitoring runs. The verb `integrate`
 * calls it.
 */
import type { Integration } from './integration.ts';

/** In the order of the help. */
export const integrations: Readonly<Record<string, () => Promise<Integration>>> = {
  nagios: async () => (await import('./nagios.ts')).nagios as unknown as Integration,
  nrpe: async () => (await import('./nrpe.ts')).nrpe as unknown as Integration,
  icinga: async () => (await import('./icinga.ts')).icinga as unknown as Integration,
  prometheus: async () => (await import('./prometheus.ts')).prometheus as unknown as Integration,
  alertmanager: async () => (await import('./alertmanager.ts')).alertmanager as unknown as Integration,
  grafana: async () => (await import('./grafana.ts')).grafana as unknown as Integration,
  zabbix: async () => (await import('./zabbix.ts')).zabbix as unknown as Integration,
};
