import { type HostState, hostState } from '../../change/restore/index.ts';
import { type SnapshotBody, textOf } from '../../change/snapshots/index.ts';
import { rehearse } from '../../kernel/index.ts';
import { type Backend, type Host, type HostTexts, hostFromTexts, type TextRead } from '../../model/host/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { compareSides } from '../diff-compared.ts';
import { sidesOf } from '../diff-sides.ts';
import { understand } from '../reading.ts';
import type { Context } from '../verb.ts';
import { isUsed, type Live } from './live.ts';

/** What this host is to become. */
export interface Target {
  readonly body: SnapshotBody;
  readonly state: HostState;
  /** The host with these rules and sets, once for each backend that has rules: packets pass both. */
  readonly hosts: readonly { readonly backend: Backend; readonly host: Host }[];
}

/**
 * What of a snapshot this host can become. Rules of one backend are loaded by the other only where somebody asks for that, and if no packet is
 * treated otherwise.
 */
export async function targetOf(
  context: Context,
  body: SnapshotBody,
  live: Live,
  asked: Backend | undefined,
): Promise<Result<Target>> {
  const state = hostState(body, 'the snapshot');
  if (!state.ok) return state;
  const used = (['nft', 'legacy'] as const).filter((backend) => isUsed(state.value, backend));
  const [only] = used;
  if (asked !== undefined && used.length > 1)
    return failed({
      code: 'usage',
      message: 'the snapshot holds rules of both backends, and each is put back where it was',
      hint: 'leave out --backend',
    });
  if (asked === undefined && used.length === 1 && only !== undefined && live.backends.length > 0 && !live.backends.includes(only))
    return failed(otherBackend(only, live.backends[0] ?? 'nft'));
  if (asked !== undefined && only !== undefined && only !== asked) {
    const moved = await movedTo(context, body, only, asked);
    return moved.ok ? await targetOf(context, moved.value, live, asked) : moved;
  }
  const hosts: Target['hosts'][number][] = [];
  for (const backend of used.length > 0 ? used : [asked ?? live.backends[0] ?? 'nft']) {
    const { rulesets, sets } = hostFromTexts(body.texts, { backend });
    for (const family of [4, 6] as const) {
      const ruleset = rulesets[family];
      if (!ruleset.known)
        return failed({
          code: 'unread',
          message: `the IPv${family} rules of the snapshot: ${ruleset.why}`,
          hint: 'take another; palisade backup list names them',
        });
    }
    hosts.push({ backend, host: { ...live.host, rulesets, sets } });
  }
  return ok({ body, state: state.value, hosts });
}

function otherBackend(kept: Backend, here: Backend): Problem {
  return {
    code: 'restore-refused',
    message: `the snapshot holds rules of iptables-${kept}, and those of this host are in iptables-${here}`,
    hint: `--backend ${kept} puts them where they were and empties the others, --backend ${here} loads them here if they do the same`,
  };
}

/** The same rules in the words of the other backend. */
async function movedTo(context: Context, body: SnapshotBody, from: Backend, to: Backend): Promise<Result<SnapshotBody>> {
  context.progress(`loading the rules with iptables-${to}`);
  const rulesets = {
    4: textOf(body.texts, `${from}Save4`),
    6: textOf(body.texts, `${from}Save6`),
  };
  const given = { ...(rulesets[4] !== '' && { 4: rulesets[4] }), ...(rulesets[6] !== '' && { 6: rulesets[6] }) };
  const sets = textOf(body.texts, 'ipsets');
  const rehearsed = await rehearse(context.kernel, { backend: to, rulesets: given, sets, counters: true, readsBack: true });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  if (!back.ok) return back;
  const said = (family: 4 | 6): TextRead => {
    const command = `${family === 4 ? 'iptables' : 'ip6tables'}-${to}-save -c`;
    const text = back.value[family] ?? '';
    return text === '' ? none : { read: true, text, command, warnings: '' };
  };
  const texts: HostTexts = {
    ...body.texts,
    texts: {
      ...body.texts.texts,
      [`${from}Save4`]: none,
      [`${from}Save6`]: none,
      [`${to}Save4`]: said(4),
      [`${to}Save6`]: said(6),
      nftChains: none,
      nftRules4: none,
      nftRules6: none,
    },
  };
  const moved = { ...body, texts };
  const different = await difference(context, body, moved, { from, to });
  return different === null ? ok(moved) : failed(different);
}

const none: TextRead = { read: false, why: 'unused', tool: 'palisade', detail: 'these rules are in the other backend' };

async function difference(
  context: Context,
  body: SnapshotBody,
  moved: SnapshotBody,
  { from, to }: { readonly from: Backend; readonly to: Backend },
): Promise<Problem | null> {
  const asked = { before: `iptables-${from}`, after: `iptables-${to}`, most: 1, prove: false };
  const sides = sidesOf(asked, await understand(body.texts, from), await understand(moved.texts, to));
  if (!sides.ok) return sides.problems[0] ?? null;
  const compared = await compareSides(context, asked, sides.value);
  if (compared.kind === 'done') return null;
  const why =
    compared.kind === 'found'
      ? 'some packets would be treated otherwise'
      : 'it cannot be told whether every packet is treated the same';
  return {
    code: 'restore-refused',
    message: `loaded with iptables-${to}, ${why}`,
    hint: `say --backend ${from}, or write the rules anew`,
  };
}
