import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSets } from '../../../src/model/host/ipset.ts';
import { printSets, readSets } from '../../../src/model/host/ipset-save.ts';
import { problemsHold, promise } from '../promises.ts';
import type { Random } from '../random.ts';
import { filled, numbered, type Target } from '../target.ts';

const root = join(import.meta.dirname, '../../../testdata/rulesets');
const lines = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('sets.save'))
  .sort()
  .flatMap((path) => readFileSync(join(root, path), 'latin1').split('\n'))
  .filter((line) => line !== '');
const types =
  'bitmap:ip bitmap:ip,mac bitmap:port hash:ip hash:mac hash:net hash:ip,port hash:ip,port,net hash:net,iface hash:ip,mark list:set'.split(
    ' ',
  );
const members =
  '10.0.0.1 10.0.0.0/8 2001:db8::/32 10.0.0.1,tcp:80 10.0.0.1,02:00:00:00:00:01 80 10.0.0.0/8,eth0 10.0.0.1,0x10 other ::'.split(
    ' ',
  );
const options = [
  ...[
    'family inet',
    'family inet6',
    'hashsize 1024',
    'maxelem 65536',
    'timeout 60',
    'timeout 4294967296',
    'counters',
    'comment',
    'skbinfo',
  ],
  ...[
    'nomatch',
    'netmask 24',
    'bitmask 255.0.0.0',
    'markmask 0xff',
    'range 0-65535',
    'packets 1 bytes 2',
    'comment "a b"',
    'comment "',
    'size 8',
  ],
];
const oddities = [
  ...'"\\ \n\r\t\0,:/-!',
  '',
  'create',
  'add',
  'a',
  '0',
  '-1',
  '99999999999',
  '\xff',
  '/33',
  '::',
  'flush',
  'swap a b',
  '# "\n',
  ' "',
  'x"y',
  '\xc3\xa0',
  'create a "b hash:ip\n',
  'create c"d hash:ip\nadd c"d 10.0.0.1\n',
];

/** What `ipset save` prints. */
export const ipset: Target<string> = {
  name: 'ipset save',
  make(random) {
    const text = random.once(2)
      ? Array.from({ length: 1 + random.nat(8) }, () => random.pick(lines)).join('\n')
      : generated(random);
    let changed = `${text}\n`;
    for (let edit = random.nat(4); edit > 0; edit -= 1) {
      const at = random.nat(changed.length + 1);
      changed = changed.slice(0, at) + random.pick(oddities) + changed.slice(at + random.nat(3));
    }
    return changed;
  },
  makeLarge(random) {
    const masks = ['bitmask 255.255.240.15', 'family inet6 bitmask f0f0:f0f0::ffff', 'netmask 8'];
    if (random.once(4))
      return `create a hash:ip ${random.pick(masks)}\n${numbered((number) => `add a 10.0.${number >> 8}.${number & 255}\n`)}`;
    if (random.once(4))
      return numbered((number) => `create s ${number} ${random.pick(types)}\nadd s ${number} ${random.pick(members)}\n`);
    if (random.once(4)) return `create ${filled(random.pick([' ', 'x ', '" ', 'hash:ip ', '"']))} hash:ip\n`;
    if (random.once(3)) return `create a hash:ip ${random.pick(options)}\n${filled(`add a ${random.pick(members)}\n`)}`;
    return random.once(2)
      ? filled(`${random.pick(lines)}\n`)
      : `create a hash:ip\nadd a ${filled(random.pick(oddities) || ' ')}\n`;
  },
  check(text) {
    const sets = parseSets(text, 'F');
    if (!sets.ok) problemsHold(sets.problems, text);
    const saved = readSets(text, 'F');
    if (!saved.ok) {
      problemsHold(saved.problems, text);
      promise(!sets.ok, 'what is no save text holds no sets');
      return false;
    }
    const printed = printSets(saved.value);
    const again = readSets(printed, 'F');
    if (!again.ok) throw new Error(`printed, it does not read: ${JSON.stringify(again.problems)}\n${printed}`);
    promise(printSets(again.value) === printed, 'printing twice gives the same');
    return sets.ok;
  },
};

function generated(random: Random): string {
  const names = ['a', 'b', 'other'];
  const rows = names.map(
    (name) =>
      `create ${name} ${random.pick(types)} ${Array.from({ length: random.nat(4) }, () => random.pick(options)).join(' ')}`,
  );
  for (let count = random.nat(8); count > 0; count -= 1)
    rows.push(`add ${random.pick(names)} ${random.pick(members)} ${random.once(2) ? random.pick(options) : ''}`);
  return rows.join('\n');
}
