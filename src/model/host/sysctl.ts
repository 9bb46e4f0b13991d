/** `name = value` lines; the text after the first `=` is the value, blanks around it are not. */
export function parseSysctls(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([^=\n]+?) *=[ \t]*(.*?)[ \t]*$/gm);
  return new Map(Array.from(lines, ([, name = '', value = '']) => [name, value]));
}

/** True when the machine has IPv6 at all; without it the tools for IPv6 fail, and there is nothing for them to read. */
export function hasIpv6(sysctls: ReadonlyMap<string, string>): boolean {
  for (const name of sysctls.keys()) if (name.startsWith('net.ipv6.')) return true;
  return false;
}
