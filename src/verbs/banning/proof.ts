import { contactsWith, type Run } from '../../kernel/index.ts';
import { formatAddress, type Prefix } from '../../model/net/index.ts';
import type { Ban } from '../../watch/bans/index.ts';

/** Handshakes with so many ports here nobody completes by chance, and nobody by forging an address. */
const enough = 3;
const waitMs = 500;
const mostWaiting = 1024;

/**
 * Asks, behind a ban, whether its source is who it says it is, and whether we talk with it. A customer whose address somebody forges has a handshake too, with one
 * or two ports: what rests on what may be forged is proven only by several.
 */
export interface Proof extends Disposable {
  ask(ban: Ban, isShort: boolean): void;
}

export function createProof(run: Run, proven: (source: Prefix, isOurs: boolean) => void): Proof {
  let waiting = new Map<string, { readonly source: Prefix; readonly isShort: boolean }>();
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;

  const look = async (): Promise<void> => {
    timer = undefined;
    if (isBusy || waiting.size === 0) return;
    isBusy = true;
    const all = [...waiting];
    waiting = new Map();
    try {
      const contacts = await contactsWith(
        run,
        all.map(([word]) => word),
      );
      for (const [index, [, { source, isShort }]] of all.entries()) {
        const found = contacts?.[index];
        if (found !== undefined && (!isShort || found.reached >= enough)) proven(source, found.isOurs);
      }
    } finally {
      isBusy = false;
    }
    if (waiting.size > 0) timer ??= setTimeout(look, waitMs);
  };

  return {
    ask({ source, by, reach }, isShort) {
      const word = wordOf(source);
      if (word === null || by.kind !== 'incident' || reach === 'all' || waiting.size >= mostWaiting) return;
      waiting.set(word, { source, isShort });
      timer ??= setTimeout(look, waitMs);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}

/** As /proc/net/nf_conntrack begins it: IPv6 with all its digits. `null`: a network of many. */
function wordOf(source: Prefix): string | null {
  if (source.family === 4) return source.length === 32 ? `${formatAddress(source)} ` : null;
  if (source.length !== 64) return null;
  const digits = (source.value >> 64n).toString(16).padStart(16, '0');
  return `${digits.match(/.{4}/g)?.join(':')}:`;
}
