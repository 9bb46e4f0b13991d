import { readFileSync, statSync } from 'node:fs';
import { type Host, hostFromTexts, type TextName } from '../../model/host/index.ts';
import { type Address, bitsOf, contains, type Prefix, parseAddress, parsePrefix, TCP } from '../../model/net/index.ts';
import { type Item, type Policy, prefixesOf } from '../../policy/index.ts';
import type { Problem } from '../../result.ts';
import type { NeverEntry } from '../../watch/bans/index.ts';
import { readPolicyFile } from '../policy-file.ts';
import { callerAddress } from '../session.ts';
import type { Context } from '../verb.ts';
import { isLoggedIn } from './logged-in.ts';

/** Who is never shut out now, and what of it could not be read. */
export interface NeverNow {
  readonly entries: readonly NeverEntry[];
  readonly problems: readonly Problem[];
}

const texts: readonly TextName[] = ['links', 'addresses', 'routes4', 'routes6', 'listeners', 'sessions'];

/** Asks the machine, the policy and the configuration. */
export const readNever = (context: Context): Promise<NeverNow> => neverReader(context)();

/** A policy is read again where it is another, or so much later: what it names by files, names and feeds may be. */
const policyMs = 600_000;

/** For whoever asks again and again. */
export function neverReader(context: Context): () => Promise<NeverNow> {
  let policy: { readonly stamp: string; readonly at: number; readonly read: NeverNow } | null = null;
  return async () => {
    const now = context.clock.now();
    const stamp = stampOf(context.policyFile);
    if (policy === null || policy.stamp !== stamp || now - policy.at >= policyMs)
      policy = { stamp, at: now, read: await ofPolicyFile(context) };
    const here = await ofMachine(context);
    return { entries: [...here.entries, ...policy.read.entries], problems: [...here.problems, ...policy.read.problems] };
  };
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size}`;
}

async function ofPolicyFile(context: Context): Promise<NeverNow> {
  const policy = await readPolicyFile(context);
  if (policy.ok) return { entries: ofPolicy(policy.value.policy), problems: [] };
  // A host without a policy has none to say so.
  return { entries: [], problems: policy.problems.filter(({ code }) => code !== 'file-missing') };
}

async function ofMachine(context: Context): Promise<NeverNow> {
  const host = hostFromTexts(await context.kernel.read({ signal: context.signal, only: texts }));
  const problems: Problem[] = [];
  const entries: NeverEntry[] = [
    ...ofHost(host, problems),
    ...named(resolvers(), 'this host asks it for names'),
    ...named(timeServers(), 'this host asks it for the time'),
    ...named([callerAddress(context.env['SSH_CONNECTION']) ?? ''], 'you are connected from there'),
    ...context.settings.bans.never.flatMap((text) => {
      const network = parsePrefix(text);
      return network === undefined ? [] : [{ network, why: 'bans.never names it' }];
    }),
  ];
  return { entries, problems };
}

function ofHost({ addresses, routes, sessions }: Host, problems: Problem[]): readonly NeverEntry[] {
  for (const [fact, what] of [
    [addresses, 'its addresses'],
    [routes, 'its gateways'],
    [sessions, 'who is logged in'],
  ] as const)
    if (!fact.known) problems.push({ code: 'unread', message: `${what} are not known: ${fact.why}`, hint: fact.remedy });
  return [
    ...(addresses.known ? addresses.value.map(({ prefix }) => alone(prefix, 'it is an address of this host')) : []),
    ...(routes.known
      ? routes.value.flatMap(({ prefix, gateway }) =>
          gateway === null ? [] : [alone(gateway, prefix.length === 0 ? 'it is a default gateway' : 'it is a gateway')],
        )
      : []),
    ...(sessions.known
      ? sessions.value.filter(isLoggedIn).map(({ peer }) => alone(peer, 'somebody is logged in from there'))
      : []),
  ];
}

function alone({ family, value }: Address, why: string): NeverEntry {
  return { network: { family, value, length: bitsOf(family) }, why };
}

function named(words: readonly string[], why: string): readonly NeverEntry[] {
  return words.flatMap((word) => {
    const address = parseAddress(word);
    return address === undefined ? [] : [alone(address, why)];
  });
}

/** resolv.conf(5); systemd-resolved keeps there only itself, and whom it asks elsewhere. */
function resolvers(): readonly string[] {
  return ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'].flatMap((file) =>
    [...textOf(file).matchAll(/^\s*nameserver\s+([^\s%]+)/gm)].map(([, word = '']) => word),
  );
}

/** Those that are named by address; of names nobody knows whom they were looked up to. */
function timeServers(): readonly string[] {
  const files = ['/etc/chrony/chrony.conf', '/etc/chrony.conf', '/etc/ntp.conf', '/etc/ntpsec/ntp.conf'];
  return [
    ...files.flatMap((file) => [...textOf(file).matchAll(/^\s*(?:server|peer|pool)\s+(\S+)/gm)].map(([, word = '']) => word)),
    ...[...textOf('/etc/systemd/timesyncd.conf').matchAll(/^\s*(?:Fallback)?NTP=(.*)$/gm)].flatMap(([, all = '']) =>
      all.split(/\s+/),
    ),
  ];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // A machine need not have one.
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return '';
    throw error;
  }
}

/** Wider than this, a policy names no administrators: it lets half the world log in. */
const widestAdmins = { 4: 8, 6: 19 } as const;

/** Those whom a policy lets log in by SSH, where it does not let anyone. Whom feeds name is not among them. */
function ofPolicy({ incoming }: Policy): readonly NeverEntry[] {
  return admitted(incoming).filter(({ network }) => network.length >= widestAdmins[network.family]);
}

function admitted(items: readonly Item[]): readonly NeverEntry[] {
  return items.flatMap((item): readonly NeverEntry[] => {
    if (item.kind === 'group') return admitted(item.items);
    if (item.kind !== 'rule' || item.ending !== 'accept' || item.from === null || item.from.except) return [];
    const speaksOfSsh =
      item.services?.some(({ proto, ports }) => proto === TCP && ports !== null && contains(ports, 22)) ?? false;
    if (!speaksOfSsh || item.from.feeds.length > 0) return [];
    const { ranges, text } = item.from;
    const networks = ([4, 6] as const).flatMap((family): readonly Prefix[] => prefixesOf(family, ranges[family]));
    return networks.map((network) => ({ network, why: `the policy lets ${text} log in` }));
  });
}
