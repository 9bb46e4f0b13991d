import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSets, printSets, readSets } from './index.ts';

/** The real ipset as oracle, in a network namespace that is made for the one call. */
function saved(lines: readonly string[]): { readonly text: string; readonly errors: string } {
  // One by one, since this kernel may lack a type: what it lacks is said on standard error and must not spoil the rest.
  const feed = lines.map((line) => `printf '%s\\n' '${line}' | ipset restore -exist`).join('\n');
  const flags = process.getuid?.() === 0 ? ['-n'] : ['-rn'];
  const run = spawnSync('unshare', [...flags, 'sh', '-c', `${feed}\nipset save`], {
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  if (run.error !== undefined) throw run.error;
  return { text: run.stdout, errors: run.stderr };
}

function printed(text: string): string {
  const read = readSets(text, 'test');
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return printSets(read.value);
}

const root = join(import.meta.dirname, '../../../testdata/rulesets');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('sets.save'));

it('finds the captured saves', () => {
  expect(files.length).toBeGreaterThanOrEqual(10);
});

it.each(files)('%s prints byte for byte', (path) => {
  const text = readFileSync(join(root, path), 'latin1');
  expect(printed(text)).toBe(text);
  expect(parseSets(text, path).ok).toBe(true);
});

/** Every set type of ipset 7.17 with every extension, and members of each form. */
const types: readonly (readonly [create: string, ...members: string[]])[] = [
  ['bitmap:ip range 10.0.0.0/24', '10.0.0.1', '10.0.0.9-10.0.0.12'],
  ['bitmap:ip range 10.0.0.0-10.0.255.255 netmask 24', '10.0.3.0'],
  ['bitmap:ip,mac range 10.0.0.0/24', '10.0.0.1,02:00:00:00:00:01', '10.0.0.2'],
  ['bitmap:port range 0-1023', '22', '80-90'],
  ['hash:ip', '10.0.0.1', '10.0.0.0/30'],
  ['hash:ip netmask 24', '10.0.0.1'],
  ['hash:ip bitmask 255.255.0.255', '10.0.9.1'],
  ['hash:ip family inet6', '2001:db8::1'],
  ['hash:ip family inet6 netmask 64', '2001:db8::1'],
  ['hash:mac', '02:00:00:00:00:01'],
  ['hash:ip,mac', '10.0.0.1,02:00:00:00:00:01'],
  ['hash:net', '10.0.0.0/8', '128.0.0.0/1', '192.0.2.1'],
  ['hash:net family inet6', '2001:db8::/32', '8000::/1'],
  ['hash:net,net', '10.0.0.0/8,192.0.2.0/24'],
  ['hash:ip,port', '10.0.0.1,tcp:80', '10.0.0.1,udp:53', '10.0.0.1,icmp:echo-request', '10.0.0.1,sctp:9', '10.0.0.1,47:0'],
  ['hash:ip,port family inet6', '2001:db8::1,tcp:80', '2001:db8::1,icmpv6:echo-request', '2001:db8::1,icmpv6:200/3'],
  ['hash:net,port', '10.0.0.0/8,tcp:80-82'],
  ['hash:ip,port,ip', '10.0.0.1,tcp:80,192.0.2.1'],
  ['hash:ip,port,net', '10.0.0.1,tcp:80,192.0.2.0/24'],
  ['hash:ip,mark', '10.0.0.1,0x1', '10.0.0.1,99'],
  ['hash:ip,mark markmask 0xff00', '10.0.0.1,0x1234'],
  ['hash:net,port,net', '10.0.0.0/8,tcp:80,192.0.2.0/24'],
  ['hash:net,iface', '10.0.0.0/8,eth0', '10.0.0.0/8,physdev:veth1'],
  ['hash:net,iface family inet6', '2001:db8::/32,eth0'],
];

const extensions: readonly (readonly [create: string, member: string])[] = [
  ['', ''],
  ['timeout 600', ''],
  ['timeout 600', 'timeout 0'],
  ['timeout 0', 'timeout 1234567'],
  ['counters', 'packets 3 bytes 18446744073709551614'],
  ['comment', 'comment "a b, c: x=1 -exist"'],
  ['skbinfo', 'skbmark 0x1/0xff skbprio 1:10 skbqueue 3'],
  ['skbinfo', 'skbprio 0:1'],
  ['skbinfo', 'skbmark 0x1111/0xffffffff'],
  ['forceadd hashsize 64 maxelem 100', ''],
  ['bucketsize 4 initval 0x1234abcd', ''],
  ['timeout 60 counters comment skbinfo', 'timeout 50 packets 1 bytes 2 comment "all" skbmark 0x1 skbprio 1:2 skbqueue 3'],
];

describe('what the real ipset saves', () => {
  let text = '';
  let errors = '';

  beforeAll(() => {
    const lines: string[] = [];
    let number = 0;
    for (const [create, ...members] of types) {
      for (const [options, member] of extensions) {
        if (create.startsWith('bitmap') && /forceadd|bucketsize/.test(options)) continue;
        number += 1;
        lines.push(`create s${number} ${create} ${options}`);
        for (const one of members) lines.push(`add s${number} ${one} ${member}`);
        if (/^hash:net/.test(create)) lines.push(`add s${number} ${nomatch(create)} nomatch ${member}`);
      }
    }
    lines.push('create wild hash:net,iface', 'add wild 10.0.0.0/8,eth wildcard');
    lines.push('create all list:set size 4 timeout 0 comment', 'add all s1', 'add all s2 before s1 comment "first"');
    lines.push('create "a b" hash:ip comment', 'add "a b" 10.0.0.1 comment "with a blank"');
    ({ text, errors } = saved(lines));
  });

  it('holds every type that this kernel has, with all that a member can say', () => {
    const kinds = new Set(Array.from(text.matchAll(/^create .+? ((?:bitmap|hash|list):[a-z,]+)/gm), ([, type]) => type));
    const wanted = new Set([...types.map(([create]) => create.split(' ')[0]), 'list:set']);
    const absent = [...wanted].filter((type) => !kinds.has(type));
    // Asked again by itself, each of them must be one that the kernel was built without.
    for (const type of absent) expect(saved([`create probe ${type}`]).errors).toContain('set type not supported');
    expect(kinds.size).toBeGreaterThan(absent.length);
    for (const word of ['nomatch', 'timeout', 'comment', 'skbmark', 'packets', 'wildcard', 'physdev:', 'initval'])
      expect(text).toContain(word);
    const others = errors
      .split('\n')
      .filter((line) => line !== '' && !/set type not supported|was not created|does not exist/.test(line));
    expect(others).toEqual([]);
  });

  it('prints byte for byte, and reads', () => {
    expect(printed(text)).toBe(text);
    const sets = parseSets(text, 'test');
    expect(sets.ok && sets.value.size).toBeGreaterThan(150);
  });
});

/** A member of a set of networks that is an exception. */
function nomatch(create: string): string {
  const wide = create.includes('inet6') ? '2001:db8:9::/48' : '10.9.0.0/16';
  const kinds = (create.split(' ')[0] as string).slice('hash:'.length).split(',');
  return kinds.map((kind) => ({ net: wide, port: 'tcp:99', iface: 'eth9' })[kind]).join(',');
}
