import { type Host, isLoginServer, isLoopback, type Link, type Listener } from '../../model/host/index.ts';
import { bogons, contains, formatAddress } from '../../model/net/index.ts';
import { nameServices } from '../services/naming.ts';
import type { Audience, Ground, Offer } from './answers.ts';

/** What a host itself says to the questions of `init`. */
export interface Suggestion {
  /** Links that are not loopback; `null`: they could not be read. */
  readonly links: readonly string[] | null;
  /** By which the default routes lead. */
  readonly internet: readonly string[];
  /** Who manages the host now. */
  readonly peers: readonly string[];
  /** By what they come in. */
  readonly logins: readonly string[];
  /** What listens besides; `null`: that could not be read. */
  readonly offers: readonly Offer[] | null;
  readonly forwards: readonly string[];
}

/** What is there for everybody wherever it is found; all else is suggested for administrators alone. */
const forAnyone: ReadonlySet<string> = new Set(
  'http https http3 smtp smtps submission imap imaps pop3 pop3s dns dns-over-tls wireguard openvpn matrix xmpp-client xmpp-server stun turns'.split(
    ' ',
  ),
);
/** What machines ask each other in one room, and what others should not know of. */
const forNobody: ReadonlySet<string> = new Set('mdns llmnr upnp rpcbind cups netbios'.split(' '));
/** UDP sockets of clients look as if they listened; the kernel takes their ports from here up (ip_local_port_range). */
const firstEphemeral = 32_768;
/** A client of DHCP listens; its answers are let in without a rule. */
const dhcpClients: ReadonlySet<number> = new Set([68, 546]);
const dockerProxy = 'docker-proxy';

/** `foreign`: links of others who forward, as iptables writes them. */
export function suggest(host: Host, foreign: readonly string[]): Suggestion {
  const links = host.links.known ? host.links.value.filter(({ loopback }) => !loopback) : null;
  const internet = defaultLinks(host);
  const sessions = host.sessions.known ? host.sessions.value : [];
  const listeners = host.listeners.known ? host.listeners.value.filter(isForOthers) : null;
  const loginPorts = new Set([
    ...sessions.map(({ localPort }) => localPort),
    ...(listeners ?? []).filter(({ process }) => isLoginServer(process)).map(({ port }) => port),
  ]);
  const logins = nameServices([...loginPorts].map((port) => ({ proto: 'tcp', port, process: 'ssh' })));
  const rest = listeners?.filter(({ proto, port }) => proto !== 'tcp' || !loginPorts.has(port)) ?? null;
  return {
    links: links?.map(({ name }) => name) ?? null,
    internet,
    peers: [...new Set(sessions.map(({ peer }) => formatAddress(peer)))],
    logins: logins.length === 0 ? ['ssh'] : logins.map(({ service }) => service),
    offers: rest === null ? null : offersOf(rest),
    forwards: (links ?? []).filter((link) => mayForward(host, link, internet, foreign)).map(({ name }) => name),
  };
}

/** What of the host decides how a policy for these links is best written. */
export function groundOf(host: Host, internet: readonly string[], forwards: readonly string[]): Ground {
  const addresses = host.addresses.known ? host.addresses.value : [];
  const isPrivate = (link: string): boolean =>
    addresses.some(({ link: of, prefix }) => of === link && prefix.family === 4 && contains(bogons[4], prefix.value));
  const { conntrack } = host;
  return {
    bogons: host.addresses.known && internet.length > 0 && !internet.some(isPrivate),
    hidden: forwards.filter(isPrivate),
    tracked: conntrack.known && conntrack.value !== null && conntrack.value.count > 0,
  };
}

function defaultLinks(host: Host): readonly string[] {
  if (!host.routes.known) return [];
  const found = ([4, 6] as const).flatMap((family) => {
    const routes = host.routes.known ? host.routes.value : [];
    const ways = routes.filter(
      ({ family: of, type, table, prefix, link }) =>
        of === family && type === 'unicast' && table === 'main' && prefix.length === 0 && link !== null,
    );
    const nearest = Math.min(...ways.map(({ metric }) => metric));
    return ways.filter(({ metric }) => metric === nearest).flatMap(({ link }) => link ?? []);
  });
  return [...new Set(found)];
}

function isForOthers({ proto, port, address }: Listener): boolean {
  if (address !== null && isLoopback(address)) return false;
  return proto === 'tcp' || (port < firstEphemeral && !dhcpClients.has(port)) || port === 51_820;
}

function offersOf(listeners: readonly Listener[]): readonly Offer[] {
  return [false, true].flatMap((published) => {
    const ports = listeners.filter(({ process }) => (process === dockerProxy) === published);
    return nameServices(ports).map(
      ({ service, ports: of }): Offer => ({
        service,
        ports: of.map(({ port, proto }) => `${port}/${proto}`),
        process: of.find(({ process }) => process !== null)?.process ?? null,
        published,
        to: audienceOf(service),
      }),
    );
  });
}

function audienceOf(service: string): Audience {
  return forAnyone.has(service) ? 'anyone' : forNobody.has(service) ? 'nobody' : 'admins';
}

/** A tunnel, or any link of a host that routes; not a port of a bridge, nor what others forward for. */
function mayForward(
  host: Host,
  { name, kind, up, master }: Link,
  internet: readonly string[],
  foreign: readonly string[],
): boolean {
  const isForeign = foreign.some((one) => (one.endsWith('+') ? name.startsWith(one.slice(0, -1)) : name === one));
  if (!up || master !== null || isForeign || internet.includes(name) || internet.length === 0) return false;
  const routes = host.sysctls.known && host.sysctls.value.get('net.ipv4.ip_forward') === '1';
  return routes || kind === 'wireguard' || kind === 'tun';
}
