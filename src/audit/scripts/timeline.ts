import { type Bystanders, bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { RunOptions, Script, State, Step } from '../../model/ruleset/script/index.ts';
import { scriptStates } from '../../model/ruleset/script/index.ts';
import type { Witness } from '../finding.ts';
import { createFollower, type Follower, type PolicyLines, policyKey, type Relevance } from './follower.ts';
import { freshPackets, type ManagementSession, runningPackets } from './session.ts';

/** One moment of a script: the beginning, or what stands after a command or after a part of one. */
export interface Moment {
  /** `null` at the beginning. */
  readonly step: Step | null;
  /** Table of a restore of several that has just been committed; see `State.part`. */
  readonly part: string | null;
  readonly changed: readonly Family[];
  /** What becomes of each session, in their order. */
  readonly lives: readonly Life[];
}

/** What becomes of a session at a moment. */
export interface Life {
  /** Packets of the running connection. */
  readonly running: Passing;
  /** A new connection of the same peer. */
  readonly fresh: Passing;
}

export type Passing =
  | { readonly kind: 'passes' }
  /** `sure`: whatever connection tracking knows, and whoever speaks first. `resets`: the connection ends by it, and does not wait. */
  | { readonly kind: 'cut'; readonly sure: boolean; readonly witness: Witness; readonly resets: boolean }
  | { readonly kind: 'unknown'; readonly why: string; readonly remedy: string };

/** What a script does to sessions, from moment to moment. */
export interface Timeline {
  readonly moments: readonly Moment[];
  /** Lines at which policies were set last. */
  readonly policies: PolicyLines;
}

/** Goes through the script once and follows the sessions. `visit` sees each state that is another one than before. */
export function timelineOf(
  host: Host,
  script: Script,
  options: RunOptions,
  sessions: readonly ManagementSession[],
  visit: (state: State, moment: number) => void = () => undefined,
): Timeline {
  const watched = sessions.map((session) => watch(host, session));
  const policies = new Map<string, number>();
  const moments: Moment[] = [];
  const [beginning] = scriptStates({ file: script.file, statements: [nothing] }, options);
  if (beginning === undefined) throw new Error('a script without a beginning');
  const add = (state: State, step: Step | null): void => {
    if (step?.outcome === 'done') notePolicies(step, policies);
    const before = moments.at(-1);
    const isSame = before !== undefined && state.changed.length === 0;
    const lives = isSame ? before.lives : watched.map((look) => look(state.left, policies));
    moments.push({ step, part: state.part, changed: state.changed, lives });
    if (!isSame) visit(state, moments.length - 1);
  };
  add(beginning, null);
  for (const state of scriptStates(script, options)) add(state, state.step);
  return { moments, policies };
}

const nothing: Script['statements'][number] = {
  kind: 'passed-over',
  succeeds: true,
  line: 0,
  text: '',
  after: null,
  asked: false,
  negated: false,
};

/** A restore may declare policies anywhere in its text: then its own line has to do. */
function notePolicies({ statement }: Step, policies: Map<string, number>): void {
  if (statement.kind === 'iptables' && statement.command.kind === 'command' && statement.command.action.kind === 'policy') {
    const { table, action } = statement.command;
    policies.set(policyKey({ family: statement.family, table, chain: action.chain }), statement.line);
  }
  if (statement.kind !== 'restore' || statement.restore.test) return;
  let table = '';
  for (const [index, line] of statement.restore.text.split('\n').entries()) {
    table = /^\*(\S+)/.exec(line)?.[1] ?? table;
    const [, chain, policy] = /^:(\S+)\s+(\S+)/.exec(line) ?? [];
    if (chain === undefined || (policy !== 'ACCEPT' && policy !== 'DROP')) continue;
    policies.set(policyKey({ family: statement.family, table, chain }), statement.restore.line + index);
  }
}

/** A session is followed through the script, and through every way in which its change could be put into transactions. */
const relevances = new WeakMap<ManagementSession, Relevance>();

/**
 * Follows one session. What connection tracking knows of it changes with the rules: as soon as they ask for it and let the
 * session through it may know it, if something was sent by then.
 */
function watch(host: Host, session: ManagementSession): (left: State['left'], policies: PolicyLines) => Life {
  const { known, anew } = runningPackets(session);
  const [peerFirst, hostFirst] = anew;
  const relevance = relevances.get(session) ?? new WeakMap();
  relevances.set(session, relevance);
  const follow: Follower = createFollower(host, [...freshPackets(session), ...known, ...peerFirst, ...hostFirst], relevance);
  let tracked = session.tracked;
  const { family } = session.peer;
  const rewriting = (['input', 'output'] as const).map((hook) => bystanders(host, family, hook)).find(isRewriting);
  return (left, policies) => {
    const passings = follow(left, policies).map(({ held, resets }): Passing => {
      if (held.kind === 'unknown') return held;
      if (rewriting !== undefined) return { kind: 'unknown', ...rewritten(family, rewriting) };
      const [witness] = held.witnesses;
      return held.kind === 'no' && witness !== undefined ? { kind: 'cut', sure: true, witness, resets } : { kind: 'passes' };
    });
    const [syn, answer, inward, outward, peerIn, peerOut, hostOut, hostIn] = passings as [
      ...(readonly [Passing, Passing, Passing, Passing]),
      ...(readonly [Passing, Passing, Passing, Passing]),
    ];
    const running = { known: both(inward, outward), anew: anewFrom(both(peerIn, peerOut), both(hostOut, hostIn)) };
    const now = tracked === null ? doubtful(running.known, running.anew) : tracked ? running.known : running.anew;
    if (tracked === false && now.kind !== 'cut') tracked = null;
    return { running: now, fresh: both(syn, answer) };
  };
}

function isRewriting(one: Bystanders): one is Extract<Bystanders, { kind: 'may-rewrite' }> {
  return one.kind === 'may-rewrite';
}

function both(one: Passing, other: Passing): Passing {
  if (one.kind === 'cut') return one;
  if (other.kind === 'cut') return other;
  return one.kind === 'unknown' ? one : other;
}

/** Whoever manages the host types, which is enough where the peer may speak first; whether the host ever does is not known. */
function anewFrom(peer: Passing, host: Passing): Passing {
  return peer.kind === 'cut' && host.kind !== 'cut' ? { ...peer, sure: false } : peer;
}

/** What is cut in both cases is cut; what is cut in one may be. */
function doubtful(one: Passing, other: Passing): Passing {
  if (one.kind === 'cut' && other.kind === 'cut') return { ...one, sure: one.sure && other.sure };
  if (one.kind === 'cut') return { ...one, sure: false };
  if (other.kind === 'cut') return { ...other, sure: false };
  return one.kind === 'unknown' ? one : other;
}
