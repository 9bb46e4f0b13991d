/**
 * What is installed of the firewall and the kernel, what of it could be newer, and how to tell which of two versions is.
 *
 * Package managers of four families print it; here their texts become facts, each known or unknown. It runs nothing (`kernel`
 * brings the texts, or a facts file does) and judges nothing (`audit` does). `live.ts` and `files.ts` beside it call it.
 */
export type { AutomaticUpdates } from './automatic.ts';
export { compareVersions, type Package, type PackageFormat, type Packages, type Unfinished } from './installed.ts';
export type { Pending, Update } from './pending.ts';
export type { Release } from './release.ts';
export type { Restart } from './restart.ts';
export { softwareFacts } from './software.ts';
export { compareDpkg } from './version-dpkg.ts';
