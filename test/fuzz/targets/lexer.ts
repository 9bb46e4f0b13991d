import { lexLine, newWords, requoted, unquoted } from '../../../src/model/ruleset/lexer.ts';
import { roles } from '../../../src/model/ruleset/ruleset.ts';
import { promise } from '../promises.ts';
import { oddities, words } from '../ruleset-texts.ts';
import { filled, type Target } from '../target.ts';

const marks = [...' \t"\\\'\n!-ab0\r\0\x7f\xff'];

/** Words of one line. */
export const lexer: Target<string> = {
  name: 'lexer',
  make: (random) =>
    Array.from({ length: random.nat(30) }, () => random.pick(random.once(3) ? words : random.once(3) ? oddities : marks)).join(
      random.once(2) ? ' ' : '',
    ),
  makeLarge: (random) =>
    filled(Array.from({ length: 1 + random.nat(4) }, () => random.pick(random.once(3) ? words : marks)).join('')),
  check(text) {
    const found = newWords(4);
    const end = lexLine(text, 0, found);
    if (typeof end !== 'number') {
      promise(end.at >= 0 && end.at < text.length, 'a fault is inside the line');
      return false;
    }
    promise(end === text.length || text[end] === '\n', 'a line ends where it ends');
    let behind = 0;
    for (let index = 0; index < found.used; index += 2) {
      const start = found.offsets[index] as number;
      const stop = found.offsets[index + 1] as number;
      promise(start >= behind && stop > start && stop <= end, 'words stand one behind the other');
      behind = stop;
      if (stop - start < 1000) sameAgain(unquoted(text, start, stop));
    }
    return true;
  },
};

/** In whatever form a value is printed, it reads as the same value; those with line ends only where iptables-save wrote them. */
function sameAgain(value: string): void {
  if (/[\n\0]/.test(value)) return;
  for (const role of [roles.word, roles.string, roles.quoted, roles.loose]) {
    const printed = requoted(value, role);
    const found = newWords(4);
    const end = lexLine(printed, 0, found);
    promise(end === printed.length && found.used === 2, `${JSON.stringify(printed)} is one word`);
    promise(unquoted(printed, 0, printed.length) === value, `${JSON.stringify(printed)} says ${JSON.stringify(value)}`);
  }
}
