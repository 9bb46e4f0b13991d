import { type Absence, nowhereOf } from '../../analysis/answers/index.ts';
import { known } from '../../model/host/index.ts';
import { deletions, sayList, sayRef } from '../blame.ts';
import { sayFew, sayNumbers } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { type Dead, deadRules, isByTemplate } from '../dead.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Finding, Located, Severity } from '../finding.ts';
import { isShipped } from '../owners.ts';

/**
 * Rules that could match nothing here even if no other rule stood before them: they ask for a link, an address or members of a
 * set that the host does not have, or contradict themselves. There is no packet to show, since none exists.
 *
 * A link may come up later: by a name that such links have (tunnels, containers, dial-up) it is info. Sets that programs fill may
 * well be empty now, and are left out, as are chains that programs write by templates.
 */
export const fwAnom04: Check = {
  id: 'FW-ANOM-04',
  title: 'every rule can match something on this host',
  severity: 'low',
  kinds: ['S', 'H'],
  refs: ['Al-Shaer & Hamed, irrelevance'],
  why: 'A rule for a link or an address that is not there does nothing, and hides that the one that was meant has no rule.',
  fix: 'Write the name or address that the host has, or delete the rule.',
  run,
  examples: [
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'a link that is not there', v4: filter(['-A INPUT -i eth7 -p tcp -m tcp --dport 22 -j ACCEPT']), finds: ['low 4'] },
    {
      title: 'a tunnel that is down now',
      v4: filter(['-A INPUT -i wg0 -j ACCEPT', '-A INPUT -i tun+ -j ACCEPT']),
      finds: ['info 4', 'info 4'],
    },
    {
      title: 'several rules for one link that is not there',
      v4: filter(['-A INPUT -i eth7 -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -i eth7 -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: ['low 4'],
    },
    { title: 'every other link', v4: filter(['-A INPUT ! -i eth7 -j DROP']), finds: [] },
    {
      title: 'an address of somebody else, on the way in',
      v4: filter(['-A INPUT -d 203.0.113.80/32 -p tcp -j ACCEPT']),
      finds: ['low 4'],
    },
    { title: 'the same on the way through', v4: filter(['-A FORWARD -d 203.0.113.80/32 -p tcp -j ACCEPT']), finds: [] },
    {
      title: 'an arriving link on the way out',
      v4: filter([':out - [0:0]', '-A OUTPUT -j out', '-A out -i eth0 -j DROP']),
      finds: ['low 4'],
    },
    {
      title: 'a contradiction',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -m multiport --dports 443 -j DROP']),
      finds: ['low 4'],
    },
    {
      title: 'a set without members',
      v4: filter(['-A INPUT -m set --match-set admins src -j ACCEPT']),
      sets: 'create admins hash:ip family inet hashsize 1024 maxelem 65536\n',
      finds: ['low 4'],
    },
    {
      title: 'a set that a program fills',
      v4: filter(['-A INPUT -m set --match-set banned src -j DROP']),
      sets: 'create banned hash:ip family inet hashsize 1024 maxelem 65536 timeout 600\n',
      finds: [],
    },
    {
      title: 'links that nobody read',
      v4: filter(['-A INPUT -i eth7 -j ACCEPT']),
      facts: { addresses: oneLink.addresses },
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  return eachText(fwAnom04, subject, ({ family, ruleset }) => {
    const dead = deadRules(subject, family);
    if (!dead.known) return dead;
    const found = subject.ask(family, (engine) => {
      const absent = nowhereOf(engine.firewall, engine.liveness()).filter(({ rule }) => !isShipped(rule.chain));
      const groups = new Map<string, { readonly absence: Absence; readonly at: Located[] }>();
      const told = new Set<string>();
      for (const { rule, line, absences } of absent) {
        told.add(placeName(rule));
        const absence = absences.find((one) => one.kind !== 'address-type' && !(one.kind === 'empty-set' && one.volatile));
        if (absence === undefined) continue;
        const key = JSON.stringify(absence);
        const group = groups.get(key) ?? { absence, at: [] };
        groups.set(key, group);
        group.at.push({ ...rule, line });
      }
      const contradicting = dead.value.explained.filter(
        (one) => one.kind === 'impossible' && !told.has(placeName(one.at)) && !isByTemplate(one),
      );
      return [...[...groups.values()].map((group) => missing(subject, group)), ...contradictions(subject, contradicting)];
    });
    if (!found.known || found.value.length > 0) return found;
    // Only rules that name a link ask for what is not known.
    const names = ruleset.tables.some(({ rules }) =>
      rules.some(({ start, end }) => / -[io] (?!lo\b)/.test(ruleset.text.slice(start, end))),
    );
    return host.links.known || !names
      ? known([])
      : {
          known: false,
          why: `whether the links that rules name are there is not known: ${host.links.why}`,
          remedy: host.links.remedy,
        };
  });
}

function placeName({ table, chain, rule }: Omit<Located, 'line'>): string {
  return `${table} ${chain} ${rule}`;
}

/** Links that come and go with what uses them. */
const passing =
  /^(tun|tap|wg|ppp|vpn|ipsec|docker|br-|veth|virbr|vnet|podman|cni|lxc|lxd|cali|flannel|zt|tailscale|nebula|wwan|usb)/;

function missing(subject: Subject, { absence, at }: { readonly absence: Absence; readonly at: readonly Located[] }): Finding {
  const first = at[0] as Located;
  const severity: Severity = absence.kind === 'link' && passing.test(absence.name) ? 'info' : 'low';
  return {
    ...common(at),
    severity,
    title: `${rulesOf(at)} ${at.length === 1 ? 'asks' : 'ask'} for ${thing(absence)}`,
    why: `${at.length === 1 ? 'For' : 'For example for'} ${sayRef(subject.host, first)} there is no packet: ${reason(absence)}.`,
    fix: `Write what was meant, or delete ${at.length === 1 ? 'the rule' : 'the rules, the last first'}: as the host is nothing changes without ${at.length === 1 ? 'it' : 'them'}.\n${deletions(at).join('\n')}`,
  };
}

function contradictions(subject: Subject, dead: readonly Dead[]): readonly Finding[] {
  return [...Map.groupBy(dead, ({ at }) => `${at.table} ${at.chain}`).values()].map((alike) => {
    const at = alike.map((one) => one.at);
    return {
      ...common(at),
      severity: 'low',
      title: `${rulesOf(at)} can match no packet`,
      why: `${at.length === 1 ? '' : 'For example '}${sayRef(subject.host, at[0] as Located)} asks for things that no packet has together, or not in this chain.`.replace(
        /^./,
        (letter) => letter.toUpperCase(),
      ),
      fix: `Write what was meant, or delete ${at.length === 1 ? 'it' : 'them, the last first'}: nothing changes.\n${deletions(at).join('\n')}`,
    };
  });
}

function common(at: readonly Located[]): Pick<Finding, 'id' | 'certainty' | 'family' | 'at' | 'causedBy' | 'witness' | 'refs'> {
  const { family } = at[0] as Located;
  return { id: fwAnom04.id, certainty: 'certain', family, at, causedBy: [], witness: null, refs: fwAnom04.refs };
}

function rulesOf(at: readonly Located[]): string {
  const chains = [...Map.groupBy(at, ({ table, chain }) => `${table === 'filter' ? '' : `${table} `}${chain}`)];
  const [only] = chains;
  if (chains.length === 1 && only !== undefined) return `${sayNumbers(only[1].map(({ rule }) => Number(rule)))} of ${only[0]}`;
  return `${at.length} rules of ${sayFew(
    chains.map(([name]) => name),
    3,
  )}`;
}

function thing(absence: Absence): string {
  switch (absence.kind) {
    case 'link':
      return `a link that is not there: ${absence.name}${absence.prefix ? '+' : ''}`;
    case 'empty-set':
      return `members of the empty set ${absence.set}`;
    case 'own-address':
      return `an address that is not the host’s: ${sayFew(absence.addresses, 2)}`;
    case 'address-type':
      return `addresses of type ${sayList(absence.types)}`;
  }
}

function reason(absence: Absence): string {
  switch (absence.kind) {
    case 'link':
      return absence.prefix ? `no link’s name begins with ${absence.name}` : `the host has no link ${absence.name} now`;
    case 'empty-set':
      return `the set ${absence.set} has no members of this family`;
    case 'own-address':
      return `only ${absence.field === 'dst' ? 'what is for the host' : 'what the host sends'} comes to this chain, and ${sayFew(absence.addresses, 2)} ${absence.addresses.length === 1 ? 'is' : 'are'} none of its addresses`;
    case 'address-type':
      return `the host knows no address of type ${sayList(absence.types)}`;
  }
}
