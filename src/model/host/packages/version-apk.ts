import { compareNumbers, compareTexts } from './version-dpkg.ts';

/** Words behind `_`, and their place: what comes before a release, then `null` for none, then what comes after it. */
const suffixes = ['alpha', 'beta', 'pre', 'rc', null, 'cvs', 'svn', 'git', 'hg', 'p'] as const;

const form = /^(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?$/;

/**
 * Compares two versions of Alpine packages, `1.2.3a_rc4-r5` (apk-package(5)): negative when `a` is the earlier one, `undefined`
 * when one of them has another form.
 */
export function compareApk(a: string, b: string): number | undefined {
  const [one, other] = [form.exec(a), form.exec(b)];
  if (one === null || other === null) return undefined;
  const [, first = '', more = '', letter = '', words = '', revision = ''] = one;
  const [, first2 = '', more2 = '', letter2 = '', words2 = '', revision2 = ''] = other;
  return (
    compareNumbers(first, first2) ||
    compareComponents(more, more2) ||
    compareTexts(letter, letter2) ||
    compareSuffixes(words, words2) ||
    compareNumbers(revision, revision2)
  );
}

function compareComponents(a: string, b: string): number {
  const [one, other] = [a.split('.').slice(1), b.split('.').slice(1)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [left, right] = [one[at], other[at]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    // Behind a point, what begins with 0 is a fraction: 1.01 is before 1.1.
    const fraction = left.startsWith('0') || right.startsWith('0');
    const difference = fraction ? compareTexts(left, right) : compareNumbers(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareSuffixes(a: string, b: string): number {
  const [one, other] = [a.split('_').slice(1), b.split('_').slice(1)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [left, right] = [suffixOf(one[at]), suffixOf(other[at])];
    const difference = left.place - right.place || compareNumbers(left.number, right.number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function suffixOf(text: string | undefined): { readonly place: number; readonly number: string } {
  const word = text?.replace(/\d+$/, '') ?? null;
  return { place: suffixes.indexOf(word as (typeof suffixes)[number]), number: text?.slice(word?.length ?? 0) ?? '' };
}
