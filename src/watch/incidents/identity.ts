/** An incident's id: the detector, when it began, and a hash of whose it is. The same for the same events, and unlike any other's. */
export function identify(detector: string, first: number, key: string): string {
  const text = `${detector}\n${first}\n${key}`;
  return `${detector}-${Math.floor(first / 1000).toString(36)}-${hashOf(text, 0x811c9dc5)}${hashOf(text, 0x01234567)}`;
}

/** FNV-1a (Fowler, Noll, Vo), as seven letters and digits. */
function hashOf(text: string, basis: number): string {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0).toString(36).padStart(7, '0');
}
