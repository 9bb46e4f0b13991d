import { useEffect, useRef, useState } from 'preact/hooks';
import type { RulesetJson, TraceJson } from '../../../src/verbs/shapes.ts';
import { postTrace } from '../api.ts';
import { commandOf, type Draft, draftOf, emptyDraft, packetOf } from '../draft.ts';
import { type PacketJson, ruleAnchor } from '../words.ts';
import { TraceForm } from './trace-form.tsx';
import { TraceResult } from './trace-result.tsx';

/** A packet that another part of the page wants to be traced; a new object is a new wish. */
export interface TraceWish {
  readonly packet: Partial<PacketJson>;
}

interface TracerProps {
  token: string;
  wish: TraceWish | null;
  rules: RulesetJson;
  /** The host's own address, for packets that do not say where they go. */
  ownAddress: string;
  onPath: (anchors: ReadonlySet<string>) => void;
  onRefused: () => void;
}

type Asked =
  | { readonly kind: 'nothing' | 'asking' }
  | { readonly kind: 'traced'; readonly trace: TraceJson; readonly packet: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly message: string };

/** What happens to a packet, rule by rule. */
export function Tracer({ token, wish, rules, ownAddress, onPath, onRefused }: TracerProps) {
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [asked, setAsked] = useState<Asked>({ kind: 'nothing' });
  const section = useRef<HTMLElement>(null);
  const latest = useRef(0);

  async function ask(from: Draft): Promise<void> {
    const packet = packetOf(from, ownAddress);
    latest.current += 1;
    const mine = latest.current;
    setAsked({ kind: 'asking' });
    const answer = await postTrace(token, packet);
    if (mine !== latest.current) return;
    if (answer.kind === 'refused') onRefused();
    else if (answer.kind === 'ok') {
      setAsked({ kind: 'traced', trace: answer.value, packet });
      onPath(
        new Set([...answer.value.path, ...(answer.value.decidedBy === null ? [] : [answer.value.decidedBy])].map(ruleAnchor)),
      );
    } else {
      setAsked({
        kind: 'failed',
        message: answer.kind === 'said' ? answer.message : 'palisade does not answer; is it still running?',
      });
      onPath(new Set());
    }
  }

  // A wish is asked once, whatever else changes meanwhile.
  useEffect(() => {
    if (wish === null) return;
    const wished = draftOf(wish.packet);
    setDraft(wished);
    void ask(wished);
    section.current?.scrollIntoView({ block: 'nearest' });
    section.current?.focus({ preventScroll: true });
  }, [wish]);

  return (
    <section id="trace" aria-labelledby="trace-title" ref={section} tabIndex={-1}>
      <h2 id="trace-title">Trace a packet</h2>
      <TraceForm draft={draft} ownAddress={ownAddress} onChange={setDraft} onAsk={() => void ask(draft)} />
      <div class="answer" aria-live="polite" aria-busy={asked.kind === 'asking'}>
        {asked.kind === 'nothing' ? (
          <p class="empty">Describe a packet, or press Trace at a finding or a dropped packet.</p>
        ) : null}
        {asked.kind === 'failed' ? <p class="problem">{asked.message}</p> : null}
        {asked.kind === 'traced' ? <TraceResult trace={asked.trace} rules={rules} command={commandOf(asked.packet)} /> : null}
      </div>
    </section>
  );
}
