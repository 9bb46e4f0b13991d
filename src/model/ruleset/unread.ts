/**
 * Tables that iptables-nft-save says it cannot show (iptables/xtables-save.c): it prints a comment, no rules or an
 * empty table, and exits with 0. Whatever the text holds for such a table is not what the kernel holds.
 */
export function unreadTables(text: string): readonly string[] {
  const lines = text.matchAll(/^# Table [`']([^'\n]+)' (?:is incompatible|contains incompatible)/gm);
  return [...new Set(Array.from(lines, (line) => line[1] as string))];
}
