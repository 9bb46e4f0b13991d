import type { PluginText } from '../checks/index.ts';

/** The body of `process-check-result`. @param ttl seconds after which Icinga asks by itself */
export function resultOf(host: string, service: string, exit: number, text: PluginText, ttl: number): object {
  return {
    type: 'Service',
    filter: 'host.name == palisade_host && service.name == palisade_service',
    filter_vars: { palisade_host: host, palisade_service: service },
    exit_status: exit,
    plugin_output: [text.first, ...text.more].join('\n'),
    performance_data: text.perfdata,
    check_source: 'palisade',
    ttl,
  };
}
