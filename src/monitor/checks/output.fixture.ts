/** One figure of performance data. `rest`: warning, critical, minimum, maximum, as far as they stand there. */
interface Figure {
  readonly label: string;
  readonly value: string;
  readonly unit: string;
  readonly rest: readonly string[];
}

const range = /^@?((~|-?\d+(\.\d+)?)?:)?(-?\d+(\.\d+)?)?$/;

/**
 * Reads what a plugin prints, by the guidelines' grammar and nothing of ours.
 *
 * @throws where it is not so
 */
export function readOutput(text: string): { first: string; more: readonly string[]; perfdata: readonly Figure[] } {
  if (!text.endsWith('\n')) throw new Error('no line end');
  const lines = text.slice(0, -1).split('\n');
  const perfdata: Figure[] = [];
  const said = lines.map((line) => {
    const [words = '', figures, ...others] = line.split('|');
    if (others.length > 0) throw new Error(`two bars: ${line}`);
    if (figures !== undefined) perfdata.push(...figuresIn(figures));
    return words.trimEnd();
  });
  return { first: said[0] ?? '', more: said.slice(1), perfdata };
}

function figuresIn(text: string): Figure[] {
  const found: Figure[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const one = /^(?:'([^'=]+)'|([^\s'=]+))=(-?\d+(?:\.\d+)?)(s|%|B|c|)((?:;[^\s;]*){0,4})(?: +|$)/.exec(rest);
    if (one === null) throw new Error(`no performance data: ${rest}`);
    const [whole, quoted, plain, value = '', unit = '', fields = ''] = one;
    const more = fields.split(';').slice(1);
    if (!more.slice(0, 2).every((field) => range.test(field))) throw new Error(`no range: ${whole}`);
    if (!more.slice(2).every((field) => /^(-?\d+(\.\d+)?)?$/.test(field))) throw new Error(`no end: ${whole}`);
    found.push({ label: quoted ?? plain ?? '', value, unit, rest: more });
    rest = rest.slice(whole.length);
  }
  return found;
}
