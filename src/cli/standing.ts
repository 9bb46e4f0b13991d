import type { Canvas } from './canvas.ts';
import type { Paint, Standing } from './render/index.ts';

/** A screen that stands while a verb goes on: takes its parts, draws them, and says what whoever sits there asks for. */
export interface Sitting {
  part(value: unknown): void;
  /** Hands over what is asked for, until disposed of. */
  asked(listener: (wish: unknown) => void): Disposable;
}

/** Keys and parts that come together are drawn once. */
export function sitAt(canvas: Canvas, standing: Standing, paint: Paint, end: () => void): Sitting {
  let state: unknown = standing.empty;
  let isDue = false;
  const wishes = new Set<(wish: unknown) => void>();
  const draw = (): void => {
    isDue = false;
    canvas.show(standing.draw(state, canvas.size(), paint));
  };
  const due = (): void => {
    if (!isDue) setImmediate(draw);
    isDue = true;
  };
  canvas.onChange(due);
  canvas.onKey((key) => {
    const pressed = standing.pressed(state, key, canvas.size());
    state = pressed.screen;
    due();
    if (pressed.wish !== undefined) for (const listener of wishes) listener(pressed.wish);
    if (pressed.ends === true) end();
  });
  draw();
  return {
    part(value) {
      state = standing.told(state, value);
      due();
    },
    asked(listener) {
      wishes.add(listener);
      return { [Symbol.dispose]: () => void wishes.delete(listener) };
    },
  };
}
