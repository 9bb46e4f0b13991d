import type { Host } from '../../model/host/index.ts';
import type { Effect } from '../../model/packet/index.ts';
import { isBuiltin, lineText, type Rule, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { isBanRule } from '../bans/chains.ts';
import { openChain, othersOn, type Program, programs } from '../plan/others.ts';
import { outsideLinks, strangersRules } from './strangers.ts';

/** Whose a part of a firewall is. */
export type Owner =
  /** Palisade's own. */
  | { readonly kind: 'own' }
  /** What `palisade open` lets in for a while: it ends by itself. */
  | { readonly kind: 'opening' }
  /** A program that makes it by itself. `beside`: it lives beside a policy, and changes what is its own as it likes. */
  | { readonly kind: 'program'; readonly name: string; readonly beside: boolean }
  /** Somebody's, who is not known: the administrator's, or a stranger's. */
  | { readonly kind: 'unknown' };

/** Whether something of this owner's is somebody's to look at. */
export function isDrift(owner: Owner): boolean {
  return owner.kind === 'own' || owner.kind === 'unknown' || (owner.kind === 'program' && !owner.beside);
}

export interface Owners {
  ofRule(ruleset: Ruleset, table: string, rule: Rule): Owner;
  ofChain(name: string): Owner;
  ofSet(name: string): Owner;
  /** Of a table of nft's. */
  ofTable(name: string): Owner;
}

const own: Owner = { kind: 'own' };
const opening: Owner = { kind: 'opening' };
const unknown: Owner = { kind: 'unknown' };

/** Sets of palisade's own: the name says by a hash what is in them. */
const ownSet = /^PAL[46]-[0-9a-f]{20}$/;

/**
 * Rules that programs write into built-in chains beside the jumps to their own, as `TABLE CHAIN WHAT`, with LINK for a link of theirs. Said
 * narrowly, since who calls himself by such a rule is not looked at: a stranger could.
 */
const written: Readonly<Record<string, readonly RegExp[]>> = {
  Docker: [
    /^filter FORWARD -i LINK(?: !? ?-o LINK)? -j (?:ACCEPT|DROP)$/,
    /^filter FORWARD -o LINK -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT$/,
    /^filter FORWARD -m set --match-set docker-ext-bridges-v[46] dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT$/,
    /^nat POSTROUTING (?:-s \S+ )?!? ?-o LINK (?:-m addrtype --src-type LOCAL )?-j (?:MASQUERADE|SNAT --to-source \S+)$/,
    // So a container reaches itself by what it publishes.
    /^nat POSTROUTING -s (\S+) -d \1 -p (?:tcp|udp|sctp) -m (?:tcp|udp|sctp) --dport \d+ -j MASQUERADE$/,
    /^raw PREROUTING -d \S+ ! -i (?:LINK|lo)(?: -p \S+ -m \S+ --dport \d+)? -j DROP$/,
  ],
  LXC: [
    /^filter INPUT -i LINK -p (?:tcp|udp) -m (?:tcp|udp) --dport (?:53|67) -j ACCEPT$/,
    /^filter FORWARD -[io] LINK -j ACCEPT$/,
    /^nat POSTROUTING -s (\S+) ! -d \1 -j MASQUERADE$/,
    /^mangle POSTROUTING -o LINK -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill$/,
  ],
  LXD: [
    /^filter INPUT -i LINK -p \S+ (?:-m \S+ --\S+ \S+ )?-m comment --comment "generated for \w+ network [^"]+" -j ACCEPT$/,
    /^filter (?:FORWARD -[io]|OUTPUT -o) LINK (?:-p \S+ -m \S+ --sport \d+ )?-m comment --comment "generated for \w+ network [^"]+" -j ACCEPT$/,
    /^nat POSTROUTING -s (\S+) ! -d \1 -m comment --comment "generated for \w+ network [^"]+" -j MASQUERADE$/,
    /^mangle POSTROUTING -o LINK -p udp -m udp --dport 68 -m comment --comment "generated for \w+ network [^"]+" -j CHECKSUM --checksum-fill$/,
  ],
  NetworkManager: [/^nat POSTROUTING -s (\S+) ! -d \1 -m comment --comment nm-shared-\S+ -j MASQUERADE$/],
  Kubernetes: [
    // Calico's, behind its chains: what these have marked.
    /^\w+ \w+ -m comment --comment "cali:[\w-]+" -m comment --comment "[^"]+" -m mark --mark (0x[1-9a-f]\w*)\/\1 -j ACCEPT$/,
  ],
};

/**
 * Tells whose parts of the firewall are, as far as their names and forms say: of several hosts, as of one at two moments, what any of them
 * has counts for all. A rule that lets in, or leads elsewhere, is no program's that only bans, though it stands in its chain.
 *
 * @param now epoch milliseconds
 */
export function ownersOf(hosts: readonly Host[], now: number): Owners {
  const links = new Map<string, readonly string[]>();
  const outside = hosts.flatMap(outsideLinks);
  for (const { name, links: own } of hosts.flatMap(othersOn))
    links.set(name, [...(links.get(name) ?? []), ...own.filter((link) => !outside.includes(link))]);
  const strangers = new WeakMap<Ruleset, ReadonlySet<Rule>>();
  const letsStrangersIn = (ruleset: Ruleset, rule: Rule): boolean => {
    const known = strangers.get(ruleset) ?? strangersRules(ruleset, outside, letsIn);
    strangers.set(ruleset, known);
    return known.has(rule);
  };
  const writers = programs.filter(({ name }) => links.has(name) && written[name] !== undefined);

  const ofChain = (name: string): Owner => {
    if (name.startsWith(ownPrefix)) return own;
    if (name === openChain) return opening;
    const program = programs.find(({ chains, byLink }) => byLink !== true && chains.test(name));
    return program === undefined ? unknown : byProgram(program);
  };

  const ofRule = (ruleset: Ruleset, table: string, rule: Rule): Owner => {
    const { effect } = ruleMeaning(ruleset, rule);
    const leads = effect.kind === 'jump' ? effect.chain : null;
    if (rule.chain.startsWith(ownPrefix) || leads?.startsWith(ownPrefix) === true) return own;
    if (rule.chain === openChain) return isHole(lineText(ruleset, rule), now) ? opening : unknown;
    const holder = programs.find(({ chains, byLink }) => byLink !== true && chains.test(rule.chain));
    if (holder !== undefined) {
      const isTheirs = belongsTo(holder, rule.chain, lineText(ruleset, rule), effect) && !letsStrangersIn(ruleset, rule);
      return isTheirs ? byProgram(holder) : unknown;
    }
    if (effect.kind === 'jump') {
      // By a goto nobody comes back from there to what stands behind.
      if (effect.goto) return unknown;
      if (effect.chain === openChain) return /^-A (?:INPUT|PREROUTING) -j /.test(lineText(ruleset, rule)) ? opening : unknown;
      return letsStrangersIn(ruleset, rule) ? unknown : ofChain(effect.chain);
    }
    if (!isBuiltin(table, rule.chain)) return unknown;
    const text = lineText(ruleset, rule);
    const banning = programs.find(({ bans, sets }) => bans === true && sets?.test(listIn(text)) === true);
    if (banning !== undefined) return takesAway(effect) ? byProgram(banning) : unknown;
    const writer = writers.find(({ name }) => {
      const plain = `${table} ${withoutNames(text, links.get(name) ?? [])}`;
      return written[name]?.some((form) => form.test(plain)) === true;
    });
    return writer === undefined ? unknown : byProgram(writer);
  };

  return {
    ofRule,
    ofChain,
    ofSet(name) {
      if (ownSet.test(name)) return own;
      const program = programs.find(({ sets }) => sets?.test(name) === true);
      return program === undefined ? unknown : byProgram(program);
    },
    ofTable(name) {
      const program = programs.find(({ tables, nft }) => tables?.test(name) === true || nft?.test(name) === true);
      return program === undefined ? unknown : byProgram(program);
    },
  };
}

/** Whether a chain is called as that of a program which lives beside a policy, and lets in. */
function letsIn(chain: string): boolean {
  return programs.some(
    ({ chains, byLink, bans, wayOut }) => byLink !== true && bans !== true && wayOut === null && chains.test(chain),
  );
}

function byProgram({ name, wayOut }: Program): Owner {
  return { kind: 'program', name, beside: wayOut === null };
}

/** Whether the rule of a program's chain is the program's own. */
function belongsTo({ name, bans, chains }: Program, chain: string, text: string, effect: Effect): boolean {
  if (name === 'palisade ban') return isBanRule(chain, text.slice(`-A ${chain} `.length));
  // It is there for the administrator, and Docker writes but this into it.
  if (chain === 'DOCKER-USER') return text === '-A DOCKER-USER -j RETURN';
  if (bans !== true) return true;
  return effect.kind === 'jump' ? !effect.goto && chains.test(effect.chain) : takesAway(effect);
}

function takesAway(effect: Effect): boolean {
  if (effect.kind === 'verdict') return effect.verdict === 'DROP' || effect.verdict === 'REJECT';
  return effect.kind === 'log' || effect.kind === 'continue' || effect.kind === 'return';
}

/** The set, or the list of `recent`, that a rule asks; not one that it asks not to hold. */
function listIn(text: string): string {
  return /(?<!! )--match-set (\S+)|--name (\S+)/.exec(text)?.slice(1).find(Boolean) ?? '';
}

/** A week is the longest that anything can be opened for; beyond, somebody else wrote it. */
const longestMs = 7 * 86_400_000 + 60_000;

function isHole(text: string, now: number): boolean {
  if (!/ -[ps] /.test(text)) return false;
  const said = / -m time --datestart \S+ --datestop (\S+) -m comment --comment "palisade open: [^"]*" -j ACCEPT$/.exec(text);
  const until = said === null ? Number.NaN : Date.parse(`${said[1]}Z`);
  return until - now <= longestMs;
}

/** `-A CHAIN …` as `CHAIN …`, with LINK for each link of these. */
function withoutNames(text: string, links: readonly string[]): string {
  const isTheirs = (name: string): boolean =>
    links.some((link) => name === link || (link.endsWith('+') && name.startsWith(link.slice(0, -1))));
  return text
    .replace(/^-A /, '')
    .replace(/(-[io]) (\S+)/g, (all, option: string, name: string) => (isTheirs(name) ? `${option} LINK` : all));
}
