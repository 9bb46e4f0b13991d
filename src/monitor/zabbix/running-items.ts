import type { HostState } from '../state/index.ts';
import { lines } from './firewall-items.ts';
import { from, type Item, type PartName, partNames } from './item.ts';
import { plainText } from './text.ts';

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

function unknownParts(state: HostState): readonly { readonly name: string; readonly why: string; readonly remedy: string }[] {
  return (Object.keys(partNames) as PartName[]).flatMap((part) => {
    const stands = state[part];
    return stands.known ? [] : [{ name: partNames[part], why: stands.why, remedy: stands.remedy }];
  });
}

/** What palisade says of itself. */
const ownItems: readonly Item[] = [
  {
    field: 'at',
    name: 'State read at',
    says: 'When the host was read for what is shown.',
    ...{ component: 'palisade', type: 'UNSIGNED', units: 'unixtime' },
    of: ({ at }) => Math.floor(at),
  },
  {
    field: 'version',
    name: 'Version of palisade',
    says: 'Which palisade has read the host.',
    ...{ component: 'palisade', type: 'CHAR', keeps: 'changes' },
    of: ({ palisade }) => plainText(palisade.version, 60),
  },
  {
    field: 'spent.read',
    name: 'Time of a reading',
    says: 'How long the latest reading of the host took.',
    ...{ component: 'palisade', type: 'FLOAT', units: 's' },
    of: ({ spent }) => spent.readMs / 1000,
  },
  {
    field: 'unknown',
    name: 'Parts that are not known',
    says: 'How many parts of the state could not be read. Their items keep the values that they had: those say nothing of now.',
    ...{ component: 'palisade', type: 'UNSIGNED' },
    of: (state) => unknownParts(state).length,
    triggers: [
      {
        id: 'unknown',
        name: 'Iptables: Something of the firewall is not known',
        event: 'Iptables: Not known: {?last(@unknown.text)}',
        expression: 'min(@unknown,{$IPT.UNKNOWN.FOR})>0',
        priority: 'WARNING',
        scope: 'availability',
        below: 'readable',
        says: 'Items of these parts keep the values that they had, which say nothing of now. The text says what to do.',
      },
    ],
  },
  {
    field: 'unknown.text',
    name: 'Parts that are not known, as text',
    says: 'What could not be read, why, and what to do about it, a line each.',
    ...{ component: 'palisade', type: 'TEXT', keeps: 'changes' },
    of: (state) => lines(unknownParts(state).map(({ name, why, remedy }) => `${name}: ${why}; ${remedy}`)),
  },
];

const incidentMarks = {
  critical: { priority: 'DISASTER', macro: '{$IPT.INCIDENTS.CRITICAL.MAX}' },
  high: { priority: 'HIGH', macro: '{$IPT.INCIDENTS.HIGH.MAX}' },
  medium: { priority: 'WARNING', macro: '{$IPT.INCIDENTS.MEDIUM.MAX}' },
} as const;

const incidentItems: readonly Item[] = [
  ...severities.map((severity): Item => {
    const mark = severity === 'low' || severity === 'info' ? null : incidentMarks[severity];
    return {
      field: `incidents.${severity}`,
      name: `Open incidents, ${severity}`,
      says: `Incidents of severity ${severity} that are going on and that nobody has acknowledged.`,
      ...{ component: 'incidents', type: 'UNSIGNED' },
      of: from('incidents', ({ open }) => open[severity]),
      ...(mark !== null && {
        triggers: [
          {
            id: `incidents.${severity}`,
            name: `Iptables: Open incidents of severity ${severity}`,
            event: 'Iptables: {ITEM.LASTVALUE1} open incidents: {?last(@incidents.text)}',
            opdata: '{ITEM.LASTVALUE1}',
            expression: `last(@incidents.${severity})>${mark.macro}`,
            priority: mark.priority,
            scope: 'security',
            says: 'palisade incidents lists them with their evidence; palisade incidents ack ID takes one over.',
          },
        ],
      }),
    };
  }),
  {
    field: 'incidents.attended',
    name: 'Open incidents that somebody has',
    says: 'Incidents that are going on and that somebody has acknowledged or silenced.',
    ...{ component: 'incidents', type: 'UNSIGNED', keeps: 'changes' },
    of: from('incidents', ({ attended }) => attended),
  },
  {
    field: 'incidents.text',
    name: 'Open incidents, as text',
    says: 'What is going on that nobody has acknowledged, the worst first, a line each.',
    ...{ component: 'incidents', type: 'TEXT', keeps: 'changes' },
    of: from('incidents', ({ list }) =>
      lines(list.filter(({ attended }) => !attended).map(({ severity, title }) => `${severity}: ${title}`)),
    ),
  },
  {
    field: 'bans',
    name: 'Sources shut out',
    says: 'Sources that are shut out now.',
    ...{ component: 'bans', type: 'UNSIGNED', keeps: 'changes' },
    of: from('bans', ({ active }) => active),
  },
];

const kernelItems: readonly Item[] = [
  {
    field: 'sets',
    name: 'Sets',
    says: 'How many sets of ipset there are.',
    ...{ component: 'sets', type: 'UNSIGNED' },
    of: from('sets', (all) => all.length),
  },
  {
    field: 'conntrack.entries',
    name: 'Tracked connections',
    says: 'Connections that the kernel tracks. Absent where it tracks none.',
    ...{ component: 'conntrack', type: 'UNSIGNED' },
    of: from('conntrack', (table) => table?.entries ?? null),
  },
  {
    field: 'conntrack.limit',
    name: 'Tracked connections, limit',
    says: 'How many the kernel tracks at most.',
    ...{ component: 'conntrack', type: 'UNSIGNED', keeps: 'changes' },
    of: from('conntrack', (table) => table?.limit ?? null),
  },
  {
    field: 'conntrack.used',
    name: 'Connection tracking, used',
    says: 'Tracked connections of those that the kernel takes. When it is full, new connections are dropped.',
    ...{ component: 'conntrack', type: 'FLOAT', units: '%' },
    of: from('conntrack', (table) => (table === null || table.limit <= 0 ? null : percent(table.entries, table.limit))),
    triggers: [
      {
        id: 'conntrack.full',
        name: 'Iptables: Connection tracking is full soon',
        event: 'Iptables: Connection tracking is {ITEM.LASTVALUE1} full',
        opdata: '{ITEM.LASTVALUE1}',
        expression: 'last(@conntrack.used)>{$IPT.CONNTRACK.USED.CRIT}',
        priority: 'HIGH',
        scope: 'capacity',
        says: 'When it is full the kernel drops new connections. Raise net.netfilter.nf_conntrack_max, or find who opens so many.',
      },
      {
        id: 'conntrack.filling',
        name: 'Iptables: Connection tracking is filling',
        event: 'Iptables: Connection tracking is {ITEM.LASTVALUE1} full',
        opdata: '{ITEM.LASTVALUE1}',
        expression: 'last(@conntrack.used)>{$IPT.CONNTRACK.USED.WARN}',
        priority: 'WARNING',
        scope: 'capacity',
        below: 'conntrack.full',
        says: 'Raise net.netfilter.nf_conntrack_max, or find who opens so many.',
      },
    ],
  },
  ...(
    [
      ['dropped', 'Packets dropped for want of room', 'the table is full'],
      ['earlyDropped', 'Connections forgotten for want of room', 'the table is nearly full'],
      ['insertFailed', 'Connections that could not be entered', 'the table is full, or two packets met'],
    ] as const
  ).map(
    ([counter, name, when]): Item => ({
      field: `conntrack.${counter.replace(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`)}`,
      name: `Connection tracking, ${name.toLowerCase()}`,
      says: `${name}: ${when}.`,
      ...{ component: 'conntrack', type: 'FLOAT', units: '/s', keeps: 'rate' },
      of: from('conntrack', (table) => table?.[counter] ?? null),
      ...(counter === 'dropped' && {
        triggers: [
          {
            id: 'conntrack.drops',
            name: 'Iptables: Connection tracking drops packets',
            event: 'Iptables: Connection tracking drops {ITEM.LASTVALUE1} packets',
            expression: 'last(@conntrack.dropped)>{$IPT.CONNTRACK.DROPPED.MAX}',
            priority: 'HIGH',
            scope: 'capacity',
            says: 'New connections fail now. Raise net.netfilter.nf_conntrack_max, or find who opens so many.',
          },
        ],
      }),
    }),
  ),
];

const logItems: readonly Item[] = [
  {
    field: 'log.rate',
    name: 'Logged packets a minute',
    says: 'Packets that rules logged, over the last five minutes.',
    ...{ component: 'log', type: 'FLOAT' },
    of: from('log', ({ perMinute }) => Math.round(perMinute * 100) / 100),
    triggers: [
      {
        id: 'log.rate',
        name: 'Iptables: Unusually many packets are logged',
        event: 'Iptables: {ITEM.LASTVALUE1} packets a minute are logged',
        expression: 'min(@log.rate,5m)>{$IPT.LOG.RATE.MAX}',
        priority: 'WARNING',
        scope: 'performance',
        says: 'palisade top says who sends them.',
      },
    ],
  },
  {
    field: 'log.lost',
    name: 'Logged packets that were lost',
    says: 'Packets that were logged and that palisade did not get to read.',
    ...{ component: 'log', type: 'FLOAT', units: '/s', keeps: 'rate' },
    of: from('log', ({ lost }) => lost.reduce((sum, { count }) => sum + count, 0)),
    triggers: [
      {
        id: 'log.lost',
        name: 'Iptables: Logged packets are lost',
        expression: 'min(@log.lost,10m)>0',
        priority: 'WARNING',
        scope: 'performance',
        says: 'Detection does not see all there is. Limit what rules log, or log by NFLOG.',
      },
    ],
  },
  {
    field: 'log.dropped',
    name: 'Dropped packets',
    says: 'Packets that rules and policies dropped, as the kernel counts them.',
    ...{ component: 'log', type: 'FLOAT', units: 'pps', keeps: 'rate' },
    of: from('log', ({ dropped }) => dropped),
  },
  {
    field: 'log.last',
    name: 'Latest logged packet',
    says: 'When a logged packet was last read. Absent until one was.',
    ...{ component: 'log', type: 'UNSIGNED', units: 'unixtime', keeps: 'changes' },
    of: from('log', ({ last }) => (last === null ? null : Math.floor(last))),
    triggers: [
      {
        id: 'log.silent',
        name: 'Iptables: Packets are dropped and none is logged',
        expression: 'min(@log.dropped,1h)>0 and now()-last(@log.last)>{$IPT.LOG.SILENCE}',
        priority: 'WARNING',
        scope: 'availability',
        says: 'Logging has come to an end, and with it detection. palisade watch says what it reads.',
      },
    ],
  },
];

const keepingItems: readonly Item[] = [
  {
    field: 'backup.at',
    name: 'Latest snapshot',
    says: 'When the latest snapshot of the firewall was taken; 0: there is none.',
    ...{ component: 'backup', type: 'UNSIGNED', units: 'unixtime', keeps: 'changes' },
    of: from('backup', ({ last }) => (last === null ? 0 : Math.floor(last.at))),
    triggers: [
      {
        id: 'backup.old',
        name: 'Iptables: No recent snapshot of the firewall',
        expression: 'now()-last(@backup.at)>{$IPT.BACKUP.AGE.MAX}',
        priority: 'WARNING',
        scope: 'availability',
        says: 'palisade backup create takes one; palisade backup schedule has them taken.',
      },
    ],
  },
  {
    field: 'backup.proven',
    name: 'Latest snapshot is proven',
    says: 'Whether the latest snapshot was loaded into a namespace and read back as it is.',
    ...{ component: 'backup', type: 'UNSIGNED', valueMap: 'no, yes or unknown', keeps: 'changes' },
    of: from('backup', ({ last }) => (last?.proven === true ? 1 : last?.proven === false ? 0 : 2)),
  },
  {
    field: 'backup.failing',
    name: 'Snapshots fail',
    says: 'Whether the last snapshot, or its copy elsewhere, failed.',
    ...{ component: 'backup', type: 'UNSIGNED', valueMap: 'no or yes', keeps: 'changes' },
    of: from('backup', ({ failing }) => (failing === null ? 0 : 1)),
    triggers: [
      {
        id: 'backup.failing',
        name: 'Iptables: Snapshots of the firewall fail',
        event: 'Iptables: Snapshots of the firewall fail: {?last(@backup.why)}',
        expression: 'last(@backup.failing)=1',
        priority: 'AVERAGE',
        scope: 'availability',
        says: 'palisade backup create says more.',
      },
    ],
  },
  {
    field: 'backup.why',
    name: 'Why snapshots fail',
    says: 'Why the last snapshot, or its copy elsewhere, failed.',
    ...{ component: 'backup', type: 'TEXT', keeps: 'changes' },
    of: from('backup', ({ failing }) => plainText(failing ?? 'it did not', 500)),
  },
  {
    field: 'updates',
    name: 'Pending updates',
    says: 'Packages of the firewall that have newer versions.',
    ...{ component: 'updates', type: 'UNSIGNED', keeps: 'changes' },
    of: from('updates', ({ pending }) => pending.length),
  },
  {
    field: 'updates.security',
    name: 'Pending security updates',
    says: 'Those that mend a fault of security.',
    ...{ component: 'updates', type: 'UNSIGNED', keeps: 'changes' },
    of: from('updates', ({ security }) => security),
    triggers: [
      {
        id: 'updates.security',
        name: 'Iptables: Security updates of the firewall are pending',
        event: 'Iptables: {ITEM.LASTVALUE1} security updates of the firewall are pending',
        expression: 'last(@updates.security)>0',
        priority: 'WARNING',
        scope: 'security',
        closedByHand: true,
        says: 'palisade updates lists them.',
      },
    ],
  },
  {
    field: 'updates.restart',
    name: 'Restart needed',
    says: 'Whether the machine runs an older kernel than is installed.',
    ...{ component: 'updates', type: 'UNSIGNED', valueMap: 'no, yes or unknown', keeps: 'changes' },
    of: from('updates', ({ restart }) => (restart === null ? 2 : restart ? 1 : 0)),
  },
  {
    field: 'alerts.waiting',
    name: 'Messages that wait',
    says: 'Messages of all channels that are still to be delivered.',
    ...{ component: 'alerts', type: 'UNSIGNED', keeps: 'changes' },
    of: from('alerts', (all) => all.reduce((sum, { waiting }) => sum + waiting, 0)),
  },
  {
    field: 'alerts.dead',
    name: 'Messages that could not be delivered',
    says: 'Messages of all channels that are not tried again.',
    ...{ component: 'alerts', type: 'UNSIGNED', keeps: 'changes' },
    of: from('alerts', (all) => all.reduce((sum, { dead }) => sum + dead, 0)),
    triggers: [
      {
        id: 'alerts.dead',
        name: 'Iptables: Alerts could not be delivered',
        event: 'Iptables: {ITEM.LASTVALUE1} alerts could not be delivered',
        expression: 'last(@alerts.dead)>{$IPT.ALERTS.DEAD.MAX}',
        priority: 'AVERAGE',
        scope: 'availability',
        closedByHand: true,
        says: 'palisade alerts lists them, with why.',
      },
    ],
  },
  {
    field: 'alerts.failing',
    name: 'Channels that fail',
    says: 'Channels whose last attempt to deliver failed.',
    ...{ component: 'alerts', type: 'UNSIGNED', keeps: 'changes' },
    of: from('alerts', (all) => all.filter(({ failing }) => failing !== null).length),
    triggers: [
      {
        id: 'alerts.failing',
        name: 'Iptables: A channel for alerts fails',
        event: 'Iptables: Channels for alerts fail: {?last(@alerts.text)}',
        expression: 'min(@alerts.failing,{$IPT.ALERTS.FAILING.FOR})>0',
        priority: 'WARNING',
        scope: 'availability',
        says: 'palisade alerts says what waits and why.',
      },
    ],
  },
  {
    field: 'alerts.text',
    name: 'Channels that fail, as text',
    says: 'Each failing channel, and why.',
    ...{ component: 'alerts', type: 'TEXT', keeps: 'changes' },
    of: from('alerts', (all) =>
      lines(all.flatMap(({ channel, failing }) => (failing === null ? [] : [`${channel}: ${failing}`]))),
    ),
  },
];

function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 100;
}

/** What happens on the host, and what palisade does about it. */
export const runningItems: readonly Item[] = [...ownItems, ...incidentItems, ...kernelItems, ...logItems, ...keepingItems];
