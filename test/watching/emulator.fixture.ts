/** As much of a terminal as palisade uses; anything else that is written to it is a fault. */
export interface Emulator {
  write(text: string): void;
  /** What stands there, a line each, blanks at the end cut. */
  lines(): string[];
  readonly isAlternate: boolean;
  readonly hasCursor: boolean;
  /** What a terminal would have had to guess: characters beyond the edge, sequences that are not known. */
  readonly faults: readonly string[];
}

export function emulator(columns: number, rows: number): Emulator {
  const blank = (): string[] => Array.from({ length: columns }, () => ' ');
  let grid = Array.from({ length: rows }, blank);
  let [x, y] = [0, 0];
  let isAlternate = false;
  let hasCursor = true;
  let rest = '';
  const faults: string[] = [];

  function obey(parameters: string, final: string): void {
    const numbers = parameters.split(';').map(Number);
    if (final === 'H') [y, x] = [(numbers[0] || 1) - 1, (numbers[1] || 1) - 1];
    else if (final === 'J') grid = Array.from({ length: rows }, blank);
    else if (final === 'K') grid[y]?.fill(' ', x);
    else if (parameters === '?1049') isAlternate = final === 'h';
    else if (parameters === '?25') hasCursor = final === 'h';
    else if (final !== 'm' && parameters !== '?7' && parameters !== '?2026') faults.push(`ESC [ ${parameters} ${final}`);
  }

  return {
    write(text) {
      rest += text;
      while (rest !== '') {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals read
        const sequence = /^\u001b\[([?0-9;]*)([A-Za-z])/.exec(rest);
        if (sequence === null && rest.startsWith('\u001b') && rest.length < 16) return;
        if (sequence !== null) {
          obey(sequence[1] ?? '', sequence[2] ?? '');
          rest = rest.slice(sequence[0].length);
          continue;
        }
        const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
        rest = rest.slice(character.length);
        if (character === '\r') x = 0;
        else if (character === '\n') y = Math.min(y + 1, rows - 1);
        else if (character < ' ' || character === '\u007f') faults.push(`control ${character.codePointAt(0)}`);
        else if (x >= columns || y >= rows) faults.push(`${character} beyond the edge at ${x},${y}`);
        else {
          (grid[y] as string[])[x] = character;
          x += 1;
        }
      }
    },
    lines: () => grid.map((line) => line.join('').trimEnd()),
    get isAlternate() {
      return isAlternate;
    },
    get hasCursor() {
      return hasCursor;
    },
    faults,
  };
}
