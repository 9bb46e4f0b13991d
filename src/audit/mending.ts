import { type Comparison, compareRulesets, type Difference } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { createEvaluator, type Evaluator } from '../analysis/index.ts';
import { type Host, isLoopback, known } from '../model/host/index.ts';
import { type Family, TCP, UDP } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { parseScript, runScript } from '../model/ruleset/script/index.ts';
import type { Check } from './check.ts';
import { rulesCommands } from './command.ts';
import type { Finding } from './finding.ts';
import { continuing, opening, replyTo, sayPacket } from './probes.ts';
import { subjectOf } from './subject.ts';
import { loopbackOf, ownAddresses } from './surroundings.ts';
import { isLetIn } from './usual.ts';

/** What a finding's fix does to the firewall, worked out on the rules as they would be then. Nothing is changed. */
export type Mending =
  /** The fix is no command of iptables: something else is to be done. */
  | { readonly kind: 'no-rules' }
  /** What it would leave cannot be told. */
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'mended';
      /** The check that found it finds less. */
      readonly mends: boolean;
      /** Packets that are accepted then and were not, biggest regions first, and the reverse. */
      readonly allows: readonly Difference[];
      readonly blocks: readonly Difference[];
      /** Flows that a host or its listening services need, accepted before and not then; sentences. */
      readonly cuts: readonly string[];
    };

/** Addresses of documentation that stand for anybody elsewhere (RFC 5737, RFC 3849). */
const strangers: Readonly<Record<Family, bigint>> = { 4: 0xcb007109n, 6: 0x20010db8_00ff0000_00000000_00000009n };

/** So many regions of each kind are said. */
const mostRegions = 8;

/** @param check the one that made the finding. */
export function mendingOf(host: Host, check: Check, finding: Finding): Mending {
  const commands = rulesCommands(finding.fix);
  if (commands.length === 0) return { kind: 'no-rules' };
  const parsed = parseScript(commands.join('\n'), { file: 'fix' });
  if (!parsed.ok) return { kind: 'unknown', why: parsed.problems[0]?.message ?? 'it does not read' };
  const start = Object.fromEntries(
    ([4, 6] as const).flatMap((family) => {
      const ruleset = host.rulesets[family];
      return ruleset.known ? [[family, ruleset.value] as const] : [];
    }),
  );
  const backend = Object.values(start).find((ruleset) => ruleset.writer !== null)?.writer?.backend ?? 'nft';
  const { steps, left } = runScript(parsed.value, { start, backend });
  const failed = steps.find(({ outcome }) => outcome !== 'done');
  if (failed !== undefined) return { kind: 'unknown', why: failed.problem?.message ?? 'a command of it would not run' };
  const after: Host = {
    ...host,
    rulesets: {
      4: left[4].used ? known(left[4].ruleset) : host.rulesets[4],
      6: left[6].used ? known(left[6].ruleset) : host.rulesets[6],
    },
  };
  const touched = ([4, 6] as const).filter((family) =>
    parsed.value.statements.some((one) => 'family' in one && one.family === family),
  );
  const differences = touched.flatMap((family) => differencesBetween(host, after, family));
  const of = (kind: Difference['kind']): Difference[] =>
    differences
      .filter((one) => one.kind === kind)
      .sort((one, other) => other.region.share - one.region.share)
      .slice(0, mostRegions);
  return {
    kind: 'mended',
    mends: mends(check, host, after, finding),
    allows: of('newly-allowed'),
    blocks: of('newly-blocked'),
    cuts: touched.flatMap((family) => cutBetween(host, after, family)),
  };
}

function differencesBetween(before: Host, after: Host, family: Family): readonly Difference[] {
  const [old, now] = [before.rulesets[family], after.rulesets[family]];
  if (!old.known || !now.known) return [];
  const surroundings = surroundingsOf(before);
  const { ways }: Comparison = compareRulesets(
    family,
    { ruleset: old.value, surroundings },
    { ruleset: now.value, surroundings },
    { most: mostRegions },
  );
  return ways.flatMap((way) => (way.kind === 'decided' ? way.differences : []));
}

/** Nothing says the same any more, or it is said of fewer places: what a check finds may be said in one finding or in several. */
function mends(check: Check, before: Host, after: Host, { id, family, title }: Finding): boolean {
  const found = (host: Host): readonly Finding[] =>
    check.run(subjectOf(host)).findings.filter((one) => one.id === id && one.family === family);
  const [old, now] = [found(before), found(after)];
  const places = (findings: readonly Finding[]): number => findings.reduce((sum, { at }) => sum + 1 + at.length, 0);
  return !now.some((one) => one.title === title) || places(now) < places(old);
}

/** Loopback, replies, running connections and the services that listen: what was accepted of them and is not any more. */
function cutBetween(before: Host, after: Host, family: Family): readonly string[] {
  const [old, now] = [createEvaluator(before), createEvaluator(after)];
  return needsOf(before, family)
    .filter((packet) => letsIn(old, packet) && !letsIn(now, packet))
    .map(sayPacket);
}

function letsIn(evaluator: Evaluator, packet: Packet): boolean {
  const trace = evaluator.trace(packet);
  return trace !== null && isLetIn(trace);
}

function needsOf(host: Host, family: Family): readonly Packet[] {
  const links = host.links.known ? host.links.value.filter(({ loopback }) => !loopback).map(({ name }) => name) : ['eth0'];
  const listening = host.listeners.known
    ? host.listeners.value.filter(
        ({ families, address }) => families.includes(family) && (address === null || !isLoopback(address)),
      )
    : [];
  const lo = loopbackOf(host);
  const own = family === 4 ? 0x7f000001n : 1n;
  const within = opening({ family, hook: 'input', in: lo, src: own, dst: own, proto: TCP, dport: 33_333 });
  return [
    within,
    { ...within, hook: 'output', in: null, out: lo },
    ...links.flatMap((link) => {
      const [to] = ownAddresses(host, family, link, null).addresses;
      const from = strangers[family];
      if (to === undefined) return [];
      const reply = replyTo(opening({ family, hook: 'output', out: link, src: to, dst: from, proto: TCP, dport: 443 }));
      const services = listening.map(({ proto, port }) =>
        opening({ family, hook: 'input', in: link, src: from, dst: to, proto: proto === 'udp' ? UDP : TCP, dport: port }),
      );
      return [reply, ...services, ...services.map(continuing)];
    }),
  ];
}
