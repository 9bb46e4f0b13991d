/** One measured thing with its label values; labels without a value are left out. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one name, with what they mean. */
export interface Metric {
  /** Of a counter without `_total`, which each format puts where it wants it. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'info';
  readonly samples: readonly Sample[];
}

/** What a label's value may be long, in code points: others chose it. */
const longest = 200;

/** Text of others as a label's value: without controls and halves of characters, and not too long. */
export function labelValue(text: string): string {
  const clean = text.toWellFormed().replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');
  const points = [...clean];
  return points.length <= longest ? clean : `${points.slice(0, longest - 1).join('')}…`;
}
