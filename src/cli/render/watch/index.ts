/**
 * How `palisade watch` looks: on a terminal a screen that stands and is drawn anew (`screen`), elsewhere a line for each thing that happens
 * (`part`).
 *
 * Pure: what was told and which keys were pressed make a {@link Screen}, and that and a size make lines. It asks nobody, and touches no terminal
 * (that is `cli/canvas`). The command line calls it.
 */
import type { WatchPart, WatchWish } from '../../../verbs/watch-shape.ts';
import type { Standing } from '../index.ts';
import { oneLine } from '../safe.ts';
import { banWords, incidentWords } from '../up.ts';
import type { View } from '../view.ts';
import { clockTime, grouped } from './cells.ts';
import { draw, pageOf } from './draw.ts';
import { emptyScreen, pressed, type Screen, told } from './screen.ts';

export const screen: Standing<Screen, WatchPart, WatchWish> = {
  empty: emptyScreen,
  told,
  pressed: (state, key, size) => pressed(state, key, pageOf(state, size)),
  draw,
};

/** Where nobody looks at a screen: a line each. A picture is drawn as it would stand there. */
export function part(said: WatchPart, view: View): string {
  switch (said.kind) {
    case 'picture':
      return `${draw(told(emptyScreen, said), { width: view.columns ?? 80, height: 24 }, view.paint)
        .map((line) => line.trimEnd())
        .slice(0, -2)
        .join('\n')
        .trimEnd()}\n`;
    case 'watching':
      return stamped(
        said.at,
        said.pid === null
          ? 'Showing what is remembered. Ctrl-C ends it.'
          : `Watching ${said.sources.map(oneLine).join(', ')}. Ctrl-C ends it.`,
        view,
      );
    case 'notice':
      return `${oneLine(said.text)}\n`;
    case 'second':
      return stamped(said.at, view.paint('dim', `${grouped(said.events)} ${said.events === 1 ? 'event' : 'events'}`), view);
    case 'lost':
      return stamped(said.at, view.paint('yellow', `${grouped(said.count)} ${said.of} lost of ${oneLine(said.source)}`), view);
    case 'incident':
      return stamped(said.last, incidentWords(said, view), view);
    case 'ban':
      return stamped(said.at, banWords(said, view), view);
  }
}

function stamped(at: number, text: string, view: View): string {
  return `${view.paint('dim', clockTime(at))}  ${text}\n`;
}
