import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import type { Packet, State } from '../../model/packet/index.ts';
import { sayList, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { empty, filter, guide, hardened4, oneLink } from '../examples.ts';
import { doorsOf, exposed, isByRule, ofFamilies, type Said, type Shown, settled, shown } from '../exposure/index.ts';
import { opening } from '../probes.ts';
import { sysctl } from '../surroundings.ts';
import { vocabularyOf } from '../vocabulary.ts';

/** Messages that only tell strangers things or lead the host astray, and how conntrack shows them (nf_conntrack_proto_icmp.c). */
const messages: readonly { readonly type: number; readonly name: string; readonly states: readonly State[] }[] = [
  { type: 5, name: 'redirect (5)', states: ['INVALID'] },
  { type: 13, name: 'timestamp (13)', states: ['NEW'] },
  { type: 17, name: 'address mask (17)', states: ['NEW'] },
  { type: 9, name: 'router advertisement (9)', states: ['INVALID'] },
];

/**
 * IPv4 messages from a stranger. A redirect about a connection that exists is RELATED, and counts where the kernel is known to heed
 * redirects (accept_redirects); else it is harmless, and every host that accepts RELATED lets it in. What only a policy accepts the
 * default-deny checks tell.
 */
export const fwIcmp02: Check = {
  id: 'FW-ICMP-02',
  title: 'ICMP that misleads or tells tales is dropped',
  severity: 'low',
  kinds: ['S'],
  refs: ['CIS Debian 12 v1.1.0 3.3.5', 'NIST 800-41r1 4.1.4'],
  why: 'Redirects and router advertisements move traffic to whoever sends them; timestamps tell a host’s clock to guessers of keys.',
  fix: 'Accept by type: errors as RELATED, echo-request with a limit; no more.',
  run,
  examples: [
    { title: 'all of ICMP', v4: filter(['-A INPUT -p icmp -j ACCEPT']), finds: ['low 4'] },
    {
      title: 'timestamps by a rule of their own',
      v4: filter(['-A INPUT -p icmp -m icmp --icmp-type 13 -j ACCEPT']),
      finds: ['low 4'],
    },
    { title: 'echo-request alone', v4: filter(['-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT']), finds: [] },
    {
      title: 'a redirect about a connection, and a kernel that heeds it',
      v4: filter(['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']),
      facts: { ...oneLink, sysctls: { 'net.ipv4.conf.all.accept_redirects': '1', 'net.ipv4.conf.eth0.accept_redirects': '1' } },
      finds: ['low 4'],
    },
    { title: 'nothing at all: the policy accepts it', v4: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'rules that were not read', v4: null, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return ofFamilies(
    subject,
    fwIcmp02.id,
    () => {
      const beside = bystanders(subject.host, 4, 'input');
      if (beside.kind === 'may-rewrite') return { unknown: rewritten(4, beside) };
      return settled(
        subject.ask(4, (engine) =>
          familyAnswer(
            subject,
            doorsOf(subject, engine).filter(({ unread }) => unread === null),
          ),
        ),
      );
    },
    [4],
  );
}

function familyAnswer(subject: Subject, doors: ReturnType<typeof doorsOf>): Said {
  const fact = subject.host.rulesets[4];
  if (!fact.known) return { unknown: fact };
  const src = vocabularyOf(subject.host, fact.value).sources[0]?.value ?? 1n;
  for (const door of doors) {
    const heard = messages.flatMap(({ type, name, states }) => {
      const heeded = type === 5 && heedsRedirects(subject, door.link) ? (['RELATED'] as const) : [];
      for (const state of [...states, ...heeded]) {
        const plain = opening({ family: 4, hook: 'input', in: door.link, src, dst: door.own[0] ?? 0n, proto: 1 });
        const packet: Packet = { ...plain, icmpType: type, icmpCode: 0, state };
        const seen: Shown = shown(subject, packet);
        if ((seen.kind === 'yes' || seen.kind === 'maybe') && isByRule(seen.witness.trace.decidedBy))
          return [{ name, type, seen }];
      }
      return [];
    });
    const [first] = heard;
    if (first === undefined) continue;
    return [
      exposed(subject, {
        check: fwIcmp02,
        family: 4,
        severity: 'low',
        title: `ICMP is accepted that no stranger need send: ${sayList(heard.map(({ name }) => name))}`,
        shown: first.seen,
        sure: door.sure,
        meaning: [`The packet is a ${first.name.replace(/ \(\d+\)$/, '')} message.`],
        fix: `Drop these types before ICMP is accepted.\n${heard
          .map(({ type }) => command`${toolOf(4)} -I INPUT 1 -i ${door.link} -p icmp --icmp-type ${type} -j DROP`)
          .join('\n')}`,
      }),
    ];
  }
  return [];
}

/** A host heeds them where all links and this one say so; one that forwards needs both, another either (IN_DEV_RX_REDIRECTS). */
function heedsRedirects({ host }: Subject, link: string): boolean {
  const [all, own] = ['all', link.replaceAll('.', '/')].map((name) => sysctl(host, `net.ipv4.conf.${name}.accept_redirects`));
  return all === '1' && own === '1';
}
