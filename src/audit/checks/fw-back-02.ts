import { holdsRules } from '../../analysis/answers/bystanders.ts';
import { fileAt, type Host, type HostFiles, type Known, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, oneLink } from '../examples.ts';
import { both, fine, found, given } from '../host-finding.ts';

type Backend = 'nft' | 'legacy';

const link = (tool: string, backend: Backend): object => ({
  path: `/etc/alternatives/${tool}`,
  target: `/usr/sbin/${tool}-${backend}`,
});
const host = (backend: Backend, ...files: readonly object[]): object => ({ ...oneLink, backend, files });
const rules = filter([]);

/** The plain name `iptables` leads to one backend, by alternatives or by the link that the distribution made. */
export const fwBack02: Check = {
  id: 'FW-BACK-02',
  title: 'iptables works on the backend that holds the rules',
  severity: 'medium',
  kinds: ['H'],
  refs: [],
  why: 'With the other backend iptables shows an empty firewall, and what it adds stands beside the rules instead of among them.',
  fix: 'Let the plain names lead to the backend that is in use.',
  run,
  examples: [
    {
      title: 'nft, and so are the rules',
      v4: rules,
      facts: host('nft', link('iptables', 'nft'), link('ip6tables', 'nft')),
      finds: [],
    },
    {
      title: 'rules in the other one',
      v4: rules,
      facts: host('nft', link('iptables', 'legacy'), link('ip6tables', 'legacy')),
      finds: ['medium 4'],
    },
    {
      title: 'no rules yet, one backend',
      v4: empty,
      v6: empty,
      facts: host('nft', link('iptables', 'nft'), link('ip6tables', 'nft')),
      finds: [],
    },
    {
      title: 'each family its own',
      v4: empty,
      v6: empty,
      facts: host('nft', link('iptables', 'nft'), link('ip6tables', 'legacy')),
      finds: ['medium null'],
    },
    {
      title: 'without alternatives, by the link of the tool',
      v4: rules,
      facts: host('legacy', { path: '/usr/sbin/iptables', target: 'xtables-nft-multi' }),
      finds: ['medium 4'],
    },
    { title: 'no iptables at all', v4: empty, v6: empty, facts: host('nft'), finds: [] },
    {
      title: 'which backend is in use was not read',
      v4: rules,
      facts: { files: [link('iptables', 'nft')] },
      finds: [],
      unknown: 1,
    },
    { title: 'files that were not read', v4: rules, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBack02, [host.files], (files) =>
    given(fwBack02, [leadsTo(files, 4), leadsTo(files, 6)], (four, six) => {
      const each = both(ofFamily(host, 4, four), ofFamily(host, 6, six));
      if (each.findings.length > 0 || four === null || six === null || four === six) return each;
      return found(fwBack02, {
        title: `iptables works on ${four}, ip6tables on ${six}`,
        why: 'Scripts that set both families up put their rules into two places, of which nft shows one.',
        fix: `Let both lead to one backend.\nupdate-alternatives --set ip6tables /usr/sbin/ip6tables-${four}`,
      });
    }),
  );
}

function ofFamily(host: Host, family: Family, tool: Backend | null): Answer {
  if (tool === null) return fine;
  return given(fwBack02, [host.backends[family]], (use) => {
    const held = (['nft', 'legacy'] as const).filter((backend) => holdsRules(use[backend]));
    const [only] = held;
    // Rules in both are a finding of their own.
    if (held.length !== 1 || only === undefined || only === tool) return fine;
    const name = toolOf(family);
    return found(fwBack02, {
      family,
      title: `${name} works on ${tool}, but the IPv${family} rules are in ${only}`,
      why: `${name} -S shows none of them, and what is added with it becomes a second firewall beside the first. Saving with ${name}-save saves nothing.`,
      fix: `Let the plain names lead to the backend that holds the rules.\nupdate-alternatives --set ${name} /usr/sbin/${name}-${only}`,
    });
  });
}

/** `null` where no such tool is there. */
function leadsTo(files: HostFiles, family: Family): Known<Backend | null> {
  const name = toolOf(family);
  for (const path of [`/etc/alternatives/${name}`, `/usr/sbin/${name}`, `/sbin/${name}`]) {
    const file = fileAt(files, path);
    if (!file.known) return file;
    const target = file.value?.target ?? '';
    if (/nft/.test(target)) return known('nft');
    if (/legacy/.test(target)) return known('legacy');
  }
  return known(null);
}
