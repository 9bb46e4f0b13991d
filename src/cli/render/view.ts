import { styleText } from 'node:util';

/** What is drawn on. */
export interface View {
  /** Width in cells; `null` when nobody looks: then nothing is wrapped, so that grep finds whole lines. */
  readonly columns: number | null;
  readonly paint: Paint;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta' | 'blue' | 'inverse';

/** Colours a text, or leaves it as it is where colours are not wanted. Colour never carries meaning alone. */
export type Paint = (style: Style | readonly Style[], text: string) => string;

/**
 * `auto` colours on a terminal unless NO_COLOR is set (to anything but nothing, as no-color.org asks) or TERM says that
 * the terminal cannot.
 */
export function paintFor(
  color: 'auto' | 'always' | 'never',
  interactive: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const able = interactive && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  if (color === 'never' || (color === 'auto' && !able)) return (_, text) => text;
  return (style, text) => styleText(typeof style === 'string' ? style : [...style], text, { validateStream: false });
}
