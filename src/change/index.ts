/**
 * How a firewall becomes what its policy says, and stays so.
 *
 * `plan` says what would change; `apply` makes it so, table by table, once `guard` stands ready to undo it; `history` keeps what
 * was there. The guard is a shell script and files, and outlives palisade. Verbs read the host, rehearse, and call these; nothing
 * here judges whether a change is wise.
 */
export { type Applied, type Applying, apply, type Wanted } from './apply/apply.ts';
export { safeOrder } from './apply/order.ts';
export { type OwnTable, ownOf } from './apply/own.ts';
export { lastingText, plainSet, renamings } from './apply/plain.ts';
export { dropSets } from './apply/sets.ts';
export { transactionsOf, writeTransaction } from './apply/transaction.ts';
export { banChainsStand, installBans, type ReadRulesets, removeBans } from './bans/install.ts';
export { forgetBans, rememberBans } from './bans/remembered.ts';
export { banScript } from './boot/ban-script.ts';
export { type BanStart, hasBanStart, readyBanStart, removeBanStart } from './boot/ban-start.ts';
export { bootFiles, hasBoot, keepForBoot, writeForBoot } from './boot/files.ts';
export { bootInstalled, installBoot, leaveBoot, refreshBoot, removeBoot } from './boot/install.ts';
export { bootScript } from './boot/script.ts';
export { setsLoader } from './boot/sets-loader.ts';
export { banScriptPath, banUnit, banUnitName, bootUnits } from './boot/units.ts';
export { admittingAmong } from './drift/admitting.ts';
export { announce, announcedNow, endAnnouncement } from './drift/announcement.ts';
export type { Difference as DriftDifference } from './drift/difference.ts';
export { type Drift, driftBetween, type Moment, momentOf } from './drift/drift.ts';
export { mendSets, writeRepairs } from './drift/mend.ts';
export { repairsTooOften } from './drift/pace.ts';
export { packetsBetween } from './drift/packets.ts';
export { repairsOf, type StrangeRule, setsToMend, strangeRules } from './drift/repairs.ts';
export { type Guard, lastError, repair, uptime } from './guard/guard.ts';
export { disarm, forget, type PendingState, pendingFolder, pendingState, revertPending } from './guard/pending.ts';
export { type Basis, hostText, linesOfOthers } from './history/basis.ts';
export { fingerprintOf, keyText, publicKeyOf } from './history/checkpoint.ts';
export { beginCheckpoints, makeCheckpoint } from './history/checkpoints.ts';
export { type Actor, type Author, type Chained, type Entry, entryOf, type What } from './history/entry.ts';
export { append, type Checked, journalFile, lossOf, readJournal } from './history/journal.ts';
export { lockState } from './history/lock.ts';
export { keepPast, pastIds, readPast } from './history/past.ts';
export { type OwnRecord, parseRecord, readRecord, writeRecord } from './history/record.ts';
export { readSealTexts, type Seal, sealOf } from './history/seal.ts';
export { unwritable } from './history/unwritable.ts';
export { moveWhole } from './history/whole-file.ts';
export { takeWords, takeWordsAlone } from './history/words.ts';
export { type Hole, holeRules, holesOf, holeTransactions } from './open/holes.ts';
export { lastingHost } from './plan/lasting.ts';
export { bansBehind, isMadeElsewhere, type Other, othersOn, rulesOfOthers } from './plan/others.ts';
export { foreignOf, plannedRuleset } from './plan/planned.ts';
export { remainingRuleset, removalText } from './plan/remaining.ts';
export { fatesOf, keepSessions, type SessionFate } from './plan/sessions.ts';
export { situationOf } from './plan/situation.ts';
export { type LineChange, textDiff } from './plan/text-diff.ts';
