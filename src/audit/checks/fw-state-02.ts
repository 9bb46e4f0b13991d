import { none } from '../../analysis/space/index.ts';
import { type Host, known } from '../../model/host/index.ts';
import { TCP, UDP } from '../../model/net/index.ts';
import { meaningsOf, type Rule, readRule } from '../../model/ruleset/index.ts';
import { allowing, deciders, ruleAt, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { eachFamily, type FamilyRules } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { readsOf } from '../meaning.ts';
import { decidedByRule, inState, meeting, shownBy } from '../packet-sets.ts';
import { fromOutside } from '../strays.ts';
import { sysctl } from '../surroundings.ts';

/**
 * Helpers read what peers say (FTP, SIP, IRC) and make the connections that it announces RELATED. Where each helper applies to its
 * port for everybody (nf_conntrack_helper is 1, or a rule assigns it to whole protocols), and RELATED is accepted to any port,
 * a stranger can talk a hole into the firewall. Since Linux 6.0 helpers apply only where a rule says so.
 */
export const fwState02: Check = {
  id: 'FW-STATE-02',
  title: 'connection helpers apply only where a rule says so',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: ['Secure use of iptables and connection tracking helpers (netfilter.org)'],
  why: 'A helper opens ports because of what a stranger writes into a packet.',
  fix: 'Switch automatic helpers off, and assign each to the server and port that need it.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide accepts nothing that is RELATED', v4: guide, finds: [] },
    {
      title: 'automatic helpers',
      v4: hardened4,
      facts: { ...oneLink, sysctls: { 'net.netfilter.nf_conntrack_helper': '1' }, helpers: ['ftp'] },
      finds: ['high 4'],
    },
    {
      title: 'automatic, but there is no helper',
      v4: hardened4,
      facts: { ...oneLink, sysctls: { 'net.netfilter.nf_conntrack_helper': '1' }, helpers: [] },
      finds: [],
    },
    {
      title: 'helpers switched off',
      v4: hardened4,
      v6: hardened6,
      facts: { ...oneLink, sysctls: { 'net.netfilter.nf_conntrack_helper': '0' } },
      finds: [],
    },
    {
      title: 'assigned to everybody',
      v4: `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -p tcp -j CT --helper ftp\nCOMMIT\n${hardened4}`,
      facts: { ...oneLink, sysctls: {} },
      finds: ['high 4'],
    },
    {
      title: 'assigned to one server and port',
      v4: `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -d 198.51.100.10/32 -p tcp -m tcp --dport 21 -j CT --helper ftp\nCOMMIT\n${hardened4}`,
      facts: { ...oneLink, sysctls: {} },
      finds: [],
    },
    {
      title: 'only errors are RELATED',
      v4: filter([
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        '-A INPUT -p icmp -m conntrack --ctstate RELATED -j ACCEPT',
      ]),
      facts: { ...oneLink, sysctls: { 'net.netfilter.nf_conntrack_helper': '1' }, helpers: ['ftp'] },
      finds: [],
    },
    { title: 'settings that were not read', v4: hardened4, finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(fwState02, subject, (rules) => ask(subject, rules), ['input']);
}

function ask(subject: Subject, { family, ruleset }: FamilyRules) {
  const { host } = subject;
  const shown = subject.ask(family, (engine) => {
    const { diagram } = engine.space;
    const ported = meeting(engine, { kind: 'number', field: 'proto', ranges: [[TCP, TCP], [UDP, UDP]] }); // biome-ignore format: two
    const set = diagram.mask(diagram.mask(inState(engine, 'RELATED'), ported), fromOutside(subject, engine));
    // What a rule accepts whatever the state it accepts without a helper too.
    const byState = decidedByRule(engine, 'input', ['ACCEPT'], (rule) => {
      const found = ruleAt(host, rule);
      const meaning = found === null ? undefined : meaningsOf(ruleset).get(found);
      return meaning !== undefined && readsOf(meaning.constraint).state;
    });
    const accepted = diagram.mask(diagram.mask(engine.firewall.possible('input'), set), byState);
    return accepted === none ? null : shownBy(engine, 'input', accepted);
  });
  if (!shown.known) return shown;
  const witness = shown.value;
  if (witness === null) return known([]);
  const wide = [...meaningsOf(ruleset)]
    .filter(([rule]) => assignsToAll(subject, family, rule))
    .map(([rule]): Located => {
      const table = ruleset.tables.find(({ rules }) => rules.includes(rule))?.name ?? 'raw';
      return { family, table, chain: rule.chain, rule: rule.number, line: rule.line };
    });
  const automatic = isAutomatic(host);
  if (wide.length === 0 && automatic === false) return known([]);
  if (wide.length === 0 && automatic === null) {
    const fact = host.sysctls.known ? host.helpers : host.sysctls;
    const said = fact.known ? { why: 'helpers were not read', remedy: 'let palisade read the host' } : fact;
    return { known: false, why: `whether helpers apply by themselves is not known: ${said.why}`, remedy: said.remedy } as const;
  }
  const by = deciders([witness], allowing);
  const names = host.helpers.known && host.helpers.value.present.length > 0 ? ` (${host.helpers.value.present.join(', ')})` : '';
  const finding: Finding = {
    id: fwState02.id,
    severity: 'high',
    // Somebody has to find words that the helper takes.
    certainty: 'possible',
    title:
      wide.length > 0
        ? 'A connection helper is assigned to everybody'
        : `Connection helpers apply by themselves, and IPv${family} lets in what they announce`,
    why: `${wide.length > 0 ? `${sayList(wide.map((ref) => sayRef(host, ref)))} hands every such connection to a helper` : `net.netfilter.nf_conntrack_helper is 1${names}`}, and what a helper makes RELATED is accepted to any port by ${sayList(by.map((ref) => sayRef(host, ref)))}: a stranger can announce a connection to a port that is closed.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family,
    at: by,
    causedBy: wide,
    witness,
    fix:
      wide.length > 0
        ? 'Name the server and the port in the rule that assigns the helper.'
        : `Switch automatic helpers off, and assign those that are needed to their server.\nsysctl -w net.netfilter.nf_conntrack_helper=0\n${toolOf(family)} -t raw -A PREROUTING -p tcp --dport 21 -d SERVER -j CT --helper ftp`,
    refs: fwState02.refs,
  };
  return known([finding]);
}

/** `null`: not known. */
function isAutomatic(host: Host): boolean | null {
  if (host.helpers.known && host.helpers.value.present.length === 0) return false;
  if (host.helpers.known && host.helpers.value.automatic) return true;
  return host.sysctls.known ? sysctl(host, 'net.netfilter.nf_conntrack_helper') === '1' : null;
}

/** A helper for all connections of a protocol: neither port nor address says whose. */
function assignsToAll({ host }: Subject, family: 4 | 6, rule: Rule): boolean {
  const fact = host.rulesets[family];
  if (!fact.known) return false;
  const { target, conditions, matches } = readRule(fact.value, rule);
  if (target.kind !== 'extension' || target.use.name !== 'CT' || !target.use.given.some(({ name }) => name === '--helper'))
    return false;
  const named = conditions.some(({ kind, inverted }) => !inverted && (kind === 'src' || kind === 'dst' || kind === 'in'));
  return !named && !matches.some(({ given }) => given.some(({ name }) => /port|set/.test(name)));
}
