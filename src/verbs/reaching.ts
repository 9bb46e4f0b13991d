import { bystanders } from '../analysis/answers/bystanders.ts';
import { outwardLinks, type Reach, type ReachRow, reachOf, serviceWords, type Witness } from '../analysis/answers/index.ts';
import { type Host, isNotGiven } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { type Hook, packetToJson } from '../model/packet/index.ts';
import { type Claim, claimAmong } from './proof/claim.ts';
import { sideBySide } from './reach-families.ts';
import type { ReachJson } from './reach-shape.ts';
import { unseenBy } from './reach-unseen.ts';
import { packet } from './shapes.ts';

type Row = ReachJson['rows'][number];
type WitnessJson = NonNullable<Row['witness']>;
type Known = Extract<Reach, { kind: 'known' }>;

/** Who can reach what, and what is claimed of the packets that show it. */
export interface Reached {
  readonly value: ReachJson;
  readonly claims: ReadonlyMap<WitnessJson, Claim>;
}

/** Who can reach what, both families side by side. */
export function reachJson(host: Host): Reached {
  const claims = new Map<WitnessJson, Claim>();
  const unknown: ReachJson['unknown'] = [];
  const families: Known[] = [];
  for (const family of [4, 6] as const) {
    if (isNotGiven(host, family)) continue;
    const reach = reachOf(host, family);
    const what = `who can reach what over IPv${family}`;
    if (reach.kind === 'known') families.push(reach);
    else if (reach.kind === 'unknown') unknown.push({ what, why: reach.why, remedy: reach.remedy });
    else unknown.push({ what, why: `undecided: ${reach.why}`, remedy: 'ask about single packets with palisade trace' });
  }
  const rows = families.flatMap(({ family, rows: found }) => {
    const beside = { input: bystanders(host, family, 'input'), forward: bystanders(host, family, 'forward') };
    for (const hook of ['input', 'forward'] as const) {
      const { kind } = beside[hook];
      if (kind !== 'may-rewrite') continue;
      const what =
        hook === 'input' ? `who can reach this host over IPv${family}` : `who can reach what is behind it over IPv${family}`;
      const why = `packets also meet ${beside[hook].names.join(', ')}, which may rewrite them`;
      unknown.push({ what, why, remedy: 'look at it with nft list ruleset' });
    }
    return found.flatMap((row) => rowJson(row, family, (hook) => beside[hook], claims));
  });
  const value = {
    host: host.name,
    readAt: host.readAt / 1000,
    outward: [
      ...new Set(
        families.flatMap(({ family }) => outwardLinks({ routes: host.routes.known ? host.routes.value : null }, family)),
      ),
    ],
    rows: sideBySide(rows),
    refused: families.flatMap(({ family, refused }) =>
      refused.map(({ links, verdicts }) => ({ family, links: [...links], verdicts: [...verdicts] })),
    ),
    strict: families.flatMap(({ strict }) => [...strict]),
    assumed: families.flatMap(({ family, assumed }) => [...assumed, ...unseenBy(host)].map((sentence) => ({ family, sentence }))),
    unknown,
  };
  return { value, claims };
}

/** What others drop beside iptables makes an "accepted" one that depends on them; where they rewrite nothing is said. */
function rowJson(
  row: ReachRow,
  family: Family,
  besideOn: (hook: Exclude<Hook, 'output'>) => ReturnType<typeof bystanders>,
  claims: Map<WitnessJson, Claim>,
): readonly Row[] {
  const hooks = new Set(row.goals.map(({ kind }) => (kind === 'host' ? ('input' as const) : ('forward' as const))));
  const beside = [...hooks].map(besideOn);
  if (beside.some(({ kind }) => kind === 'may-rewrite')) return [];
  const names = [...new Set(beside.flatMap((one) => (one.kind === 'may-drop' ? one.names : [])))];
  const sources = { except: row.sources.except, list: [...row.sources.list] };
  const services = serviceWords(family, row.services);
  const { destinations } = row;
  return [
    {
      links: [...row.links],
      services: { except: services.except, list: [...services.list] },
      destinations:
        destinations === 'own'
          ? { own: true, except: false, list: [] }
          : { own: false, except: destinations.except, list: [...destinations.list] },
      sources: { 4: family === 4 ? sources : null, 6: family === 6 ? sources : null },
      verdict: names.length > 0 ? 'DEPENDS' : row.verdict,
      conditions: [...row.conditions, ...names],
      goals: row.goals.map((goal) => ({
        kind: goal.kind,
        address: goal.kind === 'published' ? goal.address : null,
        port: goal.kind === 'published' ? goal.port : null,
        link: goal.kind === 'host' ? null : goal.link,
      })),
      listeners: row.listeners === null ? null : row.listeners.map(({ proto, port, process }) => ({ proto, port, process })),
      witness: row.witness && witnessJson(row.witness, claims),
    },
  ];
}

/** Rows are told apart and joined later on; their witnesses stay the same objects. */
function witnessJson({ packet: shown, trace, assumed }: Witness, claims: Map<WitnessJson, Claim>): WitnessJson {
  const answers = assumed.map(({ text, holds }) => ({ text, holds }));
  const value = {
    packet: packet.parse(packetToJson(shown)),
    decidedBy: trace.decidedBy,
    line: trace.line,
    assumed: answers,
    proof: null,
  };
  const verdict = trace.verdict === 'DEPENDS' || trace.verdict === 'UNDECIDED' ? 'ACCEPT' : trace.verdict;
  claims.set(value, claimAmong({ packet: shown, trace }, verdict, trace.decidedBy, answers));
  return value;
}
