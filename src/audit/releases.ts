import type { Release } from '../model/host/index.ts';

/** When a release of a distribution gets its last fixes. */
export interface Support {
  /** From its makers' own security team. */
  readonly until: string;
  /** From others who go on for free, as Debian's LTS does. */
  readonly longUntil?: string;
}

/** When this list was made. Debian and Ubuntu are from distro-info-data 0.58+deb12u7; the others are recalled. */
export const releasesAsOf = '2026-11-30';

/** By `ID` and `VERSION_ID` of os-release. */
const releases: Readonly<Record<string, Readonly<Record<string, Support>>>> = {
  debian: {
    9: { until: '2020-07-18', longUntil: '2022-06-30' },
    10: { until: '2022-09-10', longUntil: '2024-06-30' },
    11: { until: '2024-08-14', longUntil: '2026-08-31' },
    12: { until: '2026-07-11', longUntil: '2028-06-30' },
    13: { until: '2028-08-09', longUntil: '2030-06-30' },
  },
  ubuntu: {
    '18.04': { until: '2023-05-31' },
    '20.04': { until: '2025-05-29' },
    '22.04': { until: '2027-06-01' },
    '23.10': { until: '2024-07-11' },
    '24.04': { until: '2029-05-31' },
    '24.10': { until: '2025-07-10' },
    '25.04': { until: '2026-01-15' },
    '25.10': { until: '2026-07-09' },
    '26.04': { until: '2031-05-29' },
    '26.10': { until: '2027-07-15' },
  },
  rhel: majors({ 7: '2024-06-30', 8: '2029-05-31', 9: '2032-05-31', 10: '2035-05-31' }),
  rocky: majors({ 8: '2029-05-31', 9: '2032-05-31', 10: '2035-05-31' }),
  almalinux: majors({ 8: '2029-03-01', 9: '2032-05-31', 10: '2035-05-31' }),
  centos: majors({ 7: '2024-06-30', 8: '2024-05-31', 9: '2027-05-31' }),
  fedora: majors({ 40: '2025-05-13', 41: '2025-12-15', 42: '2026-05-13' }),
  alpine: majors({ '3.19': '2025-11-01', '3.20': '2026-04-01', '3.21': '2026-11-01', '3.22': '2027-05-01' }),
  'opensuse-leap': majors({ '15.5': '2024-12-31', '15.6': '2026-04-30' }),
};

function majors(until: Readonly<Record<string, string>>): Readonly<Record<string, Support>> {
  return Object.fromEntries(Object.entries(until).map(([version, day]) => [version, { until: day }]));
}

/** `undefined` for releases that the list does not have, and for rolling ones. */
export function supportOf({ id, version }: Release): Support | undefined {
  const known = releases[id];
  if (known === undefined || version === null) return undefined;
  const [major = '', minor = ''] = version.split('.');
  return known[version] ?? known[`${major}.${minor}`] ?? known[major];
}
