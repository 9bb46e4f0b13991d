import type { Host } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import { type BootLoad, bootLoads } from '../boot-loads.ts';
import { starterOf } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { booting, enabled, file } from '../host-examples.ts';
import { both, fine, found, given } from '../host-finding.ts';

const unit = (text: string): object => file('/lib/systemd/system/netfilter-persistent.service', text);
const early = unit('[Unit]\nWants=network-pre.target\nBefore=network-pre.target shutdown.target\n');
const persistent = [enabled('netfilter-persistent.service'), { path: '/usr/share/netfilter-persistent/plugins.d/15-ip4tables' }];
const host = (...files: readonly object[]): object => ({ ...oneLink, processes: booting, files });

/** Where nothing loads rules there is nothing to be late; that is a finding of its own. */
export const fwPers02: Check = {
  id: 'FW-PERS-02',
  title: 'rules are loaded before the network is up, and that works',
  severity: 'medium',
  kinds: ['H'],
  refs: [],
  why: 'Between the first link and the first rule the host is open; after a load that failed it stays so until somebody looks.',
  fix: 'Let the service that loads the rules come before network-pre.target, and watch that it does not fail.',
  run,
  examples: [
    { title: 'before the network', facts: host(...persistent, early), finds: [] },
    {
      title: 'behind the network',
      facts: host(...persistent, unit('[Unit]\nAfter=network-online.target\n')),
      finds: ['medium null'],
    },
    {
      title: 'it failed',
      facts: { ...host(...persistent, early), units: [{ name: 'netfilter-persistent.service', active: 'failed' }] },
      finds: ['medium null'],
    },
    {
      title: 'from rc.local',
      facts: host(file('/etc/rc.local', '#!/bin/sh\niptables-restore < /etc/iptables.rules\n', { mode: '0755' })),
      finds: ['medium null'],
    },
    {
      title: 'before each link',
      facts: host(file('/etc/network/interfaces', 'iface eth0 inet dhcp\n  pre-up iptables-restore < /etc/iptables.rules\n')),
      finds: [],
    },
    { title: 'nothing loads rules', facts: host(), finds: [] },
    { title: 'a unit that was not read', facts: host(...persistent), finds: [], unknown: 1 },
    { title: 'a container', facts: { ...host(), processes: [{ pid: 1, name: 'nginx' }] }, finds: [], unknown: 1 },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwPers02, [starterOf(host), bootLoads(host, 4), bootLoads(host, 6)], (_, four, six) => {
    const loads = [...new Map([...four, ...six].map((load) => [load.by, load])).values()];
    return both(failed(host, loads), late(loads));
  });
}

function failed(host: Host, loads: readonly BootLoad[]): Answer {
  if (!host.units.known) return fine;
  const units = host.units.value;
  const names = loads.flatMap(({ by }) => (units.get(by)?.active === 'failed' ? [by] : []));
  if (names.length === 0) return fine;
  return found(fwPers02, {
    title: `The rules were not loaded: ${sayList(names)} failed`,
    why: 'Since the last start the host may be without the rules that it should have.',
    fix: `Look why, mend it and start it again.\njournalctl -b -u ${names[0]}\nsystemctl restart ${names[0]}`,
  });
}

function late(loads: readonly BootLoad[]): Answer {
  // One load before the network is enough; later ones replace rules by rules.
  if (loads.some(({ early }) => early === true)) return fine;
  const names = loads.flatMap(({ by, early }) => (early === false ? [by] : []));
  if (names.length > 0) {
    return found(fwPers02, {
      title: `The rules are loaded when the network is up already: ${sayList(names)}`,
      why: 'From the first link on until then every service that has started can be reached by everybody.',
      fix: `Load them by a service that comes before the network.
systemctl edit ${names[0]?.endsWith('.service') ? names[0] : 'netfilter-persistent.service'}
# [Unit]
# Wants=network-pre.target
# Before=network-pre.target`,
    });
  }
  const blank = loads.find(({ early }) => early === null);
  if (blank === undefined) return fine;
  return {
    findings: [],
    unknown: [
      {
        id: fwPers02.id,
        why: `whether ${blank.by} comes before the network is not known: its unit is not where palisade looks`,
        remedy: `see whether \`systemctl show -p Before ${blank.by}\` names network-pre.target`,
      },
    ],
  };
}
