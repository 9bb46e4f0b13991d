import type { Profile } from '../audit/profiles/index.ts';
import { type AskedPeer, type Cut, cutOf, type ManagementSession, type ScriptAudit } from '../audit/scripts/index.ts';
import { connectionsFromTexts, type Host, isNotGiven, known } from '../model/host/index.ts';
import { type Family, formatAddress, parseAddress } from '../model/net/index.ts';
import { emptyRuleset } from '../model/ruleset/index.ts';
import type { Script, Statement } from '../model/ruleset/script/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { type Reading, readHost, readText } from './reading.ts';
import type { ScriptPartJson } from './script-shape.ts';
import type { Context } from './verb.ts';

interface Asked extends Reading {
  readonly script: string;
  readonly fresh: boolean;
  readonly peer?: string | undefined;
}

export interface AuditedScript {
  readonly host: Host;
  readonly audited: ScriptAudit;
  readonly part: ScriptPartJson;
}

/** Reads the script and the rules that it begins with, and audits it. */
export async function auditOfScript(context: Context, asked: Asked, profile: Profile): Promise<Result<AuditedScript>> {
  const peer = peerOf(context, asked);
  if (!peer.ok) return peer;
  if (asked.fresh && asked.ruleset.length > 0) {
    const hint = 'leave one of them out: they both say what the rules are before the script';
    return failed({ code: 'usage', message: '--fresh and --ruleset do not go together', hint });
  }
  const text = await readText(context, asked.script);
  if (!text.ok) return text;
  const { parseScript } = await import('../model/ruleset/script/index.ts');
  const script = parseScript(text.value, { file: asked.script });
  if (!script.ok) return script;
  const read = await readHost(context, asked, { software: true });
  if (!read.ok) return read;
  const begun = beginning(read.value, script.value, asked.fresh);
  if (!begun.ok) return begun;
  const { host, start, assumed } = begun.value;
  const tracked =
    start === 'live' ? connectionsFromTexts(await context.kernel.connections({ signal: context.signal })).tracked : null;
  context.progress('following the script');
  const { auditScript } = await import('../audit/scripts/index.ts');
  const audited = auditScript(
    {
      host,
      script: script.value,
      peer: peer.value,
      tracked: tracked?.known === true ? tracked.value : null,
      elsewhere: start !== 'live',
      ...(asked.backend !== undefined && { backend: asked.backend }),
    },
    profile,
  );
  return ok({ host, audited, part: partOf(audited, asked.script, start, assumed) });
}

/** `--peer`, else the client of the SSH session that this runs in; of another host's files nobody. */
function peerOf({ env }: Context, { peer, ruleset }: Asked): Result<AskedPeer | null> {
  if (peer !== undefined) {
    const [, bracketed, bracketedPort, plain, port] = /^(?:\[(.+)\](?::(\d+))?|([^:]+):(\d+))$/.exec(peer) ?? [];
    const address = parseAddress(bracketed ?? plain ?? peer);
    const number = Number(bracketedPort ?? port ?? 0);
    if (address === undefined || number > 65_535) {
      const hint = 'write an address such as 203.0.113.9, with the peer’s own port as 203.0.113.9:51234 or [2001:db8::9]:51234';
      return failed({ code: 'usage', message: `--peer ${peer} is no address`, hint });
    }
    return ok({ peer: address, ...(number > 0 && { peerPort: number }) });
  }
  if (ruleset.length > 0) return ok(null);
  // sshd(8): client address, client port, server address, server port.
  const [client = '', clientPort, server = '', serverPort] = (env['SSH_CONNECTION'] ?? '').split(' ');
  const [from, to] = [client, server].map((word) => parseAddress(word.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')));
  if (from === undefined || to === undefined || from.family !== to.family) return ok(null);
  return ok({ peer: from, peerPort: Number(clientPort), local: to, localPort: Number(serverPort) });
}

interface Beginning {
  readonly host: Host;
  readonly start: ScriptPartJson['start'];
  readonly assumed: readonly string[];
}

function beginning(read: Host, script: Script, fresh: boolean): Result<Beginning> {
  const used = ([4, 6] as const).filter((family) => script.statements.some((one) => isAbout(one, family)));
  if (fresh) return ok({ host: emptied(read), start: 'empty', assumed: [] });
  const assumed: string[] = [];
  let host = read;
  for (const family of used) {
    const ruleset = host.rulesets[family];
    if (ruleset.known) continue;
    if (!isNotGiven(host, family)) {
      const hint = `${ruleset.remedy}; or say --fresh to begin with empty tables, or --ruleset FILE`;
      return failed({
        code: 'unread',
        message: `the IPv${family} rules that the script changes are unknown: ${ruleset.why}`,
        hint,
      });
    }
    assumed.push(`there are no IPv${family} rules before the script: no --ruleset was given for them`);
    host = { ...host, rulesets: { ...host.rulesets, [family]: known(emptyRuleset(family, script.file)) } };
  }
  return ok({ host, start: read.origin === 'live' ? 'live' : 'files', assumed });
}

function isAbout(statement: Statement, family: Family): boolean {
  return (statement.kind === 'iptables' || statement.kind === 'restore') && statement.family === family;
}

/** The same machine before anything has loaded rules. */
function emptied(host: Host): Host {
  const none = (family: Family) => known(emptyRuleset(family, 'a fresh boot'));
  const both = (family: Family) => known({ nft: emptyRuleset(family, 'a fresh boot'), legacy: null });
  return {
    ...host,
    rulesets: { 4: none(4), 6: none(6) },
    backends: { 4: both(4), 6: both(6) },
    nativeRules: { 4: known([]), 6: known([]) },
    foreignChains: known([]),
  };
}

function partOf(
  { subject, equivalent }: ScriptAudit,
  file: string,
  start: ScriptPartJson['start'],
  assumed: readonly string[],
): ScriptPartJson {
  const { timeline, sessions, windows, script, doubtfulFrom } = subject;
  const { moments } = timeline;
  const steps = moments.flatMap(({ step, part }) => (step === null || part !== null ? [] : [step]));
  const said = (outcome: 'failed' | 'not-understood') =>
    steps.flatMap((step) =>
      step.outcome === outcome && step.problem !== null && !(outcome === 'failed' && step.expected)
        ? [{ ...commandOf(step.statement), message: step.problem.message }]
        : [],
    );
  const at = (moment: number): { line: number; command: string } => {
    const { step } = moments[moment] ?? {};
    return step == null ? { line: 0, command: '' } : commandOf(step.statement);
  };
  const cutJson = ({ at: from, until, passing }: Cut): NonNullable<ScriptPartJson['sessions'][number]['cut']> => ({
    ...at(from),
    sure: passing.sure && from < doubtfulFrom,
    until: until === null ? null : at(until),
  });
  const sessionJson = (session: ManagementSession, index: number): ScriptPartJson['sessions'][number] => {
    const cut = cutOf(session, index, moments);
    const fresh = moments.at(-1)?.lives[index]?.fresh.kind;
    return {
      peer: formatAddress(session.peer),
      peerPort: session.peerPort,
      local: formatAddress(session.local),
      localPort: session.localPort,
      link: session.link,
      named: session.actual,
      cut: cut && cutJson(cut),
      lockedOut: fresh === undefined || fresh === 'unknown' ? null : fresh === 'cut',
    };
  };
  return {
    file,
    start,
    assumed: [...assumed],
    commands: script.statements.filter(({ kind }) => kind === 'iptables' || kind === 'restore').length,
    transactions: moments.filter(({ step, changed }) => step !== null && changed.length > 0).length,
    sessions: sessions.known ? sessions.value.map(sessionJson) : [],
    open: windows.known
      ? windows.value.map(({ family, hook, from, to }) => ({ family, hook, from: at(from), to: at(to) }))
      : null,
    refused: said('failed'),
    notUnderstood: said('not-understood'),
    equivalent: {
      transactions: equivalent.transactions.map((one) => ({ ...one, tables: [...one.tables] })),
      added: equivalent.added.map((one) => ({ ...one })),
      safe: equivalent.safe,
      first: script.statements.filter(({ kind }) => kind === 'sets').map(commandOf),
    },
  };
}

function commandOf({ line, text }: { readonly line: number; readonly text: string }): { line: number; command: string } {
  return { line, command: text };
}

/** Rules that could not be read are no bad input. */
export function isUnread(problems: readonly Problem[]): boolean {
  return problems.every(({ code }) => code === 'unread');
}
