import { allMeanings, given, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';
import { portRange } from '../../values/port.ts';
import { behindProtocol, ports, withoutEveryPort } from './transport.ts';

/** RFC 9260 §3.2 and its extensions, in the order of their numbers, with the flags that may be asked for (libxt_sctp.c). */
const chunkNames = [
  'DATA',
  'INIT',
  'INIT_ACK',
  'SACK',
  'HEARTBEAT',
  'HEARTBEAT_ACK',
  'ABORT',
  'SHUTDOWN',
  'SHUTDOWN_ACK',
  'ERROR',
  'COOKIE_ECHO',
  'COOKIE_ACK',
  'ECN_ECNE',
  'ECN_CWR',
  'SHUTDOWN_COMPLETE',
  'I_DATA',
  'RE_CONFIG',
  'PAD',
  'ASCONF',
  'ASCONF_ACK',
  'FORWARD_TSN',
  'I_FORWARD_TSN',
] as const;
const chunkFlags: Readonly<Record<string, string>> = { DATA: 'IUBE', I_DATA: 'IUBE', ABORT: 'T', SHUTDOWN_COMPLETE: 'T' };

const chunks: ValueType = {
  hint: `write ALL, NONE or some of ${chunkNames.join(',')}`,
  saved(text) {
    if (text.toUpperCase() === 'ALL' || text.toUpperCase() === 'NONE') return text.toUpperCase();
    const read = text.split(',').map((part) => {
      const [type = '', flags = ''] = part.split(':');
      const name = chunkNames.find((one) => one === type.toUpperCase());
      const known = chunkFlags[name ?? ''] ?? '';
      return name !== undefined && [...flags].every((flag) => known.includes(flag.toUpperCase()))
        ? ([name, flags] as const)
        : undefined;
    });
    if (read.includes(undefined)) return undefined;
    const printed = chunkNames.flatMap((name) => {
      const one = read.findLast((other) => other?.[0] === name);
      if (one === undefined) return [];
      return [one[1] === '' ? name : `${name}:${flagText(name, one[1])}`];
    });
    return printed.join(',');
  },
  examples: () => [
    ...chunkNames,
    'DATA:Be',
    'DATA:IUBE',
    'data:iube',
    'ABORT:T',
    'SHUTDOWN_COMPLETE:t',
    'INIT_ACK,INIT,DATA',
    'ALL',
    'NONE',
    'init',
  ],
  refused: () => ['NOSUCH', 'DATA:X', 'INIT:T', ''],
};

/** Capitals are flags that must be set, small letters ones that must not; they print from the highest bit down. */
function flagText(name: string, flags: string): string {
  return [...(chunkFlags[name] ?? '')]
    .flatMap((flag) => [...flags].filter((one) => one.toUpperCase() === flag).slice(-1))
    .join('');
}

/** Debian's list of services has none of SCTP. */
const numberedPorts: ValueType = {
  ...portRange('old'),
  saved: (text, family) =>
    /[a-z]/i.test(text.replace(/0x/gi, '')) && !/^(0x[0-9a-f]+|\d*)(:(0x[0-9a-f]+|\d*))?$/i.test(text)
      ? undefined
      : portRange('old').saved(text, family),
  examples: () => ['0', '22', '65535', '1024:', ':1023', '5:5', '1:65535', '0x50'],
};

/** net/netfilter/xt_sctp.c: a later fragment never matches; the chunks lie beyond the fields of a packet. */
export const sctp: Match = {
  kind: 'match',
  name: 'sctp',
  families: [4, 6],
  impliedBy: ['sctp'],
  options: options(
    ['! --sport|--source-port PORTS', numberedPorts],
    ['! --dport|--destination-port PORTS', numberedPorts],
    ['! --chunk-types HOW TYPES', choice(['any', 'all', 'only']), chunks],
  ),
  saved: (_use, _backend, spelled) => withoutEveryPort(spelled),

  meaning: (use) =>
    behindProtocol(use, 'sctp', 132, () =>
      given(use, '--chunk-types') === undefined ? ports(use, 'old') : allMeanings(ports(use, 'old'), opaque(use, 'pure')),
    ),
};
