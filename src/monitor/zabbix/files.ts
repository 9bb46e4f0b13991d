import { templateOf } from './template.ts';

/** What Zabbix is told, for packages that bring it along: by the path below `packaging`. */
export function zabbixFiles(): ReadonlyMap<string, string> {
  return new Map(
    (['6.0', '7.0'] as const).flatMap((version) =>
      (['active', 'passive'] as const).map(
        (mode) => [`zabbix/palisade-${mode}-${version}.yaml`, templateOf(version, mode)] as const,
      ),
    ),
  );
}
