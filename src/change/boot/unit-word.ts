/**
 * One word of a unit's line (systemd.syntax(7)): `%` begins a specifier everywhere, `$` a variable in commands alone.
 */
export function unitWord(text: string, where: 'path' | 'command'): string {
  const plain = text.replaceAll('%', '%%');
  const word = where === 'command' ? plain.replaceAll('$', '$$$$') : plain;
  return /^[\w./%@+:-]+$/.test(word) ? word : `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
