import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { namedMark } from '../../values/named-mark.ts';

/** net/netfilter/xt_devgroup.c: group of the link. */
export const devgroup: Match = {
  kind: 'match',
  name: 'devgroup',
  families: [4, 6],
  options: options(['! --src-group GROUP', namedMark('default')], ['! --dst-group GROUP', namedMark('default')]),
  limits: [{ kind: 'some', of: ['--src-group', '--dst-group'] }],

  meaning: (use) => opaque(use, 'pure'),
};
