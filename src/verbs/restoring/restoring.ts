import { distrust, signedBy } from '../../change/snapshots/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Problem } from '../../result.ts';
import { type Chosen, chosenSnapshot, trustedKeys } from '../backing-up/chosen.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { restoreOwn } from './own.ts';
import { restoreWhole } from './whole.ts';

export interface Asked {
  /** Only what is palisade's; else the whole host. */
  readonly only?: 'own' | undefined;
  /** Seconds until it undoes itself. */
  readonly timeout: number;
  readonly yes: boolean;
  readonly backend?: Backend | undefined;
  /** The file of the public key that must have signed it. */
  readonly key?: string | undefined;
  /** Also what this host has not signed. */
  readonly unsigned: boolean;
}

/** Puts a snapshot back. Whatever keeps it from that leaves the host as it is. */
export async function restore(context: Context, named: string, asked: Asked): Promise<Outcome<BackupPartJson>> {
  const chosen = chosenSnapshot(context, named);
  if (!chosen.ok) return { kind: 'invalid', problems: chosen.problems };
  const strange = strangeIn(context, chosen.value, asked);
  if (strange !== null) return { kind: 'unchanged', problems: [strange] };
  const { only, timeout, yes, backend } = asked;
  const making = { seconds: timeout, yes, backend };
  return only === 'own' ? await restoreOwn(context, chosen.value, making) : await restoreWhole(context, chosen.value, making);
}

function strangeIn(context: Context, chosen: Chosen, { key, unsigned }: Asked): Problem | null {
  const keys = trustedKeys(context, key);
  if (!keys.ok) return keys.problems[0] ?? null;
  if (unsigned && signedBy(chosen, keys.value).by !== 'wrong') return null;
  return distrust(chosen, chosen.path, keys.value);
}
