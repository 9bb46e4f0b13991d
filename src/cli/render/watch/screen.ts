import type { Picture, WatchPart, WatchWish } from '../../../verbs/watch-shape.ts';
import { type Item, itemsOf, orders } from './panels.ts';

export const panels = ['incidents', 'sources', 'ports', 'bans'] as const;
export type Panel = (typeof panels)[number];

/** What stands over the panels. */
export type Over =
  | { readonly kind: 'incident' | 'ban'; readonly key: string; readonly from: number }
  | { readonly kind: 'help' }
  | { readonly kind: 'filter'; readonly typed: string }
  | { readonly kind: 'asking'; readonly source: string };

/** All that the screen shows, and where whoever sits there is. */
export interface Screen {
  readonly picture: Picture | null;
  /** What is drawn while time stands still. */
  readonly paused: Picture | null;
  readonly focus: Panel;
  /** The chosen item of each panel, and where it stood: when it is gone, what stands there now is chosen. */
  readonly chosen: Readonly<Record<Panel, { readonly key: string | null; readonly at: number }>>;
  /** Which of a panel's {@link orders}. */
  readonly order: Readonly<Record<Panel, number>>;
  readonly over: Over | null;
  /** The last that was to be known. */
  readonly said: string | null;
}

const unchosen = { key: null, at: 0 };

export const emptyScreen: Screen = {
  picture: null,
  paused: null,
  focus: 'incidents',
  chosen: { incidents: unchosen, sources: unchosen, ports: unchosen, bans: unchosen },
  order: { incidents: 0, sources: 0, ports: 0, bans: 0 },
  over: null,
  said: null,
};

/** The screen after another part of the answer. */
export function told(screen: Screen, part: WatchPart): Screen {
  switch (part.kind) {
    case 'picture':
      return { ...screen, picture: part };
    case 'notice':
      return { ...screen, said: part.text };
    default:
      return screen;
  }
}

/** The picture that is drawn. */
export function shownOf(screen: Screen): Picture | null {
  return screen.paused ?? screen.picture;
}

/** The items of a panel in their order, and which of them is chosen; -1 where there is none. */
export function listOf(screen: Screen, panel: Panel): { readonly items: readonly Item[]; readonly at: number } {
  const picture = shownOf(screen);
  const items = picture === null ? [] : itemsOf(panel, picture, screen.order[panel]);
  const { key, at } = screen.chosen[panel];
  const found = items.findIndex((item) => item.key === key);
  return { items, at: found >= 0 ? found : Math.min(at, items.length - 1) };
}

export interface Pressed {
  readonly screen: Screen;
  readonly wish?: WatchWish;
  readonly ends?: true;
}

/**
 * The screen after a key: its name (`up`, `tab`, `enter`, `escape`), or the character itself.
 *
 * @param page lines that a page has
 */
export function pressed(screen: Screen, key: string, page: number): Pressed {
  const { over } = screen;
  if (over?.kind === 'filter') return typed(screen, over.typed, key);
  if (over?.kind === 'asking') return answered(screen, over.source, key);
  if (key === 'q') return { screen, ends: true };
  if (over !== null) return { screen: leafed(screen, over, key, page) };
  // What was said is read by whoever goes on.
  return moved({ ...screen, said: null }, key, page);
}

function moved(screen: Screen, key: string, page: number): Pressed {
  const { focus } = screen;
  switch (key) {
    case 'tab':
    case 'right':
      return { screen: { ...screen, focus: beside(focus, 1) } };
    case 'backtab':
    case 'left':
      return { screen: { ...screen, focus: beside(focus, -1) } };
    case 'up':
    case 'k':
      return { screen: chosenBy(screen, -1) };
    case 'down':
    case 'j':
      return { screen: chosenBy(screen, 1) };
    case 'pageup':
      return { screen: chosenBy(screen, -page) };
    case 'pagedown':
      return { screen: chosenBy(screen, page) };
    case 'home':
      return { screen: chosenBy(screen, Number.NEGATIVE_INFINITY) };
    case 'end':
      return { screen: chosenBy(screen, Number.POSITIVE_INFINITY) };
    case 'enter':
      return entered(screen);
    case 's': {
      const next = (screen.order[focus] + 1) % orders[focus].length;
      return {
        screen: { ...screen, order: { ...screen.order, [focus]: next }, said: `${focus} ${orders[focus][next] ?? ''}` },
      };
    }
    case '/':
      return { screen: { ...screen, over: { kind: 'filter', typed: screen.picture?.filter ?? '' } } };
    case 'escape':
      return filtered(screen, null);
    case 'p':
      return { screen: { ...screen, paused: screen.paused === null ? screen.picture : null } };
    case 'b':
      return { screen: asking(screen) };
    case '?':
    case 'h':
      return { screen: { ...screen, over: { kind: 'help' } } };
    default:
      return { screen };
  }
}

function beside(focus: Panel, step: number): Panel {
  return panels[(panels.indexOf(focus) + step + panels.length) % panels.length] ?? focus;
}

function chosenBy(screen: Screen, step: number): Screen {
  const { items, at } = listOf(screen, screen.focus);
  const next = Math.min(Math.max(at + step, 0), items.length - 1);
  const key = items[next]?.key;
  return key === undefined ? screen : { ...screen, chosen: { ...screen.chosen, [screen.focus]: { key, at: next } } };
}

function entered(screen: Screen): Pressed {
  const { items, at } = listOf(screen, screen.focus);
  const item = items[at];
  if (item === undefined) return { screen };
  // It stays chosen, whatever comes before it meanwhile.
  const kept = { ...screen, chosen: { ...screen.chosen, [screen.focus]: { key: item.key, at } } };
  if (screen.focus === 'incidents') return { screen: { ...kept, over: { kind: 'incident', key: item.key, from: 0 } } };
  if (screen.focus === 'bans') return { screen: { ...kept, over: { kind: 'ban', key: item.key, from: 0 } } };
  return screen.focus === 'sources' ? filtered(kept, item.key) : { screen };
}

function filtered(screen: Screen, text: string | null): Pressed {
  if ((screen.picture?.filter ?? null) === text) return { screen: { ...screen, said: null } };
  // A filter asks anew, and what stood still then is not what it asks for.
  return { screen: { ...screen, paused: null, said: null }, wish: { kind: 'filter', text } };
}

/** Of what is chosen, the one source that is behind it. */
function asking(screen: Screen): Screen {
  const { items, at } = listOf(screen, screen.focus);
  const source = items[at]?.source ?? null;
  if (source === null) return { ...screen, said: 'choose a source, or an incident with one source, to shut it out' };
  return { ...screen, over: { kind: 'asking', source } };
}

function answered(screen: Screen, source: string, key: string): Pressed {
  const back = { ...screen, over: null };
  return key === 'y' ? { screen: { ...back, said: `shutting out ${source}…` }, wish: { kind: 'ban', source } } : { screen: back };
}

/** The longest text of a network, and room for slips. */
const longestFilter = 60;

function typed(screen: Screen, text: string, key: string): Pressed {
  if (key === 'escape') return { screen: { ...screen, over: null } };
  if (key === 'enter') return filtered({ ...screen, over: null }, text.trim() === '' ? null : text.trim());
  const next = key === 'backspace' ? text.slice(0, -1) : /^[0-9a-fA-F.:/]$/.test(key) ? text + key : text;
  return { screen: { ...screen, over: { kind: 'filter', typed: next.slice(0, longestFilter) } } };
}

function leafed(screen: Screen, over: Over, key: string, page: number): Screen {
  const steps: Readonly<Record<string, number>> = { up: -1, k: -1, down: 1, j: 1, pageup: -page, pagedown: page, ' ': page };
  if (key === 'b' && over.kind === 'incident') return asking({ ...screen, over: null });
  const step = key === 'home' ? Number.NEGATIVE_INFINITY : steps[key];
  if (step === undefined || !('from' in over)) return { ...screen, over: null };
  return { ...screen, over: { ...over, from: Math.max(0, over.from + step) } };
}
