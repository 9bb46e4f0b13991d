import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { type Family, TCP } from '../../model/net/index.ts';
import type { Trace } from '../../model/packet/index.ts';
import { allowing, deciders, denying, endingsOf, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import type { Finding, Located, Undetermined, Witness } from '../finding.ts';
import { isLimiter } from '../limiters.ts';
import { accepted, fromStrangers, type Held } from '../measure.ts';
import { continuing, opening, sayPacket } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { ipv4Absent, ipv6Off, outsideOf, ownAddresses, sshPorts } from '../surroundings.ts';
import { throttles } from '../usual.ts';
import { unnamedLink, type Vocabulary, vocabularyOf } from '../vocabulary.ts';

const limited = (rules: readonly string[]): string =>
  filter(['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', ...rules]);
const closed6 = filter([]);

/** As in `default-deny.ts`: the world is a 64th of all addresses or more. */
const anyone = 1 / 64;

/**
 * New connections to SSH from anyone must come to an end that a limiter (limit, hashlimit, recent, connlimit) decides: for
 * every way in there is a way out that differs by the limiter's answer alone. A limiter that stands behind an accept decides
 * nothing. Packets of running sessions must not meet one that decides. SSH is port 22, and wherever sshd listens; port
 * 22 is left out when sshd is known to listen elsewhere and nothing listens there, and IPv4 on a host without an IPv4 address.
 */
export const fwRate01: Check = {
  id: 'FW-RATE-01',
  title: 'guessing SSH passwords is slowed down by a limit that really decides',
  severity: 'medium',
  kinds: ['S'],
  refs: standardsOf('FW-RATE-01'),
  why: 'Whoever reaches SSH can try passwords as fast as the line allows.',
  fix: 'Count new connections per source, before the rule that accepts them.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: ['medium 4', 'medium 6'] },
    { title: 'the guide accepts before it counts', v4: guide, v6: closed6, finds: ['medium 4'] },
    {
      title: 'the guide without its first rule',
      v4: guide.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', ''),
      v6: closed6,
      finds: [],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'counted by recent, then accepted',
      v4: limited([
        '-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 60 --hitcount 4 --name ssh --mask 255.255.255.255 --rsource -j DROP',
        '-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set --name ssh --mask 255.255.255.255 --rsource -j ACCEPT',
      ]),
      v6: closed6,
      finds: [],
    },
    {
      title: 'a limit before an accept without one decides nothing',
      v4: limited([
        '-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      ]),
      v6: closed6,
      finds: ['medium 4'],
    },
    {
      title: 'connections at a time',
      v4: limited([
        '-A INPUT -p tcp -m tcp --dport 22 -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j REJECT --reject-with tcp-reset',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      ]),
      v6: closed6,
      finds: [],
    },
    {
      title: 'running sessions are throttled too',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT']),
      v6: closed6,
      finds: ['medium 4'],
    },
    {
      title: 'only one network gets to SSH',
      v4: limited(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: closed6,
      finds: [],
    },
    {
      title: 'limited at night only',
      v4: limited([
        '-A INPUT -p tcp -m tcp --dport 22 -m time --timestart 08:00 --timestop 18:00 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 22 -m hashlimit --hashlimit-upto 3/min --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name ssh -j ACCEPT',
      ]),
      v6: closed6,
      finds: ['medium 4'],
    },
    {
      title: 'sshd on another port',
      v4: limited(['-A INPUT -p tcp -m tcp --dport 2222 -j ACCEPT']),
      v6: closed6,
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 2222, address: '0.0.0.0', process: 'sshd' }] },
      finds: ['medium 4'],
    },
    {
      title: 'a ban list is no throttle',
      v4: filter([
        '-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP',
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ]),
      v6: closed6,
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: closed6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    if (family === 6 ? ipv6Off(subject.host) : ipv4Absent(subject.host)) continue;
    const fact = subject.host.rulesets[family];
    if (!fact.known) {
      unknown.push({ id: fwRate01.id, why: `IPv${family}: ${fact.why}`, remedy: fact.remedy });
      continue;
    }
    const vocabulary = vocabularyOf(subject.host, fact.value);
    const beside = bystanders(subject.host, family, 'input');
    if (beside.kind === 'may-rewrite') {
      unknown.push({ id: fwRate01.id, ...rewritten(family, beside) });
      continue;
    }
    for (const port of sshPorts(subject.host, family)) {
      const answer = askPort(subject, vocabulary, port, beside.kind === 'none');
      if (answer === null) continue;
      if ('severity' in answer) findings.push(answer);
      else unknown.push({ id: fwRate01.id, ...answer });
    }
  }
  return { findings, unknown };
}

function askPort(
  subject: Subject,
  vocabulary: Vocabulary,
  port: number,
  alone: boolean,
): Finding | { readonly why: string; readonly remedy: string } | null {
  const { host } = subject;
  const { family } = vocabulary;
  const { links: outside, beside: others } = outsideOf(host, family);
  let missing: { why: string; remedy: string } | null = null;
  for (const link of outside.length > 0 ? [...outside, ...others] : [unnamedLink(vocabulary)]) {
    const sure = alone && !others.includes(link);
    const own = ownAddresses(host, family, link, vocabulary);
    const [dst = 0n] = own.addresses;
    const first = (src: bigint) => opening({ family, hook: 'input', in: link, src, dst, proto: TCP, dport: port });
    const free = fromStrangers(vocabulary, dst, anyone, (src) => unlimited(accepted(subject, first(src))));
    if (free.kind === 'unknown') missing ??= free;
    if (free.kind === 'yes' || free.kind === 'maybe') {
      return describe(subject, family, port, free.witnesses, sure && free.kind === 'yes', false, own.said);
    }
    const throttled = fromStrangers(vocabulary, dst, anyone, (src) => hampered(subject, first(src)));
    if (throttled.kind === 'yes' || throttled.kind === 'maybe') {
      return describe(subject, family, port, throttled.witnesses, sure && throttled.kind === 'yes', true, own.said);
    }
  }
  return missing;
}

/** Of an accepted packet: whether some way in hangs on no limiter. */
function unlimited(held: Held): Held {
  if (held.kind !== 'maybe') return held;
  const free = held.witnesses.filter(({ trace }) => endingsOf(trace).some((ending) => isIn(ending) && !limits(trace, ending)));
  return free.length > 0 ? { kind: 'maybe', witnesses: free } : { kind: 'no', witnesses: held.witnesses };
}

/** Whether a running session's packets hang on a limiter, though the session could begin. */
function hampered(subject: Subject, first: ReturnType<typeof opening>): Held {
  const begin = accepted(subject, first);
  if (begin.kind !== 'yes' && begin.kind !== 'maybe') return begin;
  const running = accepted(subject, continuing(first));
  if (running.kind !== 'maybe') return { kind: 'no', witnesses: [] };
  const held = running.witnesses.filter(({ trace }) =>
    endingsOf(trace).some((ending) => isIn(ending) && limits(trace, ending, throttles)),
  );
  if (held.length === 0) return { kind: 'no', witnesses: [] };
  return { kind: held.every(({ trace }) => trace.dependsOn.every(throttles)) ? 'yes' : 'maybe', witnesses: held };
}

type End = ReturnType<typeof endingsOf>[number];

function isIn(ending: End): boolean {
  return allowing.includes(ending.verdict);
}

/** True if another answer of the limiters, all else equal, keeps the packet out. */
function limits(trace: Trace, way: End, counts = isLimiter): boolean {
  return endingsOf(trace).some((other) => {
    if (!denying.includes(other.verdict)) return false;
    const both = Object.keys(way.when).filter((match) => Object.hasOwn(other.when, match));
    const differing = both.filter((match) => way.when[match] !== other.when[match]);
    return differing.length > 0 && differing.every(counts);
  });
}

function describe(
  subject: Subject,
  family: Family,
  port: number,
  witnesses: readonly Witness[],
  certain: boolean,
  running: boolean,
  said: string,
): Finding {
  const { host } = subject;
  const [witness] = witnesses;
  if (witness === undefined) throw new Error('a finding without a witness');
  const at = deciders(witnesses, allowing);
  const by = sayList(deciders([witness], allowing).map((ref) => sayRef(host, ref)));
  const verb = certain ? 'is' : 'may be';
  const hangsOn = witness.trace.dependsOn.length > 0 ? ` It hangs on ${sayList(witness.trace.dependsOn)}.` : '';
  const what = `${sayPacket(witness.packet)}`.replace(/^./, (letter) => letter.toUpperCase());
  return {
    id: fwRate01.id,
    severity: 'medium',
    certainty: certain ? 'certain' : 'possible',
    title: running
      ? `Running SSH sessions on port ${port} are throttled over IPv${family}`
      : `SSH on port ${port} takes new connections from anyone over IPv${family}, without a limit`,
    why: running
      ? `${what} is let in only as long as a limit allows.${hangsOn} A busy session stalls, and a flood of strangers' packets cuts it off. ${said}`.trim()
      : `${what} ${verb} accepted by ${by} before any limit decides.${hangsOn} Passwords can be guessed as fast as the line allows. ${said}`.trim(),
    family,
    at,
    causedBy: [],
    witness,
    fix: running
      ? `Accept packets of running connections before the limit.\n${toolOf(family)} -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`
      : `Drop what comes too fast from one source, before the rule that accepts; or accept SSH from your own addresses only.\n${limiter(family, port, at)}`,
    refs: fwRate01.refs,
  };
}

function limiter(family: Family, port: number, at: readonly Located[]): string {
  const before = at.find(({ table, chain, rule }) => table === 'filter' && chain === 'INPUT' && rule !== 'policy');
  const where = typeof before?.rule === 'number' ? before.rule : 1;
  return `${toolOf(family)} -I INPUT ${where} -p tcp --dport ${port} -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 6/minute --hashlimit-burst 6 --hashlimit-mode srcip --hashlimit-name ssh${family}-${port} -j DROP`;
}
