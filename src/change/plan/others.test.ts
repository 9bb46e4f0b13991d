import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostFromFiles } from '../../model/host/index.ts';
import { othersOn } from './others.ts';

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
  test.each(names)('%s', (name) => {
    const saves = readdirSync(join(folder, name)).filter((file) => file.endsWith('.save') && file !== 'sets.save');
    const found = saves.flatMap((file) => {
      const text = readFileSync(join(folder, name, file), 'latin1');
      const host = hostFromFiles({ rulesets: [{ file, text, family: file.includes('v6') ? 6 : 4 }], readAt: 0 });
      return host.ok ? othersOn(host.value).map((other) => `${other.name}: ${other.links.join(' ')}`.trim()) : [];
    });
    expect([...new Set(found)].sort()).toEqual(expected[name] ?? []);
  });
});
