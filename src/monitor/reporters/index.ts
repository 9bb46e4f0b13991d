/**
 * Those who bring a host's state to monitoring systems that wait to be told: one file a system, each one plain object.
 *
 * They read what is published, as any reader, without rights over the firewall. Alerts of incidents do not go this way (`alert`). The process that
 * sends calls them.
 */
import { icinga } from './icinga.ts';
import { nagios } from './nagios.ts';
import type { Reporter } from './reporter.ts';
import { zabbix } from './zabbix.ts';

export type { Reporter, ReporterContext } from './reporter.ts';

export const reporters: readonly Reporter[] = [nagios, icinga, zabbix] as unknown as readonly Reporter[];
