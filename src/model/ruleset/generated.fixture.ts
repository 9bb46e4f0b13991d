import type { Family } from '../net/index.ts';
import type { Extension, Option } from './extension.ts';
import { matches, targets } from './extensions/index.ts';
import { networkValue } from './values/address.ts';

/** A rule to try: the table and chain that it may stand in, and what it says behind `-A CHAIN`. */
export interface Sample {
  /** Of the extension that it is made from; `` for the rule's own conditions. */
  readonly extension: string;
  readonly family: Family;
  readonly table: string;
  /** A built-in chain where the extension is tied to one, else `null`: a chain of its own. */
  readonly hook: string | null;
  readonly text: string;
  /** One of its values lies outside what the type takes. */
  readonly isBad: boolean;
}

interface Place {
  readonly table?: string;
  readonly hook?: string;
  /** Words before the extension. */
  readonly before?: string;
  /** Words that the extension needs behind its name. */
  readonly with?: string;
}

/** Where extensions may stand that are not at home everywhere, and what the kernel wants beside them. */
const places: Readonly<Record<string, Place>> = {
  multiport: { before: '-p tcp' },
  sctp: { before: '-p sctp' },
  dccp: { before: '-p dccp' },
  tcp: { before: '-p tcp' },
  udp: { before: '-p udp' },
  icmp: { before: '-p icmp' },
  icmp6: { before: '-p ipv6-icmp' },
  ah: { before: '-p ah' },
  esp: { before: '-p esp' },
  ipcomp: { before: '-p ipcomp' },
  mh: { before: '-p mobility-header' },
  tcpmss: { before: '-p tcp' },
  osf: { before: '-p tcp' },
  ecn: { before: '-p tcp' },
  owner: { hook: 'OUTPUT' },
  cgroup: { hook: 'OUTPUT' },
  rpfilter: { table: 'raw', hook: 'PREROUTING' },
  socket: { table: 'mangle', hook: 'PREROUTING' },
  eui64: { hook: 'INPUT' },
  mac: { hook: 'INPUT' },
  CHECKSUM: { table: 'mangle' },
  CLASSIFY: { table: 'mangle', hook: 'POSTROUTING' },
  CONNMARK: { table: 'mangle' },
  CONNSECMARK: { table: 'mangle' },
  SECMARK: { table: 'mangle' },
  CT: { table: 'raw', hook: 'PREROUTING' },
  NOTRACK: { table: 'raw', hook: 'PREROUTING' },
  TRACE: { table: 'raw', hook: 'PREROUTING' },
  DNAT: { table: 'nat', hook: 'PREROUTING', before: '-p tcp' },
  SNAT: { table: 'nat', hook: 'POSTROUTING', before: '-p tcp' },
  REDIRECT: { table: 'nat', hook: 'PREROUTING', before: '-p tcp' },
  MASQUERADE: { table: 'nat', hook: 'POSTROUTING', before: '-p tcp' },
  NETMAP: { table: 'nat', hook: 'PREROUTING' },
  DSCP: { table: 'mangle' },
  ECN: { table: 'mangle', before: '-p tcp' },
  HL: { table: 'mangle' },
  TTL: { table: 'mangle' },
  SET: { table: 'mangle', hook: 'POSTROUTING' },
  TOS: { table: 'mangle' },
  MARK: { table: 'mangle' },
  HMARK: { table: 'mangle', with: '--hmark-rnd 1' },
  TPROXY: { table: 'mangle', hook: 'PREROUTING', before: '-p tcp' },
  TCPMSS: { table: 'mangle', hook: 'POSTROUTING', before: '-p tcp --syn' },
  TCPOPTSTRIP: { table: 'mangle', before: '-p tcp' },
  SYNPROXY: { before: '-p tcp' },
  SNPT: { table: 'mangle', hook: 'POSTROUTING' },
  DNPT: { table: 'mangle', hook: 'PREROUTING' },
};

/**
 * Rules over every extension of a family: each option by itself with each example of its type, inverted where that may be, by
 * each of its spellings, and with each value that its type refuses; then `more` mixtures an extension, as `next` (0…1) draws them.
 */
export function generatedSamples(family: Family, next: () => number, more: number): readonly Sample[] {
  const samples = new Map<string, Sample>();
  for (const extension of [...matches, ...targets]) {
    if (!extension.families.includes(family)) continue;
    const add = (words: readonly string[], isBad: boolean): void => {
      const place = places[extension.name] ?? {};
      const text = [place.before, extension.kind === 'match' ? '-m' : '-j', extension.name, place.with, ...words];
      const sample = {
        extension: extension.name,
        family,
        table: place.table ?? 'filter',
        hook: place.hook ?? null,
        text: text.filter((word) => word !== undefined).join(' '),
        isBad,
      };
      samples.set(`${sample.table} ${sample.text}`, sample);
    };
    add(beside(extension, [], family), false);
    for (const option of extension.options) {
      const rest = beside(extension, [option], family);
      for (const name of [option.name, ...(option.aliases ?? [])]) add([...rest, name, ...valueWords(option, family, 0)], false);
      const count = Math.max(1, ...option.types.map((type) => type.examples(family).length));
      for (let index = 0; index < count; index += 1) {
        const words = [option.name, ...valueWords(option, family, index)];
        add([...rest, ...words], false);
        if (option.invertible === true) add([...rest, '!', ...words], false);
      }
      for (const [index, type] of option.types.entries()) {
        for (const value of type.refused(family)) {
          const words = valueWords(option, family, 0);
          add([...rest, option.name, ...words.map((word, at) => (at === index ? quoted(value) : word))], true);
        }
      }
    }
    for (let round = 0; round < more; round += 1) add(mixture(extension, family, next), false);
  }
  for (const text of ownConditions(family, next, more * 20)) {
    samples.set(`filter ${text}`, { extension: '', family, table: 'filter', hook: null, text, isBad: false });
  }
  return [...samples.values()];
}

/** The rule's own conditions, each spelling of each by itself, inverted where that may be, and `more` mixtures of them. */
function ownConditions(family: Family, next: () => number, more: number): readonly string[] {
  const networks = networkValue
    .examples(family)
    .concat(family === 4 ? ['10/8', '0/0', '010.1.1.1', '10.9.8.7/20'] : ['::/0', '::ffff:0:0/96']);
  const links = ['eth0', 'eth+', 'br-lan', 'wlan0.100', 'tun_1', 'x', 'abcdefghijklmno', 'abcdefghijklmn+', '+'];
  const protocols = [
    'tcp',
    'UDP',
    '6',
    'all',
    '0',
    'gre',
    '47',
    'esp',
    'icmp',
    'ipv6-icmp',
    'sctp',
    '132',
    '0x11',
    '255',
    'vrrp',
    'ospf',
    '99',
  ];
  const values: readonly (readonly [names: readonly string[], values: readonly string[]])[] = [
    [['-p', '--protocol'], protocols],
    [['-s', '--source', '--src'], networks],
    [['-d', '--destination', '--dst'], networks],
    [['-i', '--in-interface'], links],
    [['-o', '--out-interface'], links],
    ...(family === 4 ? [[['-f', '--fragments'], ['']] as const] : []),
  ];
  const written = (name: string, value: string): string => (value === '' ? name : `${name} ${value}`);
  const found: string[] = [];
  for (const [names, all] of values)
    for (const name of names) for (const value of all) found.push(written(name, value), `! ${written(name, value)}`);
  for (let round = 0; round < more; round += 1) {
    const chosen = values.filter(() => next() < 0.6);
    const parts = chosen.map(([names, all]) => {
      const name = names[Math.floor(next() * names.length)] ?? '';
      return `${next() < 0.3 ? '! ' : ''}${written(name, all[Math.floor(next() * all.length)] ?? '')}`;
    });
    found.push([...parts, ...(next() < 0.5 ? ['-j ACCEPT'] : [])].join(' '));
  }
  return found;
}

/** Options that must stand beside those of `there`. */
function beside(extension: Extension, there: readonly Option[], family: Family): readonly string[] {
  const chosen = [...there];
  const has = (name: string): boolean => chosen.some((option) => option.name === name);
  const take = (name: string): void => {
    const option = extension.options.find((one) => one.name === name);
    if (option !== undefined && !has(name)) chosen.push(option);
  };
  for (const option of extension.options) if (option.required === true) take(option.name);
  for (const limit of extension.limits ?? []) {
    if (limit.kind === 'needs' && has(limit.option) && !limit.of.some(has)) take(limit.of[0] ?? '');
  }
  for (const limit of extension.limits ?? []) {
    if ((limit.kind === 'one' || limit.kind === 'some') && !limit.of.some(has)) take(limit.of[0] ?? '');
  }
  return chosen.slice(there.length).flatMap((option) => [option.name, ...valueWords(option, family, 0)]);
}

/** Some options in any order, each with any example. */
function mixture(extension: Extension, family: Family, next: () => number): readonly string[] {
  const chosen: { option: Option; at: number }[] = [];
  for (const option of extension.options) if (next() < 0.4 || option.required === true) chosen.push({ option, at: next() });
  for (const limit of extension.limits ?? []) {
    if (limit.kind === 'needs' || limit.kind === 'some') continue;
    const among = chosen.filter(({ option }) => limit.of.includes(option.name));
    for (const one of among.slice(1)) chosen.splice(chosen.indexOf(one), 1);
  }
  const rest = beside(
    extension,
    chosen.map(({ option }) => option),
    family,
  );
  const words = chosen
    .sort((a, b) => a.at - b.at)
    .flatMap(({ option }) => [
      ...(option.invertible === true && next() < 0.3 ? ['!'] : []),
      option.name,
      ...valueWords(option, family, Math.floor(next() * 64)),
    ]);
  return [...words, ...rest];
}

function valueWords(option: Option, family: Family, index: number): readonly string[] {
  return option.types.map((type) => {
    const examples = type.examples(family);
    return quoted(examples[index % examples.length] ?? '');
  });
}

function quoted(value: string): string {
  return /^[!#-~]+$/.test(value) && !value.includes("'") ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
