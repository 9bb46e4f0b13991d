import { holdsRules } from '../../analysis/answers/bystanders.ts';
import { fileAt, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { scheduled } from '../schedule.ts';

const host = (version: string, backend: string, ...files: readonly object[]): object => ({
  ...oneLink,
  software: undefined,
  backend,
  packages: { iptables: version },
  files,
});
const job = file('/etc/cron.d/fw', '*/5 * * * * root iptables -I INPUT -s 192.0.2.7 -j DROP\n');
const rules = filter([]);

/**
 * Measured: the legacy tools wait for the lock by themselves since 1.8.8, although their manual still says that they give up; those of nft have no lock
 * but retry. Only older legacy tools without -w fail while another program changes rules.
 */
export const fwOps05: Check = {
  id: 'FW-OPS-05',
  title: 'scripts wait for the lock of iptables',
  severity: 'info',
  kinds: ['Y', 'H'],
  refs: [],
  why: 'While fail2ban or Docker changes rules, an older iptables without -w gives up, and the rule that the script meant to add is missing.',
  fix: 'Add -w 5 to every call of iptables in scripts.',
  run,
  examples: [
    { title: 'an old legacy iptables', v4: rules, facts: host('1.8.7-1', 'legacy', job), finds: ['info null'] },
    {
      title: 'it waits',
      v4: rules,
      facts: host('1.8.7-1', 'legacy', file('/etc/cron.d/fw', '* * * * * root iptables -w 5 -A INPUT -j DROP\n')),
      finds: [],
    },
    { title: 'it waits by itself', v4: rules, facts: host('1.8.9-2', 'legacy', job), finds: [] },
    { title: 'nft has no lock', v4: rules, facts: host('1.8.7-1', 'nft', job), finds: [] },
    { title: 'no scripts', v4: rules, facts: host('1.8.7-1', 'legacy'), finds: [] },
    {
      title: 'which version was not read',
      v4: rules,
      facts: { ...oneLink, software: undefined, backend: 'legacy', files: [job] },
      finds: [],
      unknown: 1,
    },
    {
      title: 'scripts that were not read',
      v4: rules,
      facts: { ...oneLink, software: undefined, backend: 'legacy', packages: { iptables: '1.8.7-1' } },
      finds: [],
      unknown: 1,
    },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwOps05, [host.backends[4], host.backends[6]], (four, six) => {
    if (!holdsRules(four.legacy) && !holdsRules(six.legacy)) return fine;
    return given(fwOps05, [host.packages, host.files], ({ installed }, files) => {
      const tool = installed.find(({ name }) => name === 'iptables');
      const version = /^(?:\d+:)?(\d+)\.(\d+)\.(\d+)/
        .exec(tool?.version ?? '')
        ?.slice(1)
        .map(Number);
      if (version === undefined) return fine;
      const [major = 0, minor = 0, patch = 0] = version;
      if (major * 10_000 + minor * 100 + patch >= 10_808) return fine;
      return given(fwOps05, [impatient(files)], (scripts) =>
        scripts.length === 0
          ? fine
          : found(fwOps05, {
              title: `Scripts do not wait for the lock of iptables: ${sayList(scripts.slice(0, 4))}`,
              why: `iptables ${tool?.version} gives up with status 4 when another program holds the lock, and what it was to do is not done.`,
              fix: 'Add -w 5 to each call of iptables, ip6tables and their restore tools in these files.',
            }),
      );
    });
  });
}

function impatient(files: HostFiles): Known<readonly string[]> {
  const jobs = scheduled(files);
  if (!jobs.known) return jobs;
  const local = fileAt(files, '/etc/rc.local');
  if (!local.known) return local;
  const texts = [...jobs.value.map(({ path, command }) => [path, command] as const)];
  if (local.value?.text.known) texts.push(...local.value.text.value.split('\n').map((line) => ['/etc/rc.local', line] as const));
  const calls = texts.filter(
    ([, line]) => /^[^#]*\bip6?tables(?:-legacy)?(?:-restore)?\s/.test(line) && !/\s(?:-w|--wait)\b/.test(line),
  );
  return known([...new Set(calls.map(([path]) => path))]);
}
