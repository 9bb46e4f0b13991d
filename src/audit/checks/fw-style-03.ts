import { known } from '../../model/host/index.ts';
import { TCP, UDP } from '../../model/net/index.ts';
import { deciders, denying, sayList, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, toolIn } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily, type FamilyRules } from '../families.ts';
import type { Finding, Witness } from '../finding.ts';
import { isLimiter } from '../limiters.ts';
import { opening, sayProtocol } from '../probes.ts';
import { outsideOf, ownAddresses } from '../surroundings.ts';
import { unnamedLink, unnamedPort, vocabularyOf } from '../vocabulary.ts';

/**
 * A stranger's packet to a port that no rule names, answered by REJECT without a limit. An answer is no hole; but a source can be
 * forged, so that the host sends a packet to somebody else for each that it gets, and work is done for every scan. Of ICMP errors the
 * kernel limits how many go to one address (icmp_ratelimit), of TCP resets it does not.
 */
export const fwStyle03: Check = {
  id: 'FW-STYLE-03',
  title: 'strangers are dropped, or answered with a limit',
  severity: 'info',
  kinds: ['S'],
  refs: ['NIST 800-41r1 4.1'],
  why: 'Each answer to a forged packet goes to somebody who never asked.',
  fix: 'Limit what is rejected on links that face the outside, and drop the rest.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide drops', v4: guide, finds: [] },
    { title: 'a hardened pair drops', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'rejected',
      v4: filter([
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        '-A INPUT -j REJECT --reject-with icmp-host-prohibited',
      ]),
      finds: ['info 4'],
    },
    {
      title: 'rejected with a limit',
      v4: filter(['-A INPUT -m limit --limit 10/sec -j REJECT --reject-with icmp-port-unreachable']),
      finds: [],
    },
    {
      title: 'rejected within the own network only',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -j REJECT --reject-with icmp-port-unreachable']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(fwStyle03, subject, (rules) => known(ask(subject, rules)), ['input']);
}

function ask(subject: Subject, { family, ruleset, alone }: FamilyRules): readonly Finding[] {
  const { host } = subject;
  const vocabulary = vocabularyOf(host, ruleset);
  const link = outsideOf(host, family).links[0] ?? unnamedLink(vocabulary);
  const [dst = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
  const src = vocabulary.sources[0]?.value ?? 1n;
  const rejected: Witness[] = [];
  for (const proto of [TCP, UDP]) {
    const packet = opening({ family, hook: 'input', in: link, src, dst, proto, dport: unnamedPort(vocabulary) });
    const trace = subject.evaluator.trace(packet);
    if (trace?.verdict === 'REJECT' && !trace.dependsOn.some(isLimiter)) rejected.push({ packet, trace });
  }
  const [witness] = rejected;
  if (witness === undefined) return [];
  const at = deciders(rejected, denying);
  const [first] = at;
  const protocols = sayList(rejected.map(({ packet }) => sayProtocol(packet.proto)));
  return [
    {
      id: fwStyle03.id,
      severity: 'info',
      certainty: alone ? 'certain' : 'possible',
      title: `Strangers get an answer to whatever they send: IPv${family} ${protocols}`,
      why: `${sayList(at.map((ref) => sayRef(host, ref)))} rejects without a limit: with a forged source the answers go to somebody who never asked.`.replace(
        /^./,
        (letter) => letter.toUpperCase(),
      ),
      family,
      at,
      causedBy: [],
      witness,
      fix: `Drop behind a limit, so that honest mistakes are still answered at once.${first !== undefined && typeof first.rule === 'number' ? `\n${command`${toolIn(first)} -I ${first.chain} ${first.rule} -i ${link}`} -m hashlimit --hashlimit-above 10/second --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name reject${family} -j DROP` : ''}`,
      refs: fwStyle03.refs,
    },
  ];
}
