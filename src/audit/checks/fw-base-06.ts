import { acts, bystanders, chainName, foreignChains } from '../../analysis/answers/bystanders.ts';
import type { Host } from '../../model/host/index.ts';
import { type Family, TCP } from '../../model/net/index.ts';
import { builtinChains, meaningsOf, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { policyOf, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { hereDocument } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import type { Witness } from '../finding.ts';
import { accepted, fromStranger } from '../measure.ts';
import { opening, sayPacket } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { outsideOf, ownAddresses, sshPorts } from '../surroundings.ts';
import { unnamedLink, unnamedPort, vocabularyOf } from '../vocabulary.ts';

/**
 * There is a firewall as soon as one rule or policy that a packet can come by denies something, in either family.
 * That nothing denies is a theorem about the rules; the witness shows it by one packet.
 */
export const fwBase06: Check = {
  id: 'FW-BASE-06',
  title: 'a firewall is there and denies something',
  severity: 'critical',
  kinds: ['S', 'H'],
  refs: standardsOf('FW-BASE-06'),
  why: 'Every service on the host is open to whoever can reach it, those included that were meant for the host alone.',
  fix: 'Build a firewall for both families that accepts what is wanted and denies the rest.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: ['critical null'] },
    { title: 'not even a table', finds: ['critical null'] },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened host', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'a firewall that can be walked around is one', v4: inverted, finds: [] },
    {
      title: 'rules that only accept and log',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -j LOG'], { INPUT: 'ACCEPT', FORWARD: 'ACCEPT' }),
      finds: ['critical null'],
    },
    {
      title: 'a chain of denials that nothing leads to',
      v4: filter([':bad - [0:0]', '-A bad -j DROP'], { INPUT: 'ACCEPT', FORWARD: 'ACCEPT' }),
      finds: ['critical null'],
    },
    {
      title: 'a chain of denials that something leads to',
      v4: filter([':bad - [0:0]', '-A INPUT -s 192.0.2.0/24 -j bad', '-A bad -j DROP'], { INPUT: 'ACCEPT', FORWARD: 'ACCEPT' }),
      finds: [],
    },
    {
      title: 'the firewall is in nftables',
      v4: empty,
      v6: empty,
      facts: {
        ...oneLink,
        foreignChains: [
          {
            family: 'inet',
            table: 'filter',
            chain: 'input',
            type: 'filter',
            hook: 'input',
            priority: 0,
            policy: 'drop',
            rules: 7,
          },
        ],
      },
      finds: [],
      unknown: 1,
    },
    { title: 'one family was not read', v4: empty, v6: null, finds: [], unknown: 1 },
    { title: 'one family was not read and the other denies', v4: guide, v6: null, finds: [] },
  ],
};

const families = [4, 6] as const;

function run(subject: Subject): Answer {
  const { host } = subject;
  const rulesets = families.map((family) => host.rulesets[family]);
  if (rulesets.some((fact) => fact.known && denies(fact.value))) return { findings: [], unknown: [] };
  const unread = rulesets.find((fact) => !fact.known);
  const blank = (why: string, remedy: string): Answer => ({ findings: [], unknown: [{ id: fwBase06.id, why, remedy }] });
  if (unread?.known === false) return blank(unread.why, unread.remedy);

  const foreign = families
    .flatMap((family) => foreignChains(host, family))
    .filter((chain) => chain.type !== 'nat' && acts(chain));
  if (foreign.length > 0) {
    const names = [...new Set(foreign.map(chainName))];
    return blank(
      `iptables denies nothing, but nftables rules are there that palisade does not model: ${names.join(', ')}`,
      'look at them with nft list ruleset',
    );
  }
  const witness = families.map((family) => witnessOf(subject, family)).find((shown) => shown !== null);
  if (!witness) return blank('no rule denies anything, and yet no packet could be followed to its end', 'report this');
  const live = host.foreignChains.known || host.origin === 'files';
  return {
    findings: [
      {
        id: fwBase06.id,
        severity: 'critical',
        certainty: live && families.every((family) => bystanders(host, family, 'input').kind === 'none') ? 'certain' : 'possible',
        title: 'No firewall: nothing is denied, in IPv4 or IPv6',
        why: `No rule and no policy denies any packet. For example ${sayPacket(witness.packet)} is accepted, as is everything else.${unseen(host)}`,
        family: null,
        at: families.map((family) => ({ ...policyOf(family, 'input'), line: policyLine(host, family) })),
        causedBy: [],
        witness,
        fix: `Build a firewall for both families: accept loopback, replies and the services that are wanted, then deny the rest. Load it in one go, not line by line, or you lock yourself out.
${families.map((family) => firstFirewall(host, family)).join('\n')}`,
        refs: fwBase06.refs,
      },
    ],
    unknown: [],
  };
}

/**
 * Rules that deny what is not wanted and lock nobody out, in one transaction that leaves what stands: SSH where sshd
 * listens, and FORWARD only where it holds no rules, since those are somebody's who forwards.
 */
function firstFirewall(host: Host, family: Family): string {
  const fact = host.rulesets[family];
  const filter = fact.known ? fact.value.tables.find(({ name }) => name === 'filter') : undefined;
  const forwards = (filter?.chains.get('FORWARD')?.rules.length ?? 0) > 0;
  const lines = [
    '*filter',
    ':INPUT DROP [0:0]',
    ...(forwards ? [] : [':FORWARD DROP [0:0]']),
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    family === 4
      ? '-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 5/second -j ACCEPT'
      : '-A INPUT -p ipv6-icmp -j ACCEPT',
    ...(family === 4 ? [] : ['-A INPUT -s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j ACCEPT']),
    ...sshPorts(host, family).map((port) => `-A INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`),
    'COMMIT',
  ];
  return hereDocument(`${toolOf(family)}-restore --noflush`, `${lines.join('\n')}\n`, 'RULES').trimEnd();
}

function unseen(host: Host): string {
  return host.foreignChains.known || host.origin === 'files' ? '' : ` nftables was not read: ${host.foreignChains.why}.`;
}

function policyLine(host: Host, family: Family): number | null {
  const fact = host.rulesets[family];
  if (!fact.known) return null;
  return fact.value.tables.find(({ name }) => name === 'filter')?.chains.get('INPUT')?.line ?? null;
}

/** A rule or policy that a packet can come by may keep it from where it goes. */
function denies(ruleset: Ruleset): boolean {
  const meanings = meaningsOf(ruleset);
  return ruleset.tables.some((table) =>
    [...reachableChains(table, ruleset)].some((name) => {
      const chain = table.chains.get(name);
      if (chain === undefined) return false;
      if (chain.policy === 'DROP') return true;
      return chain.rules.some((rule) => {
        const effect = meanings.get(rule)?.effect;
        return effect?.kind === 'unknown' || (effect?.kind === 'verdict' && effect.verdict !== 'ACCEPT');
      });
    }),
  );
}

function reachableChains(table: Table, ruleset: Ruleset): ReadonlySet<string> {
  const meanings = meaningsOf(ruleset);
  const reached = new Set((builtinChains[table.name] ?? []).filter((name) => table.chains.has(name)));
  // A set may grow while it is walked: what is added is walked too.
  for (const name of reached) {
    for (const rule of table.chains.get(name)?.rules ?? []) {
      const effect = meanings.get(rule)?.effect;
      if (effect?.kind === 'jump') reached.add(effect.chain);
    }
  }
  return reached;
}

function witnessOf(subject: Subject, family: Family): Witness | null {
  const fact = subject.host.rulesets[family];
  if (!fact.known) return null;
  const vocabulary = vocabularyOf(subject.host, fact.value);
  const link = outsideOf(subject.host, family).links[0] ?? unnamedLink(vocabulary);
  const [dst = 0n] = ownAddresses(subject.host, family, link, vocabulary).addresses;
  const dport = unnamedPort(vocabulary);
  const held = fromStranger(vocabulary, dst, (src) =>
    accepted(subject, opening({ family, hook: 'input', in: link, src, dst, proto: TCP, dport })),
  );
  return held.kind === 'yes' ? (held.witnesses[0] ?? null) : null;
}
