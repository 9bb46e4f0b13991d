import { LineCounter, parseDocument } from 'yaml';
import { failed, ok, type Place, type Problem, type Result } from '../../result.ts';

/** The way to a value within a document: keys, and places in lists. */
export type Path = readonly (string | number)[];

/** A policy file's text, read as YAML, and where each of its values stands. */
export interface Document {
  readonly value: unknown;
  /** Where a value stands, or the key that leads to it; of what is not there, what would hold it. */
  place(path: Path, of?: 'key' | 'value'): Place;
}

interface Spot {
  readonly range?: readonly number[] | null;
}

/**
 * Reads YAML 1.2. What the parser only warns of is a problem too, and so is what it takes otherwise than people mean it:
 * `[fd00::, 10.0.0.1]` is a mapping, `!admins` a tag.
 */
export function readDocument(text: string, file: string): Result<Document> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const broken = [...document.errors, ...document.warnings].map(
    ({ pos, message }): Problem => ({
      code: 'policy-invalid',
      at: placeAt(pos[0]),
      message: message.split('\n')[0]?.replace(/\.$/, '') ?? '',
      hint: 'mend the YAML; words that begin with ! or * and addresses with colons need quotes',
    }),
  );
  if (broken.length > 0) return failed(...broken);
  const place = (path: Path, of: 'key' | 'value' = 'value'): Place => {
    for (let length = path.length; length >= 0; length -= 1) {
      const spot = spotOf(path.slice(0, length), length === path.length ? of : 'value');
      if (spot?.range) return placeAt(spot.range[0] ?? 0);
    }
    return placeAt(0);
  };
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias that names itself, or so many that the text would grow without end.
    if (!(error instanceof ReferenceError)) throw error;
    return failed({
      code: 'policy-invalid',
      at: placeAt(0),
      message: `an alias cannot be followed: ${error.message}`,
      hint: 'write the value itself',
    });
  }
  return ok({ value, place });

  function spotOf(path: Path, of: 'key' | 'value'): Spot | undefined {
    if (path.length === 0) return document.contents ?? undefined;
    if (of === 'value') return document.getIn(path, true) as Spot | undefined;
    const holder = document.getIn(path.slice(0, -1), true) as { items?: readonly { key?: unknown }[] } | undefined;
    const pair = holder?.items?.find((item) => String(item.key) === String(path.at(-1)));
    return pair?.key as Spot | undefined;
  }
}
