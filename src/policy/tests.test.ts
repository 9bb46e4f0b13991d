import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { packetToJson } from '../model/packet/index.ts';
import { problemLine } from '../result.ts';
import { aloneHost, type CompileOptions, compile, readPolicy, runTests } from './index.ts';

const options: CompileOptions = {
  digest: (text) => createHash('sha256').update(text).digest('hex'),
  foreignLinks: [],
  spared: { 4: [], 6: [] },
  sendsOn: false,
};

const rules = `palisade: 1
interfaces: { internet: eth0, vpn: wg0 }
sets: { admins: ["192.168.1.50", "2001:db8:10::/64"] }
incoming:
  - { allow: ssh, from: admins, at-most: { new: 3, within: 60s } }
  - { allow: [http, https] }
  - { allow: 5432/tcp, via: vpn }
protect: { bogons: { via: internet } }
tests:
`;

function told(tests: string): readonly string[] {
  const read = readPolicy(`${rules}${tests}`, 'p', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
  });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  const results = runTests(read.value, aloneHost(compile(read.value, options)));
  if (!results.known) throw new Error(results.why);
  return results.value.map(({ test, holds, packet }) => {
    const { src, dport, in: via } = packet === null ? { src: '', dport: 0, in: '' } : packetToJson(packet);
    return `${test.text}: ${holds} ${src} ${dport} ${via}`;
  });
}

describe('tests of a policy', () => {
  it.each([
    ['can: { from: "192.168.1.50", reach: ssh }', /: true 192\.168\.1\.50 22 /],
    ['can: { from: admins, reach: ssh }', /: true /],
    ['can: { reach: [http, https] }', /^anyone can reach http, https: true /],
    ['cannot: { from: { anyone-except: admins }, reach: ssh }', /: true /],
    ['cannot: { via: internet, reach: 5432/tcp }', /: true \S+ 5432 eth0$/],
    ['cannot: { reach: 5432/tcp }', /: false \S+ 5432 wg0$/],
    ['can: { reach: 5432/tcp }', /: false \S+ 5432 (?!wg0)/],
    ['can: { reach: ssh }', /: false \S+ 22 /],
    ['cannot: { from: admins, reach: ssh }', /: false (192\.168\.1\.50|2001:db8:10:\S+) 22 /],
    ['can: { from: { anyone-except: admins }, reach: http }', /: true /],
  ])('%s', (line, wanted) => {
    expect(told(`  - ${line}\n`)[0]).toMatch(wanted);
  });
});
