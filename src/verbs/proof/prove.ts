import { type Bystanders, bystanders } from '../../analysis/answers/index.ts';
import { type Observed, type RehearsalInput, rehearse, type Stage, unsendable } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { failed, ok, problemLine, type Result } from '../../result.ts';
import type { HostAndSets } from '../reading.ts';
import type { Context } from '../verb.ts';
import { agrees, type Claim, type Proof } from './claim.ts';
import { keyOf, roundsOf } from './rounds.ts';
import { ledStage, ownStage } from './stage.ts';

/** What is said of a host's packets, and whose rules say it. */
export interface Proving extends HostAndSets {
  /** The backend that was asked for; without it, that which wrote the rules. */
  readonly backend?: Backend | undefined;
}

/**
 * Sends the packets of all claims through the host's rules on the running kernel, in a throw-away namespace, and says of each what
 * became of it. All packets of a family go through one rehearsal, as far as none would be taken for another's answer.
 *
 * A packet goes where the host's own routes lead it, if those are known; where they lead elsewhere than the claim has it, it is led.
 * What the kernel does otherwise than claimed is sent once more, alone: those before it may have left a trace (sets, lists, counts).
 */
export async function prove(context: Context, proving: Proving, claims: readonly Claim[]): Promise<readonly Proof[]> {
  if (claims.length === 0) return [];
  context.progress('sending the packets through the kernel');
  const of = (family: Family) => claims.filter(({ packet }) => packet.family === family);
  const proofs = new Map<Claim, Proof>();
  // Each family has a rehearsal of its own: what the kernel refuses of one says nothing of the other.
  await Promise.all(([4, 6] as const).map((family) => proveFamily(context, proving, family, of(family), proofs)));
  return claims.map((claim) => proofs.get(claim) ?? { ran: false, why: 'nothing was sent' });
}

/** Packets that turn out otherwise and are sent again, alone. */
const mostAlone = 16;

async function proveFamily(
  context: Context,
  proving: Proving,
  family: Family,
  claims: readonly Claim[],
  proofs: Map<Claim, Proof>,
): Promise<void> {
  const fact = proving.host.rulesets[family];
  if (claims.length === 0) return;
  if (!fact.known) {
    for (const claim of claims) proofs.set(claim, { ran: false, why: `the IPv${family} rules are unknown: ${fact.why}` });
    return;
  }
  const ruleset = fact.value;
  const sending: Claim[] = [];
  const judged = refusals(proving, ruleset);
  for (const claim of claims) {
    const why = judged(claim);
    if (why === null) sending.push(claim);
    else proofs.set(claim, { ran: false, why });
  }
  const firing = firingOf(context, proving, ruleset);
  const packets = [...new Map(sending.map(({ packet }) => [keyOf(packet), packet])).values()];
  const seen = await through(firing, packets);
  let alone = 0;
  for (const claim of sending) {
    let one = seen.get(keyOf(claim.packet));
    if (one?.kind === 'seen' && packets.length > 1 && !agrees(claim, one, ruleset)) {
      // Only what it does alone tells: packets sent together may use up each other's limits.
      one = alone < mostAlone ? (await through(firing, [claim.packet])).get(keyOf(claim.packet)) : undefined;
      alone += 1;
    }
    proofs.set(claim, proofOf(claim, one, ruleset));
  }
}

function proofOf(claim: Claim, seen: Shown | undefined, ruleset: Ruleset): Proof {
  if (seen === undefined) return { ran: false, why: 'it would take more rehearsals than palisade makes at once' };
  if (seen.kind === 'astray') return { ran: false, why: seen.why };
  const { verdict: kernel, decidedBy, led } = seen;
  const isAgreed = agrees(claim, seen, ruleset);
  // Ways that were too many to list may be any.
  const isOpen = claim.outcomes.length === 0 || agrees({ ...claim, verdict: 'DEPENDS' }, seen, ruleset);
  if (!isAgreed && claim.hangsOn.length > 0 && isOpen) {
    const answers = claim.hangsOn.length === 1 ? 'answers' : 'answer';
    return { ran: false, why: `it hangs on how ${claim.hangsOn.join(', ')} ${answers}, and here the kernel did ${kernel}` };
  }
  if (!isAgreed && metNatOfLoopback(claim, seen)) return { ran: false, why: natOfLoopback };
  if (!isAgreed && queues(claim)) return { ran: false, why: 'a program decides about it, and none runs in a rehearsal' };
  return { ran: true, kernel, decidedBy, agrees: isAgreed, led };
}

const natOfLoopback =
  'what comes over loopback was sent before, and passes nat’s PREROUTING by; put on the link by a rehearsal it meets the rules there';

/** A rehearsal does not send it first, since what OUTPUT does with it is another question. */
function metNatOfLoopback({ packet }: Claim, { rules }: Extract<Shown, { kind: 'seen' }>): boolean {
  const met = rules.some(({ table, chain, rule }) => table === 'nat' && chain === 'PREROUTING' && rule !== 'policy');
  return packet.in === loopback && met;
}

/** A queue that nobody reads drops, or lets pass what was to be asked about. */
function queues({ verdict, outcomes }: Claim): boolean {
  return [verdict, ...outcomes.map((ending) => ending.verdict)].some((one) => one === 'QUEUE' || one === 'STOLEN');
}

/** Why a claim cannot be tried, as far as that can be told before. */
function refusals({ host, sets }: Proving, ruleset: Ruleset): (claim: Claim) => string | null {
  const { family, text } = ruleset;
  const beside = new Map<Packet['hook'], Bystanders>();
  const tracked = tracking.test(text);
  const setsMissing =
    !sets.known && /--match-set|-j SET /.test(text) ? `the sets that its rules ask are unknown: ${sets.why}` : null;
  return ({ packet, verdict }) => {
    if (verdict === 'UNDECIDED') return 'nothing is claimed of it: there are more ways for it than palisade follows';
    const others = beside.get(packet.hook) ?? bystanders(host, family, packet.hook);
    beside.set(packet.hook, others);
    const denied = verdict === 'DROP' || verdict === 'REJECT';
    if (others.kind === 'may-rewrite' || (others.kind === 'may-drop' && !denied))
      return `it also meets ${others.names.join(', ')}, which a rehearsal of the iptables rules does not have`;
    return setsMissing ?? unsendable(packet, tracked);
  };
}

/** Rules by which the kernel tracks connections, and rules that see it. */
const tracking =
  /^\*nat$|-m (?:conntrack|state|connbytes|connlabel|connlimit|connmark|cluster|helper)\b|-j (?:CT|NOTRACK|CONNMARK|CONNSECMARK|SYNPROXY|DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)\b/m;

const loopback = 'lo';

/** What became of a packet; `led`: by routes that were made for it. */
type Shown = Observed & { readonly led: boolean };
/** Sends packets that may go together. `led`: by routes made for them, else by the host's own; `null` where those are not known. */
type Firing = (packets: readonly Packet[], led: boolean) => Promise<Result<readonly Observed[]>> | null;

function firingOf(context: Context, { host, sets, backend }: Proving, ruleset: Ruleset): Firing {
  const { family, file, text, writer } = ruleset;
  const rules: Omit<RehearsalInput, keyof Stage> = {
    backend: backend ?? writer?.backend ?? 'nft',
    packets: true,
    policiesLeftOut: true,
    sets: sets.known ? sets.value : '',
    rulesets: { [family]: text },
    files: { [family]: file },
  };
  return (packets, led) => {
    const stage = led ? ledStage(host, packets, family) : ownStage(host, packets);
    return stage === null ? null : fire(context, { ...stage, ...rules }, packets);
  };
}

async function fire(context: Context, input: RehearsalInput, packets: readonly Packet[]): Promise<Result<readonly Observed[]>> {
  context.signal.throwIfAborted();
  const rehearsed = await rehearse(context.kernel, input);
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const sent = await rehearsal.send(packets, { rules: true });
  return sent.ok ? ok(sent.value) : failed(...sent.problems);
}

/** By the host's own routes first, then, of those that did not come where they are claimed to, by routes that lead them. */
async function through(firing: Firing, packets: readonly Packet[]): Promise<ReadonlyMap<string, Shown>> {
  const shown = new Map<string, Shown>();
  let left = packets;
  for (const led of [false, true]) {
    for (const round of roundsOf(left)) {
      const fired = await firing(round, led);
      if (fired === null) break;
      if (!fired.ok) {
        // What the kernel refuses of these it refuses of all.
        const why = fired.problems.map(problemLine).join('; ');
        for (const packet of left) if (!shown.has(keyOf(packet))) shown.set(keyOf(packet), { kind: 'astray', why, led });
        return shown;
      }
      for (const [index, packet] of round.entries()) shown.set(keyOf(packet), { ...onItsWay(packet, fired.value[index]), led });
    }
    left = packets.filter((packet) => shown.get(keyOf(packet))?.kind !== 'seen');
  }
  return shown;
}

/** A packet that was bound for another link than it says did not go the way that is claimed. */
function onItsWay({ out }: Packet, seen: Observed | undefined): Observed {
  if (seen === undefined) return { kind: 'astray', why: 'it was not sent' };
  const strayed = seen.kind === 'seen' && seen.bound !== null && out !== null && seen.bound !== out;
  return strayed ? { kind: 'astray', why: `it leaves by ${seen.bound}` } : seen;
}
