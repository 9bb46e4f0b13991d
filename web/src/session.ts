const key = 'palisade-token';

/**
 * Takes the token out of the address bar, where `palisade up` put it behind `#token=`, and keeps it for this tab.
 * A fragment is never sent to a server; taking it away keeps it out of bookmarks and screenshots too.
 */
export function takeToken(): string | null {
  const token = tokenIn(location.hash);
  if (token !== null) {
    sessionStorage.setItem(key, token);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(key);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
}

/** The token in a URL, in a fragment, or given bare. */
export function tokenIn(text: string): string | null {
  const behind = /[#&]token=([A-Za-z0-9_-]+)/.exec(text)?.[1];
  if (behind !== undefined) return behind;
  return /^[A-Za-z0-9_-]{43}$/.exec(text.trim())?.[0] ?? null;
}
