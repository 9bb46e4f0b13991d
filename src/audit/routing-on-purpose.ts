import { fileAt, type Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';

/** Links that are made to be routed over or between. */
const routedKinds = new Set([
  'bridge',
  'veth',
  'wireguard',
  'tun',
  'gre',
  'ipip',
  'sit',
  'vti',
  'xfrm',
  'vxlan',
  'vrf',
  'macvlan',
  'ipvlan',
]);
const routers = /^(dockerd|containerd|podman|libvirtd|kubelet|k3s|openvpn|charon|bird|zebra|tailscaled|lxd|incusd|cilium-agent)/;

/** Why the host forwards on purpose, as a clause; `null` when nothing says so. */
export function forwardsOnPurpose(host: Host, family: Family): string | null {
  const ruleset = host.rulesets[family];
  if (ruleset.known) {
    for (const { name, chains } of ruleset.value.tables) {
      if (name === 'filter' && (chains.get('FORWARD')?.rules.length ?? 0) > 0) return 'FORWARD has rules';
      if (name === 'nat' && ['PREROUTING', 'POSTROUTING'].some((chain) => (chains.get(chain)?.rules.length ?? 0) > 0)) {
        return 'addresses are translated';
      }
    }
  }
  if (host.links.known) {
    const link = host.links.value.find(({ kind }) => kind !== null && routedKinds.has(kind));
    if (link !== undefined) return `${link.name} is a ${link.kind} link`;
  }
  if (host.processes.known) {
    const router = host.processes.value.find(({ name, contained }) => !contained && routers.test(name));
    if (router !== undefined) return `${router.name} runs`;
  }
  return null;
}

/** Whether a folder or file of this path is on the disk; `null` when that is not known. */
export function isThere(host: Host, path: string): boolean | null {
  if (!host.files.known) return null;
  const found = fileAt(host.files.value, path);
  return found.known ? found.value !== null : null;
}
