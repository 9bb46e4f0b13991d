import type { Ranges } from '../../model/net/index.ts';
import {
  type ClockField,
  clockBounds,
  clockFields,
  kernelUid,
  type Packet,
  packetTypes,
  type UnsaidField,
} from '../../model/packet/index.ts';
import { intersect, type Possible, possible } from './possible.ts';

/** Fields that a packet need not say, with every value that each may have; {@link lacking} where it may lack the field. */
export type Unsaid = Record<UnsaidField, Possible<number>>;

/** Below every value of any field. */
export const lacking = -1;

const users: Ranges<number> = [[0, kernelUid - 1]];
const noUser: Ranges<number> = [
  [lacking, lacking],
  [kernelUid, kernelUid],
];

const anyInstant = Object.fromEntries(clockFields.map((field) => [field, [[0, clockBounds[field]]]])) as unknown as Pick<
  Unsaid,
  ClockField
>;

export function beginUnsaid({ hook, mac, tos, pktType, uid, gid }: Packet): Unsaid {
  const sent = hook === 'output';
  const unsaid: Unsaid = {
    ...anyInstant,
    mac: mac ?? [[0, 0xffff_ffff_ffff]],
    tos: tos ?? [[0, 255]],
    pktType: sent ? 0 : pktType === undefined ? [[0, packetTypes.length - 1]] : packetTypes.indexOf(pktType),
    uid: !sent || uid === null ? lacking : (uid ?? [[lacking, kernelUid]]),
    gid: !sent || gid === null ? lacking : (gid ?? [[lacking, kernelUid - 1]]),
  };
  settleOwner(unsaid);
  return unsaid;
}

/** A socket that has a user has a group, and no other has. */
export function settleOwner(unsaid: Unsaid): void {
  const [uids, gids] = [listOf(unsaid.uid), listOf(unsaid.gid)];
  const some = intersect(uids, users).length > 0 && intersect(gids, users).length > 0;
  const none = intersect(uids, noUser).length > 0 && intersect(gids, noUser).length > 0;
  if (some && none) return;
  // A packet that says what cannot be is believed in each.
  const kept = some ? users : noUser;
  unsaid.uid = keeping(uids, kept, unsaid.uid);
  unsaid.gid = keeping(gids, kept, unsaid.gid);
}

function keeping(values: Ranges<number>, kept: Ranges<number>, otherwise: Possible<number>): Possible<number> {
  const left = intersect(values, kept);
  return left.length === 0 ? otherwise : possible(left);
}

function listOf(value: Possible<number>): Ranges<number> {
  return typeof value === 'number' ? [[value, value]] : value;
}
