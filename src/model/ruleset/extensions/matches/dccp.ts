import { allMeanings, given, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { choices } from '../../values/choice.ts';
import { u8, whole } from '../../values/number.ts';
import { portRange } from '../../values/port.ts';
import { behindProtocol, ports } from './transport.ts';

/** RFC 4340 §5.1, in the order of their numbers. */
const packetTypes = [
  'REQUEST',
  'RESPONSE',
  'DATA',
  'ACK',
  'DATAACK',
  'CLOSEREQ',
  'CLOSE',
  'RESET',
  'SYNC',
  'SYNCACK',
  'INVALID',
] as const;

/** net/netfilter/xt_dccp.c: a later fragment never matches; packet types and options lie beyond the fields of a packet. */
export const dccp: Match = {
  kind: 'match',
  name: 'dccp',
  families: [4, 6],
  impliedBy: ['dccp'],
  options: options(
    ['! --sport|--source-port PORTS', portRange('guided')],
    ['! --dport|--destination-port PORTS', portRange('guided')],
    ['! --dccp-types TYPES', choices(packetTypes, 'any')],
    ['! --dccp-option NUMBER', whole(1n, u8)],
  ),

  meaning: (use) =>
    behindProtocol(use, 'dccp', 33, () => {
      const more = given(use, '--dccp-types') ?? given(use, '--dccp-option');
      return more === undefined ? ports(use, 'guided') : allMeanings(ports(use, 'guided'), opaque(use, 'pure'));
    }),
};
