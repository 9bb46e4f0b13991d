import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matches, optionOf, targets } from './index.ts';

/** What the libraries of iptables 1.8.9 register; the file says how it was made. */
const table = readFileSync(new URL('../../../../testdata/xtables-options-1.8.9.txt', import.meta.url), 'utf8');

const registered = table
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .reduce<{ kind: string; name: string; family: number; options: string[][] }[]>((all, line) => {
    if (line.startsWith(' ')) all.at(-1)?.options.push(line.trim().split(' '));
    else {
      const [kind = '', name = '', family] = line.split(' ');
      all.push({ kind, name, family: Number(family), options: [] });
    }
    return all;
  }, []);

/** Options of one library entry that take another spelling's flags (libxtables looks flags up by id). */
const borrowed = new Set(['--ttl', '--hl']);

describe('every extension of iptables 1.8.9 is here with its options', () => {
  it('reads the whole table', () => {
    expect(registered.length).toBeGreaterThan(150);
  });

  it.each(registered.map((one) => [`${one.kind} ${one.name} of IPv${one.family}`, one] as const))(
    '%s',
    (_, { kind, name, family, options }) => {
      const extension = (kind === 'match' ? matches : targets).find((one) => one.name === name);
      expect(extension?.families).toContain(family);
      if (extension === undefined) return;
      for (const [spelling = '', arity, invertible, required] of options) {
        const option = optionOf(extension, spelling);
        expect(option, spelling).toBeDefined();
        // Old parsers take a second value, or an optional one, behind getopt's back.
        const values = option?.optional === true ? 0 : option?.arity === 2 ? 1 : option?.arity;
        expect(`${spelling} ${values}`).toBe(`${spelling} ${arity}`);
        if (invertible === 'unsaid' || borrowed.has(spelling)) continue;
        expect(`${spelling} ${option?.invertible}`).toBe(`${spelling} ${invertible === 'invertible'}`);
        expect(`${spelling} ${option?.required}`).toBe(`${spelling} ${required === 'required'}`);
      }
    },
  );

  it('has nothing that the libraries lack, but what other programs write', () => {
    const known = new Set(registered.map((one) => `${one.kind} ${one.name} ${one.family}`));
    const extra = [...matches, ...targets]
      .flatMap((one) => one.families.map((family) => `${one.kind} ${one.name} ${family}`))
      .filter((one) => !known.has(one));
    expect(extra).toEqual(['match udplite 4', 'match udplite 6']);
  });
});

/** Where Debian's tools look for their libraries: one folder an architecture. */
const libraries = readdirSync('/usr/lib', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => {
    const folder = `/usr/lib/${name}/xtables`;
    return existsSync(folder) ? readdirSync(folder) : [];
  })
  .filter((file) => /^lib(xt|ipt|ip6t)_\w+\.so$/.test(file));

/** Libraries that hold no extension of their own name. */
const joint: ReadonlyMap<string, readonly string[]> = new Map([
  ['standard', []],
  ['NAT', ['SNAT', 'DNAT', 'REDIRECT', 'MASQUERADE']],
]);

describe.skipIf(libraries.length === 0)('every library that this machine has for iptables', () => {
  it.each(libraries)('%s', (file) => {
    const [, kind = '', name = ''] = /^lib(xt|ipt|ip6t)_(\w+)\.so$/.exec(file) ?? [];
    for (const wanted of joint.get(name) ?? [name]) {
      // Capitals are targets, small letters matches; a few names are both.
      const found = (/^[A-Z]/.test(wanted) ? targets : matches).find((one) => one.name === wanted);
      expect(found?.name).toBe(wanted);
      if (kind !== 'xt') expect(found?.families).toContain(kind === 'ipt' ? 4 : 6);
    }
  });
});
