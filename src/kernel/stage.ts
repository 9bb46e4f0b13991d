import type { Namespace } from './namespace.ts';

/**
 * A host's network as far as rules see it, in the shapes of a facts file.
 * Addresses are `ADDRESS/LENGTH`, destinations `default`, `ADDRESS` or `ADDRESS/LENGTH`.
 */
export interface Stage {
  readonly links: readonly { readonly name: string; readonly up?: boolean }[];
  readonly addresses: readonly { readonly link: string; readonly address: string; readonly peer?: string }[];
  readonly routes: readonly StagedRoute[];
}

export interface StagedRoute {
  readonly to: string;
  readonly link?: string;
  readonly via?: string;
  /** Default `main`. */
  readonly table?: string;
  /** Default `unicast`. */
  readonly type?: string;
  /** Of `default` without `via`; default 4. */
  readonly family?: 4 | 6;
  /** IPv6: only packets from this network take it. */
  readonly from?: string;
  /** Of several to one destination the smallest is taken. */
  readonly metric?: number;
  /** IPv4: only packets of this type of service take it. */
  readonly tos?: string;
}

/** The kernel's own names hold none of these (net/core/dev.c, dev_valid_name), but quotes, which `ip` would read as such. */
const linkName = /^[^\s/:"'\\#-][^\s/:"'\\#]{0,14}$/;
const plainWord = /^[0-9A-Za-z.:/_-]+$/;
/** What the kernel makes by itself of a link's addresses. */
const innate = new Set(['broadcast', 'anycast', 'multicast']);

export const loopback = 'lo';

/** The address of the link of this number, and of its far end in the neighbour. */
export const macOf = (index: number, far: boolean): number => (far ? 0x020000020000 : 0x020000010000) + index;

/** The far end's name in the neighbour. */
export const farName = (index: number): string => `p${index}`;

/**
 * Makes the links, addresses and routes in a namespace. With a neighbour every link is a veth, whose far end `pN` is
 * there: packets can be put on it. Links resolve no neighbours, so that nothing is said and nothing has to answer.
 *
 * Never rejects for what cannot be made; answers it, a line each.
 */
export async function setStage(namespace: Namespace, stage: Stage, neighbour: Namespace | null): Promise<readonly string[]> {
  const unstaged: string[] = [];
  const wanted = stage.links.filter(({ name }) => name !== loopback);
  const staged: Staged[] = [{ what: 'loopback', line: `link set dev ${loopback} up` }];
  for (const [index, { name, up = true }] of wanted.entries()) {
    if (!linkName.test(name)) {
      unstaged.push(`the link ${name.slice(0, 40)}: no link can have such a name here`);
      continue;
    }
    const what = `the link ${name}`;
    if (neighbour === null) staged.push({ what, line: `link add name ${name} type ${blind(index)}` });
    else {
      const far = `mtu 65535 address ${macText(macOf(index, true))} netns ${neighbour.pid}`;
      const near = `mtu 65535 address ${macText(macOf(index, false))}`;
      staged.push({ what, line: `link add name ${name} ${near} type veth peer name ${farName(index)} ${far}` });
    }
    if (up) staged.push({ what: `${what}, up`, line: `link set dev ${name} arp off up` });
  }
  for (const { link, address, peer } of stage.addresses) {
    const what = `the address ${address} of ${link}`;
    const words = [link, address, ...(peer === undefined ? [] : [peer])];
    if (!linkName.test(link) || !words.slice(1).every((word) => plainWord.test(word))) unstaged.push(what);
    else {
      const local = peer === undefined ? address : `${address.split('/')[0]} peer ${peer}`;
      staged.push({ what, line: `address replace ${local} dev ${link}${address.includes(':') ? ' nodad' : ''}` });
    }
  }
  // A route by way of a router needs the one that leads to the router.
  const routes = stage.routes.filter(({ type }) => type === undefined || !innate.has(type));
  for (const route of routes.toSorted((a, b) => Number(a.via !== undefined) - Number(b.via !== undefined))) {
    const what = `the route to ${route.to}${route.link === undefined ? '' : ` over ${route.link}`}`;
    const line = routeLine(route);
    if (line === undefined) unstaged.push(what);
    else staged.push({ what, line });
  }
  const far = wanted.map((_, index) => ({ what: '', line: `link set dev ${farName(index)} arp off up` }));
  const own = await makeAll(namespace, staged);
  if (neighbour !== null) await makeAll(neighbour, far);
  return [...unstaged, ...own];
}

interface Staged {
  readonly what: string;
  readonly line: string;
}

/**
 * A link that leads nowhere: a veth whose far end, beside it, stays down. Neither a dummy, since the module of those makes
 * one of its own on the host when it is loaded, nor a bridge, since the kernel takes some 20 ms to take one apart, in which
 * no other namespace gets links. Kernels without veth have bridges, which look the same to rules. Learnt at the first refusal.
 */
const blind = (index: number): string => (hasVeth ? `${blindVeth}${index}` : 'bridge');
let hasVeth = true;
/** No host has links of such a name. */
const blindVeth = 'veth peer name palisade~';

async function makeAll(namespace: Namespace, staged: readonly Staged[]): Promise<readonly string[]> {
  if (staged.length === 0) return [];
  const input = `${staged.map(({ line }) => line).join('\n')}\n`;
  const result = await namespace.run({ argv: ['ip', '-force', '-batch', '-'], input, timeoutMs: 60_000 });
  if (result.kind !== 'exited') return [`all links, addresses and routes: ip ${result.kind}`];
  if (hasVeth && result.stderr.includes('Unknown device type') && input.includes(blindVeth)) {
    hasVeth = false;
    return makeAll(
      namespace,
      staged.map(({ what, line }) => ({ what, line: line.replace(/ type veth .*$/, ' type bridge') })),
    );
  }
  const missing: string[] = [];
  for (const [, why, number] of result.stderr.matchAll(/^(.*)\nCommand failed -:(\d+)$/gm)) {
    const failed = staged[Number(number) - 1];
    if (failed === undefined) continue;
    // Tunnels' own links are in every namespace, and local routes come with addresses.
    const there = /File exists/.test(why ?? '') && /^(link add|route replace local)/.test(failed.line);
    if (!there) missing.push(`${failed.what}: ${(why ?? '').replace(/^(RTNETLINK answers|Error): /, '')}`);
  }
  return missing;
}

function routeLine({ to, link, via, table, type = 'unicast', family, from, metric, tos }: StagedRoute): string | undefined {
  const six = family === 6 || to.includes(':') || via?.includes(':') === true;
  const words = [to, via, table, type, from, tos].filter((word) => word !== undefined);
  if (!words.every((word) => plainWord.test(word)) || (link !== undefined && !linkName.test(link))) return undefined;
  return [
    `route replace ${type}`,
    to === 'default' ? (six ? '::/0' : '0.0.0.0/0') : to,
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(tos === undefined ? [] : [`tos ${tos}`]),
    ...(via === undefined ? [] : [`via ${via.includes(':') === six ? '' : 'inet6 '}${via}`]),
    ...(link === undefined ? [] : [`dev ${link}`]),
    ...(via === undefined || link === undefined ? [] : ['onlink']),
    ...(table === undefined ? [] : [`table ${table}`]),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
  ].join(' ');
}

function macText(mac: number): string {
  return (mac.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
}
