import type { Namespace } from './namespace.ts';
import { ruleLine, type StagedRule, usualRules } from './staged-rule.ts';

/**
 * A host's network as far as rules see it, in the shapes of a facts file.
 * Addresses are `ADDRESS/LENGTH`, destinations `default`, `ADDRESS` or `ADDRESS/LENGTH`.
 */
export interface Stage {
  readonly links: readonly StagedLink[];
  readonly addresses: readonly { readonly link: string; readonly address: string; readonly peer?: string }[];
  readonly routes: readonly StagedRoute[];
  /** Of policy routing. Of a family without any the kernel's own stay. */
  readonly rules: readonly StagedRule[];
}

export interface StagedLink {
  readonly name: string;
  /** Default true. */
  readonly up?: boolean;
  /** `bridge` and `vrf` are made as such where they have ports; all others look alike to rules. */
  readonly kind?: string;
  /** The bridge or VRF that it is a port of. */
  readonly master?: string;
  /** Of a VRF: its table. */
  readonly vrfTable?: string;
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
const farName = (index: number): string => `p${index}`;

/** Of each link but loopback, in their order: the far end on which packets for it are put. A bridge's are its first port's. */
export function farNames(links: readonly StagedLink[]): readonly string[] {
  const wanted = links.filter(({ name }) => name !== loopback);
  return wanted.map((link, index) => {
    const port = isMaster(link, wanted) ? wanted.findIndex(({ master }) => master === link.name) : index;
    return farName(port);
  });
}

/** What it is made of matters only to its ports. */
const isMaster = ({ name, kind }: StagedLink, links: readonly StagedLink[]): boolean =>
  (kind === 'bridge' || kind === 'vrf') && links.some(({ master }) => master === name);

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
  const masters = neighbour === null ? [] : wanted.filter((link) => isMaster(link, wanted));
  for (const [index, link] of wanted.entries()) {
    const { name, up = true } = link;
    if (!linkName.test(name)) {
      unstaged.push(`the link ${name.slice(0, 40)}: no link can have such a name here`);
      continue;
    }
    const what = `the link ${name}`;
    if (neighbour === null) staged.push({ what, line: `link add name ${name} type ${blind(index)}` });
    else if (masters.includes(link)) {
      const table = plainWord.test(link.vrfTable ?? '') ? ` table ${link.vrfTable}` : '';
      // Its port's far end sends to this address.
      staged.push({ what, line: `link add name ${name} address ${macText(macOf(index, false))} type ${link.kind}${table}` });
    } else {
      const far = `mtu 65535 address ${macText(macOf(index, true))} netns ${neighbour.pid}`;
      const near = `mtu 65535 address ${macText(macOf(index, false))}`;
      staged.push({ what, line: `link add name ${name} ${near} type veth peer name ${farName(index)} ${far}` });
    }
    if (up) staged.push({ what: `${what}, up`, line: `link set dev ${name} arp off up` });
  }
  const far = wanted.flatMap((link, index) =>
    masters.includes(link) ? [] : [{ what: '', line: `link set dev ${farName(index)} arp off up` }],
  );
  const made: string[] = [];
  if (neighbour !== null) {
    // Ports forward from their first moment on if both their ends are up when they become ports.
    made.push(...(await makeAll(namespace, staged.splice(0))));
    await makeAll(neighbour, far);
    for (const { name, master } of wanted)
      if (linkName.test(name) && masters.some((link) => link.name === master && linkName.test(link.name)))
        staged.push({ what: `the port ${name} of ${master}`, line: `link set dev ${name} master ${master}` });
  }
  for (const { link, address, peer } of stage.addresses) {
    const what = `the address ${address} of ${link}`;
    const words = [link, address, ...(peer === undefined ? [] : [peer])];
    if (!linkName.test(link) || !words.slice(1).every((word) => plainWord.test(word))) unstaged.push(what);
    else {
      const local = peer === undefined ? address : `${address.split('/')[0]} peer ${peer}`;
      // Links without ARP join no group of IPv6 by themselves.
      const how = !address.includes(':') ? '' : /^ff/i.test(address) ? ' nodad autojoin' : ' nodad';
      staged.push({ what, line: `address replace ${local} dev ${link}${how}` });
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
  made.push(...(await makeAll(namespace, staged)));
  if (neighbour !== null) for (const family of [4, 6] as const) made.push(...(await setRules(namespace, stage.rules, family)));
  return [...unstaged, ...made];
}

/** Only packets are led by them. */
async function setRules(namespace: Namespace, rules: readonly StagedRule[], family: 4 | 6): Promise<readonly string[]> {
  const own = rules.filter((rule) => rule.family === family);
  if (usualRules(own)) return [];
  const lines = own.map((rule) => ({ what: `the IPv${family} routing rule ${rule.priority}`, line: ruleLine(rule) }));
  // The one of priority 0, which looks into the table of local addresses, stays.
  const staged = [
    { what: '', line: 'rule flush' },
    ...lines.flatMap(({ what, line }) => (line === undefined ? [] : [{ what, line }])),
  ];
  const missing = lines.flatMap(({ what, line }) => (line === undefined ? [what] : []));
  return [...missing, ...(await makeAll(namespace, staged, [`-${family}`]))];
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

async function makeAll(
  namespace: Namespace,
  staged: readonly Staged[],
  flags: readonly string[] = [],
): Promise<readonly string[]> {
  if (staged.length === 0) return [];
  // Another line would be another command, of whoever chose the name in it.
  const odd = staged.find(({ line }) => /[\n\r\\]/.test(line));
  if (odd !== undefined) throw new Error(`not one line for ip: ${JSON.stringify(odd.line)}`);
  const input = `${staged.map(({ line }) => line).join('\n')}\n`;
  const result = await namespace.run({ argv: ['ip', ...flags, '-force', '-batch', '-'], input, timeoutMs: 60_000 });
  if (result.kind !== 'exited') return [`all links, addresses and routes: ip ${result.kind}`];
  if (hasVeth && result.stderr.includes('Unknown device type') && input.includes(blindVeth)) {
    hasVeth = false;
    return makeAll(
      namespace,
      staged.map(({ what, line }) => ({ what, line: line.replace(/ type veth .*$/, ' type bridge') })),
    );
  }
  const missing: string[] = [];
  const miss = (failed: Staged | undefined, why: string): void => {
    if (failed === undefined) return;
    // Tunnels' own links are in every namespace, and local routes come with addresses.
    const there = /File exists/.test(why) && /^(link add|route replace local|rule add)/.test(failed.line);
    if (!there) missing.push(`${failed.what}: ${why.replace(/^(RTNETLINK answers|Error): /, '')}`);
  };
  for (const [, why = '', number] of result.stderr.matchAll(/^(.*)\nCommand failed -:(\d+)$/gm))
    miss(staged[Number(number) - 1], why);
  const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  if (result.status === 0 || last.startsWith('Command failed')) return missing;
  // At a word that it cannot read `ip` ends, in spite of -force: it goes on behind the line that has the word.
  const words = [...last.matchAll(/"([^"]+)"/g)].map(([, word]) => word);
  const at = staged.findIndex(({ line }) => line.split(' ').some((word) => words.includes(word)));
  if (at < 0) return [...missing, `some of its links, addresses and routes: ${last}`];
  miss(staged[at], last);
  return [...missing, ...(await makeAll(namespace, staged.slice(at + 1), flags))];
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
