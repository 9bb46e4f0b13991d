/** How much of a text there is room for, as whoever takes it counts. Where several are said, all hold. */
export interface Room {
  /** Unicode code points. */
  readonly points?: number;
  /** Of UTF-8. */
  readonly bytes?: number;
  /** UTF-16 code units, as JavaScript and Telegram count. */
  readonly units?: number;
}

const ellipsis = '…';
// What belongs to the character before it: without that it would stand alone, or change what comes next.
const joined = /^(?:\p{M}|\u200d|[\u{1f3fb}-\u{1f3ff}])/u;
/** A text can be marks only; then it is cut within them. */
const mostJoined = 32;

/**
 * The text, each character of it through `escaped`, cut so that it fits with an ellipsis for what was left out. It is cut between characters and never
 * within an escape. A room too small for the ellipsis takes nothing.
 */
export function fitted(text: string, room: Room, escaped?: (character: string) => string): string {
  const whole = { points: room.points ?? Infinity, bytes: room.bytes ?? Infinity, units: room.units ?? Infinity };
  // Three bytes are the most that a unit takes: most texts are far from any limit.
  if (escaped === undefined && text.length <= Math.min(whole.points, whole.units, whole.bytes / 3)) return text;
  const mark = sizeOf(ellipsis);
  const pieces: string[] = [];
  const used = { points: 0, bytes: 0, units: 0 };
  // How many pieces fit with the ellipsis behind them.
  let kept = 0;
  for (const character of text) {
    const piece = escaped?.(character) ?? character;
    const size = piece.length === 1 ? sizeOfUnit(piece.charCodeAt(0)) : sizeOf(piece);
    used.points += size.points;
    used.bytes += size.bytes;
    used.units += size.units;
    if (used.points > whole.points || used.bytes > whole.bytes || used.units > whole.units)
      return cutAt(pieces, kept, text, whole);
    pieces.push(piece);
    if (
      used.points + mark.points <= whole.points &&
      used.bytes + mark.bytes <= whole.bytes &&
      used.units + mark.units <= whole.units
    )
      kept = pieces.length;
  }
  return pieces.join('');
}

function cutAt(pieces: readonly string[], most: number, text: string, whole: Required<Room>): string {
  const mark = sizeOf(ellipsis);
  if (mark.points > whole.points || mark.bytes > whole.bytes || mark.units > whole.units) return '';
  const characters: string[] = [];
  for (const character of text) {
    characters.push(character);
    if (characters.length > most) break;
  }
  let at = most;
  for (let back = 0; back < mostJoined && at > 0 && joined.test(characters[at] ?? ''); back += 1) at -= 1;
  // Nothing but marks as far as anybody would look: between any two of them is as good.
  if (joined.test(characters[at] ?? '')) at = most;
  return pieces.slice(0, at).join('') + ellipsis;
}

const ofOneByte: Required<Room> = { points: 1, bytes: 1, units: 1 };
const ofTwoBytes: Required<Room> = { points: 1, bytes: 2, units: 1 };
const ofThreeBytes: Required<Room> = { points: 1, bytes: 3, units: 1 };

function sizeOfUnit(code: number): Required<Room> {
  return code < 0x80 ? ofOneByte : code < 0x800 ? ofTwoBytes : ofThreeBytes;
}

export function sizeOf(text: string): Required<Room> {
  let points = 0;
  for (const _ of text) points += 1;
  return { points, bytes: Buffer.byteLength(text), units: text.length };
}
