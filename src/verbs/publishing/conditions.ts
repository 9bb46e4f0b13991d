import type { Filed } from '../../audit/filed.ts';
import type { Undetermined } from '../../audit/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { HostState } from '../../monitor/index.ts';
import type { Condition, OpenListener } from '../../watch/index.ts';
import type { DriftFoundJson } from '../drift-shape.ts';

/** Each with the key by which the incident is found again. */

/** Findings of one check and family are one incident: a ruleset with fifty dead rules has one fault, fifty times. */
export function findingConditions(filed: readonly Filed[]): readonly Condition[] {
  const groups = new Map<string, Filed[]>();
  for (const one of filed) {
    const { severity, certainty, id, family } = one.finding;
    if (certainty !== 'certain' || (severity !== 'critical' && severity !== 'high')) continue;
    const key = findingKey(id, family);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([key, group]): Condition => {
    const findings = group.map(({ finding }) => finding);
    const worst = findings.find(({ severity }) => severity === 'critical') ?? findings[0];
    if (worst === undefined) throw new Error('a group of findings without any');
    const more = findings.length - 1;
    return {
      ...{ detector: 'finding', key, severity: worst.severity, count: findings.length },
      title: `${worst.title}${worst.family === null || worst.title.includes('IPv') ? '' : ` (IPv${worst.family})`}${more === 0 ? '' : `, and ${more} more of the kind`}`,
      why: `${worst.id}: ${worst.why}`,
      remedy: worst.fix,
      targets: [...new Set(group.flatMap(({ at }) => at.map(({ family, table, chain }) => `IPv${family} ${table} ${chain}`)))],
      evidence: group.flatMap(({ at }) => at.flatMap(({ text, table }) => (text === null ? [] : [`-t ${table} ${text}`]))),
    };
  });
}

export function findingKey(id: string, family: Family | null): string {
  return `${id} ${family ?? '-'}`;
}

/** Keys of all that the check could have found, had it been answered. */
export function unknownFindingKeys(unknown: readonly Undetermined[]): readonly string[] {
  return [...new Set(unknown.map(({ id }) => id))].flatMap((id) =>
    [4 as const, 6 as const, null].map((family) => findingKey(id, family)),
  );
}

/** What somebody changed; not while he has said that he is at it. */
export function driftConditions(found: DriftFoundJson, by: string | null, isAnnounced: boolean): readonly Condition[] {
  if (!found.drifted || isAnnounced) return [];
  const opens = found.packets.some(
    ({ opened, ways }) =>
      opened.length > 0 || ways.some(({ differences }) => differences.some(({ kind }) => kind === 'newly-allowed')),
  );
  const count = found.counts.reduce((sum, one) => sum + one.count, 0);
  const [first = 'somebody changed it'] = found.says;
  return [
    {
      ...{ detector: 'drift', key: 'drift', severity: opens ? 'high' : 'medium', count },
      title: `The firewall is not as it was accepted: ${first}`,
      why: `Compared with the snapshot ${found.baseline.id} (${found.baseline.reason}) ${count} ${count === 1 ? 'thing is' : 'things are'} different${by === null ? '' : `, changed ${by}`}.`,
      remedy:
        'See palisade drift. If it is meant, palisade change commit takes it for what is to be; else palisade backup restore, or palisade drift --repair for what is palisade’s own, puts back what was.',
      targets: [
        ...new Set(
          found.counts.flatMap(({ family, table }) => (family === null ? [] : [`IPv${family} ${table ?? ''}`.trimEnd()])),
        ),
      ],
      evidence: found.says,
    },
  ];
}

export function listenerConditions(fresh: readonly OpenListener[]): readonly Condition[] {
  return fresh.map((one): Condition => {
    const who = one.process === null ? 'Something' : one.process;
    return {
      ...{ detector: 'listener', key: `${one.family} ${one.proto} ${one.port}`, severity: 'medium', count: 1 },
      title: `${who} listens on ${one.port}/${one.proto} and everyone may reach it over IPv${one.family}`,
      why: 'Nobody was reachable there when palisade first looked, and nobody has said since that it is meant.',
      remedy: `If it is meant, palisade incidents ack says so. Else end the program, bind it to 127.0.0.1, or deny the port. palisade reach says which rule lets everyone in.`,
      targets: [`port ${one.port}/${one.proto} over IPv${one.family}`],
      evidence: [],
    };
  });
}

/** @param keys as `createDestinations` says them: `curl 203.0.113.0/24 443` */
export function destinationConditions(keys: readonly string[]): readonly Condition[] {
  return keys.map((key): Condition => {
    const [program = '', network = '', port = ''] = key.split(' ');
    return {
      ...{ detector: 'destination', key, severity: 'low', count: 1 },
      title: `${program} connects to ${network} port ${port}, where it never did before`,
      why: 'The programs of this host were watched for a while, and this one was not seen to connect there.',
      remedy:
        'See palisade connections. If it is not meant, see what the program is at, and let the policy say whither this host may connect.',
      targets: [`${network} port ${port}/tcp`],
      evidence: [],
    };
  });
}

export function backupConditions(backup: HostState['backup']): readonly Condition[] {
  if (!backup.known || backup.value.failing === null) return [];
  const { failing, last } = backup.value;
  return [
    {
      ...{ detector: 'backup', key: 'backup', severity: 'medium', count: 1 },
      title: `The scheduled snapshot failed: ${failing}`,
      why:
        last === null ? 'There is no snapshot at all.' : `The newest snapshot is of ${new Date(last.at * 1000).toISOString()}.`,
      remedy: 'Mend what it says, then palisade backup create takes one now.',
      ...{ targets: [], evidence: [failing] },
    },
  ];
}

/** Something that cannot be seen. */
export interface Blind {
  /** `the IPv4 rules`. */
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

export function blindConditions(blind: readonly Blind[]): readonly Condition[] {
  return blind.map(
    ({ what, why, remedy }): Condition => ({
      ...{ detector: 'blind', key: what, severity: 'medium' as const, count: 1 },
      title: `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be seen`,
      why: `It has not been known for a while: ${why}.`,
      remedy: `${remedy}.`,
      ...{ targets: [], evidence: [] },
    }),
  );
}
