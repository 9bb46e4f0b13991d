import { resolve } from 'node:path';
import { type HostState, hostState } from '../../change/restore/index.ts';
import { holds, keptTexts, readBody, type SnapshotBody } from '../../change/snapshots/index.ts';
import { type Backend, type Host, type HostTexts, hostFromTexts, type TextName } from '../../model/host/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { ownRecord } from '../backing-up/keeping.ts';
import { lookedAt } from '../planning/index.ts';
import type { Context } from '../verb.ts';

/** This host as it stands. */
export interface Live {
  readonly body: SnapshotBody;
  readonly state: HostState;
  /** With what only tells about now. */
  readonly texts: HostTexts;
  /** Who manages it now, and whether connections are tracked. */
  readonly host: Host;
  /** Of the last confirmed. */
  readonly backends: readonly Backend[];
}

/** What a snapshot does not keep, and a change looks at. */
const besides: readonly TextName[] = lookedAt.filter((name) => !keptTexts.some((kept) => kept === name));

export async function readLive(context: Context): Promise<Result<Live>> {
  const { kernel, signal } = context;
  const own = ownRecord(resolve(context.stateFolder));
  const [body, more] = await Promise.all([readBody({ kernel, signal }, own), kernel.read({ signal, only: besides })]);
  const state = hostState(body, 'this host');
  if (!state.ok) return state;
  const native = await nativeIn(context, state.value);
  if (native !== null) return failed(native);
  const kept = Object.fromEntries(keptTexts.map((name) => [name, body.texts.texts[name]]));
  const texts = { ...more, texts: { ...more.texts, ...kept } };
  const backends = (['nft', 'legacy'] as const).filter((backend) => isUsed(state.value, backend) && holds(body.texts, backend));
  const [backend] = backends;
  const host = hostFromTexts(texts, backend === undefined ? {} : { backend });
  return ok({ body, state: state.value, texts, host, backends });
}

/** Whether a backend has tables that are more than all open. */
export function isUsed({ tables }: HostState, backend: Backend): boolean {
  return tables.some((one) => one.backend === backend && /^(?:\[\d+:\d+\] )?-A |^:\S+ (?:DROP|-) /m.test(one.text));
}

/** Sets and the like that nft has made in a table of iptables: iptables does not speak of them, and they would go with their table. */
async function nativeIn({ kernel }: Context, { tables }: HostState): Promise<Problem | null> {
  if (!tables.some(({ backend }) => backend === 'nft')) return null;
  for (const what of ['sets', 'maps', 'flowtables'] as const) {
    const listed = await kernel.run({ argv: ['nft', '-t', 'list', what] });
    if (listed.kind !== 'exited' || listed.status !== 0) continue;
    const found = [...listed.stdout.matchAll(/^table (ip6?) (raw|mangle|nat|filter|security) \{\n\t\S/gm)][0];
    if (found === undefined) continue;
    return {
      code: 'restore-refused',
      message: `nft has made ${what} of its own in the table ${found[1]} ${found[2]}, which iptables would take away`,
      hint: 'put them into a table of another name',
    };
  }
  return null;
}
