import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_socket.c: looks for a socket that would take the packet; --restore-skmark also sets the mark. */
export const socket: Match = {
  kind: 'match',
  name: 'socket',
  families: [4, 6],
  options: options('--transparent', '--nowildcard', '--restore-skmark'),

  meaning: (use) => opaque(use, 'stateful'),
};
