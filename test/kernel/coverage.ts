import { always, type Constraint, type Effect } from '../../src/model/packet/index.ts';
import type { Bad, Match, Target } from '../../src/model/ruleset/extension.ts';
import { matches, targets } from '../../src/model/ruleset/extensions/index.ts';

/** Why no packet is sent through rules with an extension. */
type Reason =
  /** What it says of a packet is opaque, or what it does unknown, whatever its options: there is nothing to compare. */
  | 'not modelled'
  /** iptables 1.8.9 has no library for it, so that no rule with it can be loaded. */
  | 'no library'
  /** No packet says it: test/kernel/fields.test.ts asks by itself. */
  | 'hangs on the clock'
  /** Linux takes it only with a security module, or with hardware, that a test cannot count on. */
  | 'needs more than a kernel';

/** Extensions that the comparison leaves out. Every other one has to be exercised. */
const leftOut: Readonly<Record<string, Reason>> = {
  ...Object.fromEntries(
    [
      ...['ah', 'bpf', 'cgroup', 'cluster', 'connbytes', 'connlabel', 'connlimit', 'cpu', 'devgroup', 'dst'],
      ...['esp', 'eui64', 'frag', 'hashlimit', 'hbh', 'helper', 'ipcomp', 'ipv6header', 'ipvs', 'limit', 'mh', 'nfacct'],
      ...['osf', 'physdev', 'policy', 'quota', 'rateest', 'realm', 'recent', 'rpfilter', 'rt', 'socket'],
      ...['srh', 'statistic', 'string', 'tcpmss', 'u32'],
    ].map((name) => [`-m ${name}`, 'not modelled'] as const),
  ),
  ...Object.fromEntries(
    ['CLUSTERIP', 'DNPT', 'HMARK', 'SNPT', 'SYNPROXY'].map((name) => [`-j ${name}`, 'not modelled'] as const),
  ),
  '-m time': 'hangs on the clock',
  '-m udplite': 'no library',
  '-j ULOG': 'no library',
  '-j LED': 'needs more than a kernel',
  '-j SECMARK': 'needs more than a kernel',
};

const keyOf = ({ kind, name }: Match | Target): string => `${kind === 'match' ? '-m' : '-j'} ${name}`;
const all: readonly (Match | Target)[] = [...matches, ...targets];

/** Every extension that a comparison has to exercise, as rules write it. */
export const toExercise: readonly string[] = all.map(keyOf).filter((key) => !Object.hasOwn(leftOut, key));

/** What is left out without reason: it is no extension any more, or it means something by now. */
export function leftOutWrongly(): readonly string[] {
  const known = new Map(all.map((extension) => [keyOf(extension), extension]));
  return Object.entries(leftOut).flatMap(([key, reason]) => {
    const extension = known.get(key);
    return extension === undefined || (reason === 'not modelled' && isModelled(extension)) ? [key] : [];
  });
}

/** Whether any of its options makes the extension say something definite. */
function isModelled(extension: Match | Target): boolean {
  const uses = [null, ...extension.options].flatMap((option) =>
    ['1', '10.0.0.0/8', '2001:db8::/64'].map((value) => ({
      family: value.includes('::') ? (6 as const) : (4 as const),
      proto: null,
      notProto: null,
      text: 'asked',
      given: option === null ? [] : [{ name: option.name, inverted: false, values: [value, value].slice(0, option.arity) }],
    })),
  );
  return uses.some((use) => isDefinite(extension.kind === 'match' ? extension.meaning(use) : extension.meaning(use)));
}

function isDefinite(meaning: Constraint | Effect | Bad): boolean {
  switch (meaning.kind) {
    case 'bad':
    case 'opaque':
    case 'unknown':
      return false;
    case 'all':
    case 'any':
      return !meaning.of.some((part) => !isDefinite(part));
    case 'not':
      return isDefinite(meaning.of);
    default:
      return meaning.kind !== always.kind;
  }
}
