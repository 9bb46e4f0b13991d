/**
 * Whole hosts as they were: rules of both families and backends, sets, and what their meaning hangs on, each in one file that says by
 * its name what it must hold.
 *
 * `take` reads a host, `proof` loads it into a namespace and compares, `file` and `signature` say how it lies on the disk, `folder` keeps
 * many, `prune` says which can go. Nothing here writes to a firewall: `restore` does.
 */
export { acceptedId, acceptSnapshot, forgetAccepted } from './accepted.ts';
export { copyTo } from './copies/copy.ts';
export { type Destination, readDestination } from './copies/destination.ts';
export { pack, type Unpacked } from './file.ts';
export {
  backupsFolder,
  chooseSnapshot,
  isWhole,
  type Kept,
  listSnapshots,
  nextNumber,
  readSnapshot,
  removeSnapshots,
  type Store,
  writeSnapshot,
} from './folder.ts';
export { distrust, knownKeys, makeSigner, type Signed, signedBy, signerOf } from './keys.ts';
export { holds, unprovedBecause, unreadIn } from './proof.ts';
export { type Keeping, prunable } from './prune.ts';
export { openKey } from './signature.ts';
export * from './snapshot.ts';
export { readBody, type Where } from './take.ts';
