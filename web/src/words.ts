import type { LoggedPacketJson } from '../../src/verbs/event.ts';
import type { FindingJson, StatusJson, TraceJson } from '../../src/verbs/shapes.ts';

export type RuleName = NonNullable<TraceJson['decidedBy']>;
export type PacketJson = NonNullable<FindingJson['witness']>['packet'];
export type Severity = FindingJson['severity'];

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const satisfies readonly Severity[];

/** `NOT protected.`, in the words of `palisade status`. */
export function verdictWords(status: StatusJson): string {
  return { yes: 'protected.', no: 'NOT protected.', unknown: 'UNKNOWN whether protected.' }[status.protected];
}

const icmpNames: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  4: {
    0: 'echo-reply',
    3: 'destination-unreachable',
    5: 'redirect',
    8: 'echo-request',
    11: 'time-exceeded',
    12: 'parameter-problem',
  },
  6: {
    1: 'destination-unreachable',
    2: 'packet-too-big',
    3: 'time-exceeded',
    4: 'parameter-problem',
    128: 'echo-request',
    129: 'echo-reply',
    133: 'router-solicitation',
    134: 'router-advertisement',
    135: 'neighbour-solicitation',
    136: 'neighbour-advertisement',
  },
};

/**
 * `A packet from 203.0.113.9 to tcp port 3306`, `An ESTABLISHED packet from 198.51.100.53 port 53 to udp port 40000`,
 * `A forwarded icmp echo-request packet from 10.0.0.1 to 192.0.2.1`.
 */
export function packetWords(packet: PacketJson): string {
  const { hook, src, dst, sport, dport, proto, state } = packet;
  const way = { input: [], forward: ['forwarded'], output: ['outgoing'] }[hook];
  const kind = [...way, ...(state === 'NEW' ? [] : [state]), ...(dport === null ? [serviceWords(packet)] : []), 'packet'].join(
    ' ',
  );
  const article = /^[aeiou]/i.test(kind) ? 'An' : 'A';
  // The source port of a first packet is any; that of a reply says which service answers.
  const from = state === 'NEW' || sport === null ? src : `${src} port ${sport}`;
  const port = dport === null ? '' : `${proto} port ${dport}`;
  const to = hook === 'input' ? port : `${dst} ${port}`.trim();
  const link = (hook === 'output' ? packet.out : packet.in) === 'lo' ? ' over loopback' : '';
  return `${article} ${kind} from ${from}${to === '' ? '' : ` to ${to}`}${link}`;
}

function serviceWords({ proto, dport, icmpType, src }: Pick<PacketJson, 'proto' | 'dport' | 'icmpType' | 'src'>): string {
  if (dport !== null) return `${proto} ${dport}`;
  if (icmpType === null) return /^\d+$/.test(proto) ? `protocol ${proto}` : proto;
  return `${proto} ${icmpNames[src.includes(':') ? 6 : 4]?.[icmpType] ?? `type ${icmpType}`}`;
}

const fates: Readonly<Record<string, string>> = {
  ACCEPT: 'is accepted',
  DROP: 'is dropped',
  REJECT: 'is rejected',
  QUEUE: 'is queued to a program',
  STOLEN: 'is taken over by a target',
  UNDECIDED: 'has more possible endings than can be followed',
};

/** `is accepted by INPUT’s policy`, `is dropped by INPUT rule 8`, `depends on …`. */
export function fateWords(verdict: string, decidedBy: RuleName | null, dependsOn: readonly string[]): string {
  if (verdict === 'DEPENDS') return `depends on ${dependsOn.map((match) => `“${match}”`).join(' and ')}`;
  const fate = fates[verdict] ?? verdict;
  if (decidedBy !== null) return `${fate} by ${ruleWords(decidedBy)}`;
  return verdict === 'ACCEPT' ? `${fate}: no rule stands in its way` : fate;
}

/** `INPUT rule 3`, `INPUT’s policy`, with family and table where they are not IPv4 and filter. */
export function ruleWords({ family, table, chain, rule }: RuleName): string {
  const where = [family === 6 ? 'IPv6' : '', table === 'filter' ? '' : table, chain].filter((word) => word !== '').join(' ');
  return rule === 'policy' ? `${where}’s policy` : `${where} rule ${rule}`;
}

/** The anchor of a rule's row. */
export function ruleAnchor({ family, table, chain, rule }: RuleName): string {
  return `rule-${family}-${table}-${encodeURIComponent(chain)}-${rule}`;
}

/** The packet that a log line speaks of, to be followed through the rules as they stand now. */
export function loggedToPacket(logged: LoggedPacketJson): Partial<PacketJson> & Pick<PacketJson, 'hook' | 'src' | 'dst'> {
  const hook =
    logged.in !== null && logged.out !== null ? 'forward' : logged.out !== null && logged.in === null ? 'output' : 'input';
  const { src, dst, sport, dport, icmpType, icmpCode, flags } = logged;
  return {
    hook,
    in: logged.in,
    out: logged.out,
    src,
    dst,
    proto: logged.proto ?? '',
    sport,
    dport,
    icmpType,
    icmpCode,
    ...(flags === null ? {} : { flags }),
  };
}

/** `tcp 3306`, `icmp echo-request`, `gre`. */
export function shortService(logged: LoggedPacketJson): string {
  return logged.proto === null ? 'not said' : serviceWords({ ...logged, proto: logged.proto });
}

const grouped = new Intl.NumberFormat('en-US');

export function countWords(count: number | null): string {
  return count === null ? '–' : grouped.format(count);
}

/** Decimal units, as iptables -v counts. */
export function byteWords(bytes: number | null): string {
  if (bytes === null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** A fix is a sentence and then, where commands mend it, the commands, one a line. */
export function splitFix(fix: string): { readonly says: string; readonly commands: string } {
  const [says = '', ...commands] = fix.split('\n');
  return { says, commands: commands.join('\n').trim() };
}

/**
 * Text that others wrote (comments, prefixes, chain names) with everything invisible in it made visible, so that
 * no control or bidirectional character can make a rule look like another.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
