import { bitsOf } from '../../../src/model/net/index.ts';
import { linesOf, readDelegated, readMember } from '../../../src/policy/index.ts';
import { promise } from '../promises.ts';
import type { Random } from '../random.ts';
import { numbered, type Target } from '../target.ts';

const addresses = [
  '192.0.2.7',
  '10.0.0.0/8',
  '198.51.100.3-198.51.100.9',
  '2001:db8::/32',
  '::1',
  '0.0.0.0/0',
  '255.255.255.255',
];
const odd = [
  '192.0.2.256',
  '1.2.3.4/33',
  'fe80::1%eth0',
  '9-1',
  '::/129',
  '<html>',
  '\ufeff',
  '\u00ef\u00bb\u00bf',
  '# x',
  ';',
  '\r',
  '\0',
];
const fields = [
  'ripencc',
  'CH',
  '*',
  'ipv4',
  'ipv6',
  'asn',
  '192.0.2.0',
  '2001:db8::',
  '256',
  '96',
  '0',
  '4294967296',
  '',
  'allocated',
];

/** Lists of others: addresses line by line, and the records of a registry. */
export const list: Target<string> = {
  name: 'list',
  make: (random) =>
    random.once(2)
      ? lines(random, () => random.pick(random.once(4) ? odd : addresses))
      : lines(random, () => (random.once(3) ? record(random) : 'ripencc|CH|ipv4|192.0.2.0|256|20010101|allocated|x')),
  makeLarge: (random) =>
    random.once(2)
      ? numbered((number) => `10.${(number >> 8) & 255}.${number & 255}.0/24\n`)
      : numbered((number) => `apnic|AU|ipv4|${(number >> 8) & 255}.${number & 255}.0.0|256|20010101|assigned\n`),
  check(text) {
    const found = linesOf(text);
    const count = text.split('\n').length;
    let good = 0;
    for (const { word, line } of found) {
      promise(word !== '' && word === word.trim() && !/[#;\n]/.test(word), `${JSON.stringify(word)} is a word`);
      promise(line >= 1 && line <= count, 'a word stands in a line of the list');
      if (isMember(word)) good += 1;
    }
    const read = readDelegated(text, ['CH']);
    if ('bad' in read) {
      promise(
        read.line >= 1 && read.line <= count && !/\n/.test(read.bad) && read.bad.length <= 60,
        'a bad line is shown in short',
      );
      return good > 0 && good === found.length;
    }
    promise(read.addresses.length <= read.records, 'a country has no more than all of them');
    for (const address of read.addresses) promise(isMember(address), `${address} is what a set takes`);
    return read.records > 0 || (good > 0 && good === found.length);
  },
};

function lines(random: Random, one: () => string): string {
  return Array.from({ length: 1 + random.nat(6) }, one).join(random.once(4) ? '\r\n' : '\n');
}

function record(random: Random): string {
  return Array.from({ length: random.nat(9) }, () => random.pick(fields)).join('|');
}

function isMember(word: string): boolean {
  const member = readMember(word);
  if (member === undefined) return false;
  const [lo, hi] = member.range;
  promise(lo >= 0n && lo <= hi && hi < 1n << BigInt(bitsOf(member.family)), `${word} is a range of its family`);
  return true;
}
