import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, hostFromFiles, known, unknown } from '../../src/model/host/index.ts';
import { must } from '../kernel/lab.ts';
import { linesOf, sets } from '../kernel/sets.ts';

const nothingRead = unknown('the test does not say', 'look at the test');

/** The lab of test/kernel as it read itself once, so that nothing here needs a kernel; without rules. */
const whole: Host = must(
  hostFromFiles({
    rulesets: [],
    sets: { file: 'sets', text: sets.map(linesOf).join('') },
    facts: { file: 'facts', text: readFileSync(join(import.meta.dirname, 'facts.json'), 'utf8') },
    readAt: 0,
  }),
);

const small: Host = must(
  hostFromFiles({
    rulesets: [],
    sets: { file: 'sets', text: sets.map(linesOf).join('') },
    facts: {
      file: 'facts',
      text: JSON.stringify({
        links: [{ name: 'eth0' }, { name: 'eth1' }],
        addresses: [
          { link: 'eth0', address: '192.0.2.1/24', broadcast: '192.0.2.255' },
          { link: 'eth0', address: '2001:db8:a::1/64' },
          { link: 'eth1', address: '10.50.0.1/16' },
          { link: 'eth1', address: '10.50.0.2/31' },
          { link: 'eth1', address: 'fd50::1/64' },
        ],
        listeners: [{ proto: 'tcp', port: 9 }, { proto: 'tcp', port: 80, address: '0.0.0.0' }], // biome-ignore format: two
      }),
    },
    readAt: 0,
  }),
);

/** A set that a list holds, and one that rules ask, are missing. */
function withoutSomeSets(host: Host): Host {
  if (!host.sets.known) return host;
  const left = new Map(host.sets.value);
  for (const name of ['net4', 'ip6', 'ports']) left.delete(name);
  return { ...host, sets: known(left) };
}

/** What may be known of a host besides its rules: from everything to nothing. */
export const hosts: readonly { readonly name: string; readonly host: Host }[] = [
  { name: 'all facts', host: whole },
  { name: 'all facts, some sets unknown', host: withoutSomeSets(whole) },
  { name: 'routes unknown', host: { ...whole, routes: nothingRead } },
  { name: 'two links, routes unknown', host: small },
  { name: 'sets unknown', host: { ...whole, sets: nothingRead } },
  {
    name: 'no facts',
    host: { ...whole, links: nothingRead, addresses: nothingRead, routes: nothingRead, listeners: nothingRead },
  },
];

/** The sets that every host here has, by the names that rules use. */
export const setNames: ReadonlySet<string> = new Set(sets.map(({ name }) => name));
