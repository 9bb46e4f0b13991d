/**
 * Compares two Debian versions: negative when `a` is the earlier one, 0 when they are the same to dpkg.
 * `[EPOCH:]UPSTREAM[-REVISION]`, where `~` stands before everything, even the end (deb-version(7)).
 */
export function compareDpkg(a: string, b: string): number {
  const [one, other] = [split(a), split(b)];
  return (
    compareNumbers(one.epoch, other.epoch) ||
    compareParts(one.upstream, other.upstream) ||
    compareParts(one.revision, other.revision)
  );
}

function split(version: string): { readonly epoch: string; readonly upstream: string; readonly revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: version.slice(0, Math.max(colon, 0)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** By turns what is no digit, and a number. */
function compareParts(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const [from, start] = [i, j];
    while (isDigit(a, i)) i += 1;
    while (isDigit(b, j)) j += 1;
    const difference = compareNumbers(a.slice(from, i), b.slice(start, j));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `~` before the end of the text, that before letters, those before all other signs. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 0x7e) return -1;
  return isLetter(code) ? code : code + 256;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

export function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** Of any length, so not as numbers of JavaScript; none at all is 0. */
export function compareNumbers(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return one.length - other.length || compareTexts(one, other);
}

/** By bytes. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
