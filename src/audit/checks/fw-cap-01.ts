import { type Host, netAdmin, type Process } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check } from '../check.ts';
import { oneLink } from '../examples.ts';
import { both, fine, found, given, unanswered } from '../host-finding.ts';
import { sysctl } from '../surroundings.ts';

const closed = { 'user.max_user_namespaces': '0' };
const host = (sysctls: object, ...processes: readonly object[]): object => ({
  ...oneLink,
  sysctls,
  processes: [{ pid: 1, name: 'systemd' }, ...processes],
});
const most = 6;

/**
 * User namespaces: nearly every hole of nf_tables needs CAP_NET_ADMIN, which any user has in a namespace that he makes. Processes: those of
 * containers that share the host's network and hold CAP_NET_ADMIN over it, and those of users other than root. Root's own are what they are.
 */
export const fwCap01: Check = {
  id: 'FW-CAP-01',
  title: 'only root can change the firewall or reach the code of nf_tables',
  severity: 'high',
  kinds: ['H'],
  refs: ['STIG RHEL-09-213105'],
  why: 'In a user namespace of his own any user may make rules, and so reach the part of the kernel in which most holes of recent years were.',
  fix: 'Restrict user namespaces to root where no program needs them, and take CAP_NET_ADMIN from containers in the host network.',
  run: ({ host }) => both(namespaces(host), holders(host)),
  examples: [
    { title: 'no user namespaces', facts: host(closed), finds: [] },
    { title: 'as Linux comes', facts: host({ 'user.max_user_namespaces': '15000' }), finds: ['high null'] },
    {
      title: "Debian's own switch",
      facts: host({ 'user.max_user_namespaces': '15000', 'kernel.unprivileged_userns_clone': '0' }),
      finds: [],
    },
    {
      title: "Ubuntu's AppArmor",
      facts: host({ 'user.max_user_namespaces': '15000', 'kernel.apparmor_restrict_unprivileged_userns': '1' }),
      finds: [],
    },
    {
      title: 'a container in the network of the host',
      facts: host(closed, { pid: 7, name: 'speaker', contained: true }),
      finds: ['high null'],
    },
    {
      title: 'containers with networks or users of their own',
      facts: host(
        closed,
        { pid: 7, name: 'web', contained: true, ownNetwork: false },
        { pid: 8, name: 'x', contained: true, ownUsers: false },
      ),
      finds: [],
    },
    {
      title: 'a service that is not root',
      facts: host(closed, { pid: 7, name: 'agent', uid: 998, netAdmin: true }),
      finds: ['low null'],
    },
    {
      title: 'the one that sets up links',
      facts: host(closed, { pid: 7, name: 'systemd-network', uid: 998, netAdmin: true }),
      finds: [],
    },
    { title: 'nothing was read', finds: [], unknown: 1 },
    { title: 'processes were not read', facts: { ...oneLink, sysctls: closed }, finds: [], unknown: 1 },
  ],
};

function namespaces(host: Host): Answer {
  if (!host.sysctls.known) return unanswered(fwCap01, host.sysctls);
  const most = sysctl(host, 'user.max_user_namespaces');
  const off = [
    most === '0',
    sysctl(host, 'kernel.unprivileged_userns_clone') === '0',
    sysctl(host, 'kernel.apparmor_restrict_unprivileged_userns') === '1',
  ];
  if (off.includes(true)) return fine;
  if (most === null) {
    // A kernel without user namespaces has no such setting.
    return host.origin === 'live'
      ? fine
      : unanswered(fwCap01, {
          why: 'the files do not say user.max_user_namespaces',
          remedy: 'add it to "sysctls" of --facts FILE',
        });
  }
  return found(fwCap01, {
    title: `Any user can make rules in a namespace of his own (user.max_user_namespaces is ${most})`,
    why: 'They do not touch the host by themselves, but the code that makes them has holes again and again, through which a user becomes root of the host.',
    fix: `Switch user namespaces off for users, unless browsers, rootless containers or Flatpak need them; all who make one, root too, then get none.
sysctl -w user.max_user_namespaces=0
printf '%s\\n' user.max_user_namespaces=0 > /etc/sysctl.d/60-fw-cap-01.conf`,
  });
}

/** Services of systemd that hold it to do what they are for. */
const entitled = /^systemd-network$|^NetworkManager$|^systemd-(resolve|timesyn)/;

function holders(host: Host): Answer {
  // The first missing fact is said once.
  if (!host.sysctls.known) return fine;
  return given(fwCap01, [host.processes], (processes) => {
    const able = processes.filter(
      ({ capabilities, ownNetwork, ownUsers }) => (capabilities & netAdmin) !== 0n && ownNetwork === true && ownUsers === true,
    );
    const contained = able.filter((each) => each.contained);
    const users = able.filter((each) => !each.contained && each.uid !== 0 && !entitled.test(each.name));
    return both(
      contained.length === 0
        ? fine
        : found(fwCap01, {
            title: `Containers in the network of the host can change its firewall: ${say(contained)}`,
            why: 'They hold CAP_NET_ADMIN over the network of the host. Whoever breaks into one of them opens every port, or reads all traffic.',
            fix: 'Give the containers a network of their own, or drop the capability.\ndocker run --cap-drop NET_ADMIN …',
          }),
      users.length === 0
        ? fine
        : found(fwCap01, {
            severity: 'low',
            title: `Programs that are not root's can change the firewall: ${say(users)}`,
            why: 'They hold CAP_NET_ADMIN. That may be what they are for; a hole in one of them opens the firewall.',
            fix: 'Take the capability from those that do not need it: CapabilityBoundingSet= in their unit, or setcap -r on their file.',
          }),
    );
  });
}

function say(processes: readonly Process[]): string {
  const words = processes
    .slice(0, most)
    .map(({ name, pid, uid }) => `${name} (process ${pid}${uid === 0 ? '' : `, user ${uid}`})`);
  return sayList(processes.length > most ? [...words, `${processes.length - most} more`] : words);
}
