/**
 * How answers look in a terminal: one file a verb, each turning the verb's own JSON into text.
 *
 * Nothing here decides or computes; what is drawn is what `--json` prints. Strings come in already cleaned of control
 * characters. The command line calls it, and nobody else.
 */
import type { Paint, View } from './view.ts';

export { cleaned, safeText } from './safe.ts';
export { type Paint, paintFor, type View } from './view.ts';

/**
 * A screen that stands and is drawn anew: what has been told and which keys were pressed make a state, and that and a size make lines.
 */
export interface Standing<State = unknown, Part = unknown, Wish = unknown> {
  readonly empty: State;
  told(state: State, part: Part): State;
  /** `wish`: what the verb is asked for by it; `ends`: whoever sits there has seen enough. */
  pressed(state: State, key: string, size: ScreenSize): { readonly screen: State; readonly wish?: Wish; readonly ends?: true };
  /** As many lines as it is high, none wider than it is. */
  draw(state: State, size: ScreenSize, paint: Paint): readonly string[];
}

/** In cells. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

export interface Render {
  /** The answer of a verb that gives one. Bytes are written as they are. */
  readonly whole?: (value: never, view: View) => string | Uint8Array;
  /** One part of the answer of a verb that streams. */
  readonly part?: (value: never, view: View) => string;
  /** A verb that goes on may have a screen, where somebody sits before one. */
  readonly screen?: Standing;
}

const renders: Readonly<Record<string, () => Promise<Render>>> = {
  status: () => import('./status.ts'),
  up: () => import('./up.ts'),
  show: () => import('./show.ts'),
  audit: () => import('./audit.ts'),
  trace: () => import('./trace.ts'),
  reach: () => import('./reach.ts'),
  connections: () => import('./connections.ts'),
  diff: () => import('./diff.ts'),
  updates: () => import('./updates.ts'),
  init: () => import('./init.ts'),
  adopt: () => import('./adopt.ts'),
  plan: () => import('./plan.ts'),
  test: () => import('./test.ts'),
  open: () => import('./open.ts'),
  close: () => import('./open.ts'),
  apply: () => import('./change.ts'),
  confirm: () => import('./change.ts'),
  rollback: () => import('./change.ts'),
  uninstall: () => import('./change.ts'),
  simulate: () => import('./simulate.ts'),
  ban: () => import('./bans.ts'),
  unban: () => import('./bans.ts'),
  bans: () => import('./bans.ts'),
  'explain-ban': () => import('./explain-ban.ts'),
  backup: () => import('./backup.ts'),
  drift: () => import('./drift.ts'),
  change: () => import('./announce.ts'),
  journal: () => import('./journal.ts'),
  watch: () => import('./watch/index.ts'),
  events: () => import('./events.ts'),
  top: () => import('./top.ts'),
  incidents: () => import('./incidents.ts'),
  alerts: () => import('./alerts.ts'),
  integrate: () => import('./integrate.ts'),
  check: () => import('./check.ts'),
  'boot-restore': () => import('./boot-restore.ts'),
};

/** The drawing of a verb, loaded when it is needed. */
export async function renderOf(verb: string): Promise<Render> {
  return (await renders[verb]?.()) ?? {};
}
