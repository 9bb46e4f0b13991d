import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { type Family, TCP, UDP } from '../../model/net/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, toolIn } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import type { Finding, Undetermined, Witness } from '../finding.ts';
import { denied } from '../measure.ts';
import { opening, sayPacket, sayProtocol } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { ipv6Off, isLocal, outsideOf, ownAddresses } from '../surroundings.ts';
import { unnamedLink, unnamedPort, unnamedProtocol, vocabularyOf } from '../vocabulary.ts';

/**
 * New packets from anyone to a port (or of a protocol) that no rule names, by each outside link. One that is denied must
 * have met a LOG, NFLOG, ULOG or AUDIT rule on its way; a log behind a limit counts. What is accepted by default is not
 * denied, so there is nothing to log and nothing to find here. Only INPUT is asked.
 */
export const fwLog01: Check = {
  id: 'FW-LOG-01',
  title: 'packets that are denied by default are logged, in both families',
  severity: 'medium',
  kinds: ['S'],
  refs: standardsOf('FW-LOG-01'),
  why: 'Without a log nobody sees a scan, and nobody can find out why something does not work.',
  fix: 'Log, with a limit, as the last rule before the policy drops.',
  run,
  examples: [
    { title: 'nothing is denied', v4: empty, v6: empty, finds: [] },
    { title: 'the guide logs', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'everything is accepted first', v4: inverted, finds: [] },
    { title: 'denied in silence', v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']), finds: ['medium 4'] },
    {
      title: 'IPv6 is denied in silence',
      v4: hardened4,
      v6: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      finds: ['medium 6'],
    },
    {
      title: 'IPv6 is off',
      v4: hardened4,
      v6: filter([]),
      facts: { ...oneLink, addresses: [], sysctls: { 'net.ipv6.conf.eth0.disable_ipv6': '1' } },
      finds: [],
    },
    { title: 'only TCP is logged', v4: filter(['-A INPUT -p tcp -j LOG --log-prefix "tcp: "']), finds: ['medium 4'] },
    {
      title: 'logged and dropped in one chain, by nflog',
      v4: filter([
        ':logdrop - [0:0]',
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -j logdrop',
        '-A logdrop -j NFLOG --nflog-group 5',
        '-A logdrop -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'the log comes after the drop',
      v4: filter(['-A INPUT -p tcp -j DROP', '-A INPUT -j LOG', '-A INPUT -j DROP']),
      finds: ['medium 4'],
    },
    {
      title: 'those who are banned are not denied by default',
      v4: filter(['-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP'], {
        INPUT: 'ACCEPT',
      }),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    if (family === 6 && ipv6Off(subject.host)) continue;
    const answer = ask(subject, family);
    if (answer === null) continue;
    if ('severity' in answer) findings.push(answer);
    else unknown.push({ id: fwLog01.id, ...answer });
  }
  return { findings, unknown };
}

function ask(subject: Subject, family: Family): Finding | { readonly why: string; readonly remedy: string } | null {
  const { host } = subject;
  const fact = host.rulesets[family];
  if (!fact.known) return { why: `IPv${family}: ${fact.why}`, remedy: fact.remedy };
  const vocabulary = vocabularyOf(host, fact.value);
  const beside = bystanders(host, family, 'input');
  if (beside.kind === 'may-rewrite') return rewritten(family, beside);
  const outside = outsideOf(host, family).links;
  const silent: { readonly witness: Witness; readonly certain: boolean }[] = [];
  let missing: { why: string; remedy: string } | null = null;
  for (const link of outside.length > 0 ? outside : [unnamedLink(vocabulary)]) {
    const [dst = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
    const [source] = isLocal({ family, value: dst }) ? vocabulary.neighbours : vocabulary.sources;
    for (const proto of [TCP, UDP, unnamedProtocol(vocabulary)]) {
      const aim = {
        family,
        hook: 'input',
        in: link,
        src: source?.value ?? 1n,
        dst,
        proto,
        dport: unnamedPort(vocabulary),
      } as const;
      const held = denied(subject, opening(aim));
      if (held.kind === 'unknown') missing ??= held;
      if (held.kind !== 'yes' && held.kind !== 'maybe') continue;
      for (const witness of held.witnesses) {
        const logged = witness.trace.path.some(({ effect }) => effect === 'log');
        if (!logged) silent.push({ witness, certain: held.kind === 'yes' });
      }
    }
  }
  const first = silent.find(({ certain }) => certain) ?? silent[0];
  if (first === undefined) return missing;
  const { witness, certain } = first;
  const at = deciders([witness], denying);
  const protocols = [...new Set(silent.map((one) => one.witness.packet.proto))];
  const name = (proto: number): string => (proto === TCP || proto === UDP ? sayProtocol(proto) : 'other protocols');
  const own = ownAddresses(host, family, null, vocabulary);
  const tool = toolOf(family);
  return {
    id: fwLog01.id,
    severity: 'medium',
    certainty: certain && beside.kind === 'none' ? 'certain' : 'possible',
    title: `Denied IPv${family} packets are not logged${protocols.length === 3 ? '' : `: ${sayList(protocols.map(name))}`}`,
    why: `${sayPacket(witness.packet)} is denied by ${sayList(at.map((ref) => sayRef(host, ref)))} and leaves no trace. ${own.said}`
      .trim()
      .replace(/^./, (letter) => letter.toUpperCase()),
    family,
    at,
    causedBy: [],
    witness,
    fix: at.some(({ rule }) => rule !== 'policy')
      ? `Log before the rule that denies.\n${at
          .map((place) => {
            const { chain, rule } = place;
            const where = rule === 'policy' ? ['-A', chain] : ['-I', chain, rule];
            return `${command`${toolIn(place)} ${where}`} ${denials(family)}`;
          })
          .join('\n')}`
      : `Log as the last rule of INPUT.\n${tool} -A INPUT ${denials(family)}`,
    refs: fwLog01.refs,
  };
}

/** A limit for each source, so that nobody hides behind another's noise (FW-LOG-05). */
function denials(family: Family): string {
  return `-m hashlimit --hashlimit-upto 10/minute --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name log${family} -j LOG --log-prefix "denied: " --log-level info`;
}
