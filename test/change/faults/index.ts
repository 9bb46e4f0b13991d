/**
 * Faults of the world that palisade changes firewalls in, each made for real: tools that fail, locks and disks that are not to be had, others
 * who write at the same time, processes that are killed. After each, the firewall is the old one or the new one, whole and in both families;
 * nobody else's rule is lost; and what was said is so. `npm run soak -- apply` makes all of them, test/change/faults.test.ts one of a kind.
 */
import { dhcp } from './dhcp.ts';
import { disk } from './disk.ts';
import { gaps } from './gaps.ts';
import { input } from './input.ts';
import { kills } from './kills.ts';
import { lock } from './lock.ts';
import { rate } from './rate.ts';
import { restore } from './restore.ts';
import { sessions } from './sessions.ts';
import { sets } from './sets.ts';
import type { Trials } from './trial.ts';
import { writer } from './writer.ts';

export type { Trial } from './trial.ts';

/** By the names that `--only` takes. */
export const faults: Readonly<Record<string, Trials>> = {
  kills,
  lock,
  disk,
  restore,
  sets,
  writer,
  rate,
  session: sessions,
  dhcp,
  gap: gaps,
  input,
};
