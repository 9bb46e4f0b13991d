/** Compares what `palisade simulate --json` says of a generated log with its labels. It imports nothing of `src/`. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Generated, Instance, Labels } from './generator/index.ts';
import { Networks } from './networks.ts';

interface SaidIncident {
  readonly kind: 'incident';
  readonly detector: string;
  readonly title: string;
  readonly severity: string;
  readonly sources: readonly string[];
  readonly sourceCount: number;
  readonly targets: readonly string[];
  readonly first: number;
  readonly last: number;
  readonly opened: number;
  readonly events: number;
}

interface SaidBan {
  readonly kind: 'ban';
  readonly source: string;
  readonly at: number;
  readonly until: number;
}

interface SaidSummary {
  readonly kind: 'summary';
  readonly events: number;
}

export interface Said {
  readonly exit: number | null;
  readonly stderr: string;
  readonly incidents: readonly SaidIncident[];
  readonly bans: readonly SaidBan[];
  readonly events: number;
  readonly cpuSeconds: number;
}

/** Runs `palisade simulate` as a user does. */
export async function simulate(
  palisade: readonly string[],
  { files, labels }: Generated,
  flags: readonly string[],
): Promise<Said> {
  const never = labels.never.join(',');
  const argv = [...palisade, 'simulate', '--json', ...flags, '--never', never, ...files];
  // The shell's `times` says what its children used.
  const child = spawn('sh', ['-c', '"$@"; code=$?; times >&2; exit $code', 'sh', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TZ: 'UTC' },
  });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  const exited = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [incidents, bans]: [SaidIncident[], SaidBan[]] = [[], []];
  let events = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as SaidIncident | SaidBan | SaidSummary;
    if (said.kind === 'incident') incidents.push(said);
    else if (said.kind === 'ban') bans.push(said);
    else events = said.events;
  }
  const exit = await exited;
  const times = [...(stderr.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuSeconds = times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
  return { exit, stderr, incidents, bans, events, cpuSeconds };
}

export interface Verdict {
  readonly instance: Instance;
  /** An incident of its time names half of its sources, or one about many at once its target. */
  readonly seen: boolean;
  /** Half of its sources are shut out. */
  readonly banned: boolean;
  /** Events of it until it was seen; `null`: more than the labels hold, or it was not. */
  readonly eventsUntil: number | null;
  readonly detectors: readonly string[];
}

export interface Score {
  readonly verdicts: readonly Verdict[];
  readonly neverBanned: readonly string[];
  readonly backgroundBanned: readonly string[];
  /** Those who do no harm and were shut out, or named in an incident, by kind. */
  readonly benignBanned: readonly string[];
  readonly benignNamed: readonly string[];
  /** Whom forged text accuses, and who was shut out or named for it. */
  readonly forgedBanned: readonly string[];
  readonly forgedNamed: readonly string[];
  /** Incidents that name nobody but the background. */
  readonly ofBackground: number;
  readonly eventsMissing: number;
}

const slack = 10;

/** What may be said of many at once, or of somebody who cannot be named, without naming half of the sources. */
const together: Readonly<Record<string, RegExp>> = {
  distributed: /distributed|network|botnet/,
  'botnet-24': /distributed|network|botnet/,
  'ssh-distributed': /distributed|brute|ssh/,
  'syn-flood-spoofed': /flood|spoof/,
  'syn-flood': /flood/,
  'udp-flood': /flood/,
  'udp-reflection': /flood|reflect|amplif/,
  'icmp-flood': /flood/,
  martian: /martian|spoof|bogon/,
  'own-address': /martian|spoof|own/,
  outbound: /outbound/,
  metadata: /metadata/,
};

export function score(labels: Labels, said: Said): Score {
  const banned = new Networks(said.bans.map(({ source }) => source));
  const verdicts = labels.instances.map((instance) => judge(instance, said));
  const innocent = labels.benign.flatMap(({ kind, sources }) => sources.map((source) => ({ kind, source })));
  const named = new Networks(said.incidents.flatMap(({ sources }) => sources));
  const victims = labels.forged.flatMap(({ form, victims: of }) => of.map((victim) => ({ form, victim })));
  const attackers = new Networks(labels.instances.flatMap(({ sources }) => sources));
  // Own addresses are rightly named where this host is the attacker, or somebody forges them.
  return {
    verdicts,
    neverBanned: labels.never.filter((address) => banned.meets(address)),
    backgroundBanned: labels.background.filter((source) => banned.meets(source)),
    benignBanned: innocent.filter(({ source }) => banned.meets(source)).map(({ kind, source }) => `${kind} ${source}`),
    benignNamed: innocent
      .filter(({ source }) => named.meets(source) && !attackers.meets(source))
      .map(({ kind, source }) => `${kind} ${source}: ${detectorsOf(said, source).join(', ')}`),
    forgedBanned: victims.filter(({ victim }) => banned.meets(victim)).map(({ form, victim }) => `${form}: ${victim}`),
    forgedNamed: victims.filter(({ victim }) => named.meets(victim)).map(({ form, victim }) => `${form}: ${victim}`),
    ofBackground: said.incidents.filter(({ sources }) => sources.length > 0 && !sources.some((source) => attackers.meets(source)))
      .length,
    eventsMissing: Math.max(0, labels.packets - said.events),
  };
}

function detectorsOf(said: Said, source: string): string[] {
  return [
    ...new Set(said.incidents.filter(({ sources }) => new Networks(sources).meets(source)).map(({ detector }) => detector)),
  ];
}

function judge(instance: Instance, said: Said): Verdict {
  const { sources, from, to } = instance;
  const mine = new Networks(sources);
  const then = said.incidents.filter(({ first, last }) => first <= to + slack && last >= from - slack);
  const naming = then.filter((incident) => incident.sources.some((source) => mine.meets(source)));
  const half = Math.max(1, sources.length / 2);
  const all = new Networks(naming.flatMap((incident) => incident.sources));
  const aggregate = then.filter((incident) => isAbout(incident, instance));
  const byName = sources.length > 0 && all.count(sources) >= half;
  const matched = [...aggregate, ...(byName ? naming : [])];
  const opened = Math.min(...matched.map((incident) => incident.opened));
  const shutOut = new Networks(said.bans.filter(({ at, until }) => until >= from && at <= to + 3600).map(({ source }) => source));
  const until = instance.times.filter((at) => at <= opened + 0.0005).length;
  return {
    instance,
    seen: matched.length > 0,
    banned: sources.length > 0 && shutOut.count(sources) >= half,
    eventsUntil: matched.length === 0 || (until === instance.times.length && until < instance.events) ? null : Math.max(1, until),
    detectors: [...new Set(matched.map(({ detector }) => detector))],
  };
}

/** An incident about many at once, of about that time, against the same target. */
function isAbout(incident: SaidIncident, { kind, targets, from, to }: Instance): boolean {
  const pattern = together[kind];
  if (pattern === undefined || !pattern.test(incident.detector)) return false;
  // One that lasts all day says nothing of what happened within a minute.
  if (incident.last - incident.first > 3 * (to - from) + 3600) return false;
  return targets.length === 0 || targets.some((target) => incident.targets.some((text) => text.split(/[\s,:]/).includes(target)));
}
