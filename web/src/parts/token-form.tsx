import { useState } from 'preact/hooks';
import { tokenIn } from '../session.ts';

/** Shown instead of the dashboard when there is no token, or not the right one. */
export function TokenForm({ refused, onToken }: { refused: boolean; onToken: (token: string) => void }) {
  const [wrong, setWrong] = useState(false);
  return (
    <main class="token">
      <p class="brand">palisade</p>
      <h1>{refused ? 'The token is not accepted' : 'This page needs a token'}</h1>
      <p role={refused ? 'alert' : undefined}>
        {refused
          ? 'palisade makes a new token each time it starts, and this one is not of the present run.'
          : 'palisade shows a firewall only to those who can read its terminal.'}{' '}
        Copy the whole URL that palisade printed when it started and open it here, or paste it below. It looks like this:
      </p>
      <p>
        <code>{location.origin}/#token=…</code>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = tokenIn(String(new FormData(event.currentTarget).get('url') ?? ''));
          if (token === null) setWrong(true);
          else onToken(token);
        }}
      >
        <label>
          URL or token
          <input name="url" type="password" autocomplete="off" required aria-invalid={wrong} aria-describedby="url-wrong" />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
        <p id="url-wrong" class="wrong" role="alert">
          {wrong ? 'There is no token in this. It stands behind #token= and is 43 characters long.' : ''}
        </p>
      </form>
    </main>
  );
}
