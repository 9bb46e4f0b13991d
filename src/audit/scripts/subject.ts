import { type Backend, type Host, type Known, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { backendOf, type Left, type RunOptions, type Script, type State } from '../../model/ruleset/script/index.ts';
import type { ScriptSubject } from './check.ts';
import { type AskedPeer, isSettled, sessionsOf, standIn, type Tracked } from './session.ts';
import { timelineOf } from './timeline.ts';
import { changedTables, type Equivalent, equivalentOf } from './transaction.ts';
import { windowSearch } from './window.ts';

export interface ScriptQuestion {
  /** The host before the script. A family whose rules are unknown stays so. */
  readonly host: Host;
  readonly script: Script;
  /** Whose rules the script changes, where the script does not say. */
  readonly backend?: Backend;
  readonly peer: AskedPeer | null;
  /** What is tracked on the host now; left out where that was not read. */
  readonly tracked?: Tracked;
  /** The script is for another host than this, which may take SSH although this one does not. */
  readonly elsewhere?: boolean;
}

export interface Prepared {
  readonly subject: ScriptSubject;
  readonly equivalent: Equivalent;
  /** What the script leaves, with the lines that made it. */
  readonly left: Readonly<Record<Family, Left>>;
}

/** Goes through the script once and finds out what all checks of scripts ask. */
export function scriptSubjectOf(question: ScriptQuestion): Prepared {
  const { host, script, backend } = question;
  const start: { 4?: Ruleset; 6?: Ruleset } = {};
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (ruleset.known) start[family] = ruleset.value;
  }
  const asked: RunOptions = { start, ...(backend !== undefined && { backend }) };
  const options = { ...asked, backend: backendOf(script, asked) };
  const ends = endsOf(host, script, options);
  const after = hostAfter(host, options.backend, { 4: ends.last.left(4), 6: ends.last.left(6) });
  const { sessions, unwatched } = watchedSessions(question, after);
  const asking = [ends.first, ends.last].flatMap((state) => [state.left(4).ruleset, state.left(6).ruleset]);
  const search = windowSearch();
  const timeline = timelineOf(host, script, options, sessions.known ? sessions.value : [], search.visit);
  const changed = { 4: changesOf(host, ends, 4), 6: changesOf(host, ends, 6) };
  const doubt = timeline.moments.findIndex(({ step }) => step?.outcome === 'not-understood');
  const named = script.statements.some((one) => 'backend' in one && one.backend !== null);
  return {
    subject: {
      host,
      after,
      script,
      backend: options.backend,
      sessions,
      unwatched,
      isSettled: (session) => isSettled(host, session, asking),
      timeline,
      windows: search.find(host, script, options),
      needed: { 4: changed[4].size, 6: changed[6].size },
      doubtfulFrom: doubt < 0 ? timeline.moments.length : doubt,
    },
    equivalent: equivalentOf(host, options, named, changed, sessions.known ? sessions.value : []),
    left: { 4: ends.last.left(4), 6: ends.last.left(6) },
  };
}

interface Ends {
  readonly first: State;
  readonly last: State;
}

function endsOf(host: Host, script: Script, options: RunOptions): Ends {
  const seen: { first?: State; last?: State } = {};
  timelineOf(host, script, options, [], (state) => {
    seen.first ??= state;
    seen.last = state;
  });
  const { first, last } = seen;
  if (first === undefined || last === undefined) throw new Error('a script without a beginning');
  return { first, last };
}

/** Without knowledge of the beginning, whole tables cannot be given. */
function changesOf(host: Host, { first, last }: Ends, family: Family): ReadonlyMap<string, string> {
  if (!host.rulesets[family].known) return new Map();
  return changedTables(first.left(family).ruleset.text, last.left(family).ruleset.text);
}

function hostAfter(host: Host, backend: Backend, left: Readonly<Record<Family, Left>>): Host {
  const ruleset = (family: Family): Known<Ruleset> =>
    host.rulesets[family].known ? known(left[family].ruleset) : host.rulesets[family];
  const backends = (family: Family): Host['backends'][Family] => {
    const before = host.backends[family];
    return before.known && host.rulesets[family].known ? known({ ...before.value, [backend]: left[family].ruleset }) : before;
  };
  return { ...host, rulesets: { 4: ruleset(4), 6: ruleset(6) }, backends: { 4: backends(4), 6: backends(6) } };
}

/** Who is to be watched: the peer that was named, sessions that the host shows, or somebody who stands for them. */
function watchedSessions(
  { host, script, peer, tracked = null, elsewhere = false }: ScriptQuestion,
  after: Host,
): Pick<ScriptSubject, 'sessions' | 'unwatched'> {
  const sessions = sessionsOf(host, peer, tracked);
  if (sessions.known && sessions.value.watched.length > 0) {
    return { sessions: known(sessions.value.watched), unwatched: sessions.value.left };
  }
  const families = ([4, 6] as const).filter((family) =>
    script.statements.some((one) => 'family' in one && one.family === family),
  );
  const standing = families.flatMap((family) => standIn(after, family, elsewhere) ?? []);
  // Without knowledge of sessions it is not known that there is none.
  return { sessions: sessions.known || standing.length > 0 ? known(standing) : sessions, unwatched: 0 };
}
