import { bystanders } from '../../analysis/answers/bystanders.ts';
import { type Known, known } from '../../model/host/index.ts';
import { contains, type Family } from '../../model/net/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { type Door, doorsOf, isAbsent } from './doors.ts';
import { isHeard } from './exposed.ts';
import { publishedOf } from './published.ts';
import { anyone } from './strangers.ts';

/** Who of the world outside reaches a port at which somebody listens, or that is led on to a container. */
export interface Exposure {
  readonly family: Family;
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
  /** `null`: it cannot be seen who listens. */
  readonly process: string | null;
  /** `unknown`: it hangs on what no rule tells, such as on whether a link faces the outside. */
  readonly open: 'everyone' | 'some' | 'nobody' | 'unknown';
}

/** Ports of one rule of nat that are told one by one; a range of more is no service. */
const mostPublished = 64;

/** Of every listener and published port of both families; unknown where the listeners are, or the rules of a family. */
export function exposuresOf(subject: Subject): Known<readonly Exposure[]> {
  const { listeners } = subject.host;
  if (!listeners.known) return listeners;
  const found = new Map<string, Exposure>();
  const put = (one: Exposure): void => {
    const key = `${one.family} ${one.proto} ${one.port}`;
    const before = found.get(key);
    if (before === undefined || ranks[one.open] < ranks[before.open])
      found.set(key, { ...one, process: one.process ?? before?.process ?? null });
  };
  for (const family of [4, 6] as const) {
    if (isAbsent(subject, family)) continue;
    const { kind } = bystanders(subject.host, family, 'input');
    const judged = subject.ask(family, (engine) => {
      const doors = doorsOf(subject, engine);
      for (const { proto, port, process, families, link, ...listener } of listeners.value) {
        if (!families.includes(family)) continue;
        const heard = isHeard({ proto, port, process, families, link, ...listener }, family);
        const through = link === null ? doors : doors.filter((door) => door.link === link);
        const open = heard ? openness(family, through, proto, port) : 'nobody';
        put({ family, proto, port, process, open: beside(open, kind) });
      }
      for (const one of published(subject, engine)) put({ ...one, open: beside(one.open, kind) });
    });
    if (!judged.known) return judged;
  }
  return known(
    [...found.values()].sort((a, b) => a.family - b.family || (a.proto < b.proto ? -1 : a.proto > b.proto ? 1 : a.port - b.port)),
  );
}

const ranks = { everyone: 0, unknown: 1, some: 2, nobody: 3 } as const;

/** Others that see the packets too may drop what rules accept, and where they rewrite, nothing is known. */
function beside(open: Exposure['open'], kind: ReturnType<typeof bystanders>['kind']): Exposure['open'] {
  if (kind === 'may-rewrite') return 'unknown';
  return kind === 'may-drop' && open !== 'nobody' ? 'unknown' : open;
}

function openness(family: Family, doors: readonly Door[], proto: 'tcp' | 'udp', port: number): Exposure['open'] {
  let worst: Exposure['open'] = 'nobody';
  for (const door of doors) {
    const open = at(family, door, proto, port);
    if (ranks[open] < ranks[worst]) worst = open;
  }
  return worst;
}

function at(family: Family, door: Door, proto: 'tcp' | 'udp', port: number): Exposure['open'] {
  const sight = proto === 'tcp' ? door.tcp : door.udp;
  const possible = sight.share(port, 'possible');
  if (possible === 0 && sight.reaching(port, 'possible').length === 0) return 'nobody';
  if (!door.sure || door.unread !== null) return 'unknown';
  if (sight.share(port, 'certain') >= anyone[family]) return 'everyone';
  return possible >= anyone[family] ? 'unknown' : 'some';
}

function published(subject: Subject, engine: Engine): readonly Exposure[] {
  const { family } = engine.space;
  const { listeners } = subject.host;
  return publishedOf(subject, engine).flatMap(({ proto, ports, door, shown }) => {
    const count = ports.reduce((sum, [lo, hi]) => sum + hi - lo + 1, 0);
    const named = (port: number) =>
      listeners.known ? listeners.value.find((one) => one.proto === proto && one.port === port) : undefined;
    const open = shown.kind === 'yes' && door.sure ? ('everyone' as const) : ('unknown' as const);
    const told =
      count <= mostPublished
        ? ports.flatMap(([lo, hi]) => Array.from({ length: hi - lo + 1 }, (_, each) => lo + each))
        : (listeners.known ? listeners.value : []).flatMap(({ port }) => (contains(ports, port) ? [port] : []));
    return told.map((port) => ({ family, proto, port, process: named(port)?.process ?? null, open }));
  });
}
