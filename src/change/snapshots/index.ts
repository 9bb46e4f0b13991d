/**
 * Whole hosts as they were: rules of both families and backends, sets, and what their meaning hangs on, each in one file that says by
 * its name what it must hold.
 *
 * `take` reads a host, `proof` loads it into a namespace and compares, `file` and `signature` say how it lies on the disk, `folder` keeps
 * many, `prune` says which can go. Nothing here writes to a firewall: `restore` does.
 */
export { damaged, type Head, headOf, type Packed, pack, type Unpacked, unpack } from './file.ts';
export {
  backupsFolder,
  chooseSnapshot,
  type Kept,
  listSnapshots,
  nextNumber,
  readSnapshot,
  removeSnapshots,
  type Store,
  writeSnapshot,
} from './folder.ts';
export { holds, unprovedBecause, unreadIn } from './proof.ts';
export { type Keeping, prunable, usualKeeping } from './prune.ts';
export { isSignedBy, keyName, makeKey, openKey, type Signature, secretKey, signWith } from './signature.ts';
export * from './snapshot.ts';
export { readBody, type Where } from './take.ts';
