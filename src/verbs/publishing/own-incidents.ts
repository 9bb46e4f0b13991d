import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeWhole } from '../../change/history/whole-file.ts';
import { announcedNow, unwritable } from '../../change/index.ts';
import { type Host, isLoopback } from '../../model/host/index.ts';
import type { HostState } from '../../monitor/index.ts';
import type { Problem } from '../../result.ts';
import { noteIncidents, openReading, type StoredIncident } from '../../store/index.ts';
import { identify } from '../../watch/incidents/identity.ts';
import {
  type Condition,
  type Contact,
  createDestinations,
  type Destinations,
  type Followed,
  followConditions,
  hostDetectors,
  type Incident,
  type KeptDestinations,
  type KeptListeners,
  newListeners,
  type OpenListener,
} from '../../watch/index.ts';
import type { Context } from '../verb.ts';
import {
  type Blind,
  backupConditions,
  blindConditions,
  destinationConditions,
  driftConditions,
  findingConditions,
  listenerConditions,
  unknownFindingKeys,
} from './conditions.ts';
import type { Counted } from './counting.ts';
import type { DriftTeller } from './drift.ts';

/** What the host itself has to say at one moment. */
export interface Moment {
  readonly host: Host;
  readonly counted: Counted;
  readonly exposure: HostState['exposure'];
  readonly drift: Pick<DriftTeller, 'found' | 'by' | 'state'>;
  readonly backup: HostState['backup'];
  /** Connections that are established; `null`: not known. */
  readonly contacts: readonly Contact[] | null;
}

/** Makes incidents of what a host itself has to say, and remembers them. */
export interface OwnIncidents {
  /** After each reading. @returns what has become of incidents */
  read(moment: Moment): readonly Followed[];
  /** Drift was looked at, and nothing else. */
  drifted(drift: Moment['drift']): readonly Followed[];
  /** Why incidents, or what they are judged by, cannot be kept. */
  readonly problems: readonly Problem[];
}

/** What cannot be seen for so long is an incident. */
const blindMs = 900_000;
const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function createOwnIncidents(
  { clock, stateFolder, settings }: Pick<Context, 'clock' | 'stateFolder' | 'settings'>,
  watches: { readonly drift: boolean },
  writer: string,
): OwnIncidents {
  const folder = resolve(stateFolder);
  const files = { listeners: join(folder, 'listeners.json'), destinations: join(folder, 'destinations.json') };
  const learnMs = lengthOf(settings.watch['learn-destinations']);
  const problems = new Map<string, Problem>();
  const blindSince = new Map<string, number>();
  let destinations: Destinations | null = null;
  let hasRead = false;
  let hasStore = false;

  /** `null`: they cannot be read now, so that nobody knows which are new. */
  const openIncidents = (): readonly StoredIncident[] | null => {
    const reading = openReading(folder);
    if (!reading.ok) {
      if (!existsSync(join(folder, 'events.db'))) return [];
      for (const problem of reading.problems) problems.set('incidents', problem);
      return null;
    }
    using store = reading.value;
    return hostDetectors.flatMap((detector) => store.incidents({ state: 'open', detector }));
  };

  /** A full disk makes incidents no worse: they are judged by what was kept before. */
  const keep = (file: string, value: unknown): void => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeWhole(file, `${JSON.stringify(value)}\n`);
      problems.delete(file);
    } catch (error) {
      const problem = unwritable(folder, error);
      if (problem === null) throw error;
      problems.set(file, problem);
    }
  };

  const note = (followed: readonly Followed[]): readonly Followed[] => {
    // Where nobody watches packets, there is no store before the first of these.
    if (followed.length === 0 && (hasStore || existsSync(join(folder, 'events.db')))) return [];
    hasStore = true;
    const noted = noteIncidents(
      folder,
      followed.map(({ incident }) => incident),
      clock,
      writer,
    );
    if (noted.ok) problems.delete('incidents');
    else for (const problem of noted.problems) problems.set('incidents', problem);
    // What was not kept would be said again each minute.
    return noted.ok ? followed : [];
  };

  const freshListeners = (
    exposure: HostState['exposure'],
    host: Host,
    open: readonly StoredIncident[],
  ): readonly OpenListener[] | null => {
    if (!exposure.known) return null;
    const everyone = exposure.value.filter((one) => one.open === 'everyone' && !isPassing(one, host));
    const kept = readJson<KeptListeners>(files.listeners, isListeners);
    const accepted = everyone.flatMap(({ family, proto, port }) => {
      const key = `${family} ${proto} ${port}`;
      const seen = open.find(({ id, detector, first }) => detector === 'listener' && id === identify('listener', first, key));
      return seen !== undefined && seen.acknowledged !== null ? [key] : [];
    });
    const next = newListeners(kept, everyone, accepted, clock.now());
    if (next.kept !== kept) keep(files.listeners, next.kept);
    return next.fresh;
  };

  const freshDestinations = (contacts: readonly Contact[] | null): readonly string[] | null => {
    if (contacts === null) return null;
    destinations ??= createDestinations(readJson<KeptDestinations>(files.destinations, isDestinations), learnMs);
    const now = clock.now();
    destinations.take(contacts, now);
    const kept = destinations.toKeep();
    if (kept !== null) keep(files.destinations, kept);
    return destinations.recent(now);
  };

  const blinded = (moment: Moment): readonly Blind[] => {
    const now = clock.now();
    const all: Blind[] = ([4, 6] as const).flatMap((family) => {
      const fact = moment.host.rulesets[family];
      return fact.known ? [] : [{ what: `the IPv${family} rules`, why: fact.why, remedy: fact.remedy }];
    });
    const drift = watches.drift ? moment.drift.state(null) : null;
    if (drift !== null && !drift.known) all.push({ what: 'what somebody changes', why: drift.why, remedy: drift.remedy });
    const seen = new Set(all.map(({ what }) => what));
    for (const what of blindSince.keys()) if (!seen.has(what)) blindSince.delete(what);
    for (const { what } of all) if (!blindSince.has(what)) blindSince.set(what, now);
    return all.filter(({ what }) => now - (blindSince.get(what) ?? now) >= blindMs);
  };

  const ofDrift = (drift: Moment['drift']): readonly Condition[] | null => {
    if (!watches.drift || drift.found === null) return null;
    const { found } = drift;
    const isAnnounced = announcedNow(folder, clock.now()) !== null;
    // That nothing drifted in what could be compared does not end what had.
    if (!found.drifted && found.unknown.length > 0) return null;
    return driftConditions(found, drift.by, isAnnounced);
  };

  return {
    read(moment) {
      const open = openIncidents();
      if (open === null) return [];
      const { counted } = moment;
      const listeners = freshListeners(moment.exposure, moment.host, open);
      const contacts = freshDestinations(moment.contacts);
      const drift = ofDrift(moment.drift);
      const conditions = [
        ...findingConditions(counted.filed),
        ...listenerConditions(listeners ?? []),
        ...destinationConditions(contacts ?? []),
        ...backupConditions(moment.backup),
        ...blindConditions(blinded(moment)),
      ];
      const unanswered = unknownFindingKeys(counted.report.unknown);
      const isJudged = ({ id, detector, first }: Incident): boolean => {
        switch (detector) {
          case 'finding':
            return !unanswered.some((key) => id === identify(detector, first, key));
          case 'listener':
            return listeners !== null;
          case 'destination':
            return contacts !== null;
          case 'backup':
            return moment.backup.known;
          case 'drift':
            return drift !== null;
          default:
            return true;
        }
      };
      hasRead = true;
      return note(followConditions(open, [...conditions, ...(drift ?? [])], isJudged, clock.now()));
    },
    drifted(drift) {
      const now = ofDrift(drift);
      // The first reading says what was open before.
      if (now === null || !hasRead) return [];
      const open = openIncidents()?.filter(({ detector }) => detector === 'drift');
      if (open === undefined) return [];
      return note(followConditions(open, now, () => true, clock.now()));
    },
    get problems() {
      return [...problems.values()];
    },
  };
}

/** Who connects to where: what this host has begun, and no connection within it. */
export function contactsOf(
  host: Host,
  established: readonly {
    readonly local: Contact['peer'];
    readonly localPort: number;
    readonly peer: Contact['peer'];
    readonly peerPort: number;
    readonly process: string | null;
  }[],
): readonly Contact[] | null {
  if (!host.listeners.known || !host.addresses.known) return null;
  const ports = new Set(host.listeners.value.filter(({ proto }) => proto === 'tcp').map(({ port }) => port));
  const own = new Set(host.addresses.value.map(({ prefix }) => `${prefix.family} ${prefix.value}`));
  return established.flatMap(({ localPort, peer, peerPort, process }) =>
    ports.has(localPort) || isLoopback(peer) || own.has(`${peer.family} ${peer.value}`)
      ? []
      : [{ process, peer, port: peerPort }],
  );
}

/** Sockets by which a program asks others stand as listeners of UDP for a while, at a port that the kernel chose. */
function isPassing({ proto, port }: { readonly proto: string; readonly port: number }, { sysctls }: Host): boolean {
  if (proto !== 'udp') return false;
  const said = sysctls.known ? sysctls.value.get('net.ipv4.ip_local_port_range') : undefined;
  const [low = 32_768, high = 60_999] = (said ?? '').trim() === '' ? [] : (said ?? '').trim().split(/\s+/).map(Number);
  return port >= low && port <= high;
}

function readJson<T>(file: string, isOne: (value: unknown) => boolean): T | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isOne(value) ? (value as T) : null;
  } catch (error) {
    // What is damaged is as good as none: then what stands now is learned.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isListeners(value: unknown): boolean {
  const one = value as Partial<KeptListeners> | null;
  return typeof one?.since === 'number' && Array.isArray(one.known) && one.known.every((key) => typeof key === 'string');
}

function isDestinations(value: unknown): boolean {
  const one = value as Partial<KeptDestinations> | null;
  const isTimes = (times: unknown): boolean =>
    typeof times === 'object' && times !== null && Object.values(times).every((at) => typeof at === 'number');
  return typeof one?.since === 'number' && isTimes(one.known) && isTimes(one.fresh);
}

function lengthOf(text: string): number {
  return text === '0' ? 0 : Number.parseInt(text, 10) * (units[text.at(-1) ?? ''] ?? 0);
}
