import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { useLiveHost } from './live.ts';
import { Bar } from './parts/bar.tsx';
import { DroppedList } from './parts/dropped-list.tsx';
import { Findings } from './parts/findings.tsx';
import { Incidents } from './parts/incidents.tsx';
import { Rules } from './parts/rules.tsx';
import { Tracer, type TraceWish } from './parts/tracer.tsx';
import { Unknowns } from './parts/unknowns.tsx';
import { Verdict } from './parts/verdict.tsx';
import { type PacketJson, verdictWords } from './words.ts';

export function Dashboard({ token, onRefused }: { token: string; onRefused: () => void }) {
  const { connection, status, rules, dropped, happened, problem } = useLiveHost(token, onRefused);
  const [wish, setWish] = useState<TraceWish | null>(null);
  const [path, setPath] = useState<ReadonlySet<string>>(new Set());

  const trace = useCallback((packet: Partial<PacketJson>) => setWish({ packet }), []);
  const findings = useMemo(() => status?.findings ?? [], [status]);
  const ownAddress = useMemo(() => findings.map(({ witness }) => witness?.packet).find(isFromOutside)?.dst ?? '', [findings]);
  const title = status === null ? 'palisade' : `${status.host}: ${verdictWords(status)} – palisade`;
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <>
      <Bar status={status} rules={rules} dropped={dropped.seen} connection={connection} />
      <main class="layout">
        <Verdict status={status} problem={problem} stale={connection !== 'live'} />
        {/* All at once, so that nothing that can be read is pushed away by what comes after it. */}
        {status === null || rules === null ? null : (
          <>
            <div class="judged">
              <Findings answered={status.confidence > 0} findings={findings} onTrace={trace} />
              <Unknowns status={status} rules={rules} />
            </div>
            <aside class="beside">
              <Tracer token={token} wish={wish} rules={rules} ownAddress={ownAddress} onPath={setPath} onRefused={onRefused} />
              <Incidents happened={happened} connection={connection} />
              <DroppedList dropped={dropped} connection={connection} onTrace={trace} />
            </aside>
            <Rules rules={rules} findings={findings} path={path} />
          </>
        )}
      </main>
    </>
  );
}

/** A witness that arrives from the network over IPv4: its destination is an address of this host. */
function isFromOutside(packet: PacketJson | undefined): boolean {
  return packet !== undefined && packet.hook === 'input' && packet.in !== 'lo' && packet.dst.includes('.');
}
