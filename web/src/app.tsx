import { useCallback, useEffect, useState } from 'preact/hooks';
import { Dashboard } from './dashboard.tsx';
import { TokenForm } from './parts/token-form.tsx';
import { forgetToken, keepToken, takeToken } from './session.ts';

/** The page: with a token the dashboard, without one (or with one of an earlier run) what to do about it. */
export function App() {
  const [token, setToken] = useState(takeToken);
  const [refused, setRefused] = useState(false);

  const begin = useCallback((fresh: string) => {
    keepToken(fresh);
    setRefused(false);
    setToken(fresh);
  }, []);
  const refuse = useCallback(() => {
    forgetToken();
    setRefused(true);
  }, []);

  // The URL of a new run, pasted into the same tab, differs in its fragment alone and loads nothing.
  useEffect(() => {
    const onHash = () => {
      const before = token;
      const fresh = takeToken();
      if (fresh !== null && fresh !== before) begin(fresh);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, [token, begin]);

  if (token === null || refused) return <TokenForm refused={refused} onToken={begin} />;
  return <Dashboard key={token} token={token} onRefused={refuse} />;
}
