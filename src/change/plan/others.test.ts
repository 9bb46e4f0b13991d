import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { ruleText } from '../../model/ruleset/index.ts';
import { problemLine } from '../../result.ts';
import { othersOn, rulesOfOthers } from './others.ts';

function hostOf(...rules: readonly string[]): Host {
  const chains = ['DOCKER', 'DOCKER-USER', 'f2b-sshd', 'mine'].map((name) => `:${name} - [0:0]`);
  const lines = [
    '*filter',
    ':INPUT DROP [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...chains,
    ...rules,
    'COMMIT',
    '',
  ];
  const host = hostFromFiles({ rulesets: [{ file: 'rules', family: 4, text: lines.join('\n') }], readAt: 0 });
  if (!host.ok) throw new Error(host.problems.map(problemLine).join('\n'));
  return host.value;
}

describe('those who live beside a policy', () => {
  it('forward over links that their own rules speak of, and not those of DOCKER-USER', () => {
    const host = hostOf(
      '-A DOCKER ! -i office0 -o office0 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A DOCKER-USER ! -s 203.0.113.0/24 -i eth0 -j DROP',
    );
    expect(othersOn(host).find(({ name }) => name === 'Docker')?.links).toEqual(['docker+', 'br-+', 'office0']);
  });

  it('keep their chains, what leads there, what asks their lists, and what is about their links', () => {
    const theirs = [
      '-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd',
      '-A INPUT -m recent --update --seconds 60 --name f2b-web --rsource -j DROP',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
      '-A DOCKER-USER -j RETURN',
      '-A f2b-sshd -s 203.0.113.9/32 -j DROP',
    ];
    const mine = [
      '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      '-A INPUT -i eth0 -j mine',
      '-A FORWARD -i eth0 -o eth1 -j ACCEPT',
      '-A mine -p udp -j ACCEPT',
    ];
    const host = hostOf(...theirs, ...mine);
    const ruleset = host.rulesets[4];
    if (!ruleset.known) throw new Error(ruleset.why);
    const kept = [...rulesOfOthers(host, ruleset.value)].map((rule) => ruleText(ruleset.value, rule));
    expect(kept.toSorted()).toEqual(theirs.toSorted());
  });
});

const folder = join(import.meta.dirname, '../../../testdata/rulesets');

/** Whose real rulesets have which program in them, and over which links it forwards. */
const expected: Readonly<Record<string, readonly string[]>> = {
  cni: ['Kubernetes: cni+ cali+ flannel+ cilium_+ weave+ kube+'],
  'crowdsec-bouncer': ['CrowdSec:'],
  'debian-11-ufw': ['ufw:'],
  'debian-13-ufw': ['ufw:'],
  docker: ['Docker: docker+ br-+'],
  fail2ban: ['fail2ban:'],
  firewalld: ['firewalld:'],
  kubernetes: ['Kubernetes: cni+ cali+ flannel+ cilium_+ weave+ kube+'],
  libvirt: ['libvirt: virbr+'],
  'lxc-net': ['LXC: lxcbr+'],
  netavark: ['Podman: podman+'],
  'networkmanager-shared': ['NetworkManager: nmbr0'],
  neutron: ['OpenStack Neutron: tap+ brq+ qvb+ qvo+ qr-+ qg-+'],
  sshguard: ['sshguard:'],
  ufw: ['ufw:'],
};

describe('programs beside a policy are known by their rules', () => {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  it.each(names)('%s', (name) => {
    const saves = readdirSync(join(folder, name)).filter((file) => file.endsWith('.save') && file !== 'sets.save');
    const found = saves.flatMap((file) => {
      const text = readFileSync(join(folder, name, file), 'latin1');
      const host = hostFromFiles({ rulesets: [{ file, text, family: file.includes('v6') ? 6 : 4 }], readAt: 0 });
      return host.ok ? othersOn(host.value).map((other) => `${other.name}: ${other.links.join(' ')}`.trim()) : [];
    });
    expect([...new Set(found)].sort()).toEqual(expected[name] ?? []);
  });
});
