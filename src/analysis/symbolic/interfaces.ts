/**
 * Interface names that some rule tells apart. A class is one name, or all other names that begin alike; the class of the
 * empty name, of packets that have no such interface, is the first.
 */
export interface InterfaceClasses {
  readonly size: number;
  /** The class of a name; the empty name reads as no interface. */
  codeOf(name: string): number;
  /** Classes of the name, or of all names that begin with it. */
  codesOf(name: string, prefix: boolean): readonly number[];
  /** A name of the class, for people; empty for none. */
  nameOf(code: number): string;
  /** The class holds other names too, which no rule mentions. */
  isOther(code: number): boolean;
  /** What the names of such a class begin with; `null` for the class of one name. */
  beginningOf(code: number): string | null;
}

const longest = 15;

export function interfaceClasses(names: ReadonlySet<string>, prefixes: ReadonlySet<string>): InterfaceClasses {
  const exact = [...names].filter((name) => name !== '').sort();
  // One class of other names for each prefix, and one for names that begin with none of them.
  const beginnings = ['', ...[...prefixes].filter((prefix) => prefix !== '').sort()];
  const others = beginnings.map((beginning) => otherName(beginning, exact, beginnings));
  const all = ['', ...exact, ...others];
  const codes = new Map(['', ...exact].map((name, code) => [name, code]));
  return {
    size: all.length,
    codeOf(name) {
      const code = codes.get(name);
      if (code !== undefined) return code;
      // The longest prefix says most.
      let best = 0;
      for (const [index, beginning] of beginnings.entries())
        if (name.startsWith(beginning) && beginning.length >= (beginnings[best] as string).length) best = index;
      return 1 + exact.length + best;
    },
    codesOf: (name, prefix) => all.flatMap((other, code) => ((prefix ? other.startsWith(name) : other === name) ? [code] : [])),
    nameOf: (code) => all[code] ?? '',
    isOther: (code) => code > exact.length,
    beginningOf: (code) => (code > exact.length ? (beginnings[code - exact.length - 1] ?? '') : null),
  };
}

/** A name that begins so, is no name of its own in any rule, and begins with no longer prefix. */
function otherName(beginning: string, exact: readonly string[], beginnings: readonly string[]): string {
  for (let number = 0; ; number += 1) {
    const stem = beginning === '' ? 'if' : beginning;
    const name = `${stem}${number}`;
    if (name.length > longest) return beginning;
    const longer = beginnings.some((other) => other.length > beginning.length && name.startsWith(other));
    if (!longer && !exact.includes(name)) return name;
  }
}
