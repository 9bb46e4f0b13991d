import { z } from 'zod';
import type { Difference } from '../analysis/answers/index.ts';
import type { Finding, Mending } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import { packetToJson } from '../model/packet/index.ts';
import { region, regionToJson } from './diff-shapes.ts';
import { packet } from './shapes.ts';

const changed = z.object({
  region,
  packet: packet.nullable().describe('One of them.'),
  said: z.string().nullable().describe('That packet in words.'),
});

/** What a fix would do, as `audit --fixes` prints it. */
export const mending = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('no-rules') }).describe('The fix is no command of iptables.'),
    z.object({ kind: z.literal('unknown'), why: z.string() }),
    z.object({
      kind: z.literal('mended'),
      mends: z.boolean().describe('The check would find less.'),
      allows: z.array(changed).describe('Packets that are accepted then and were not, biggest regions first.'),
      blocks: z.array(changed).describe('The reverse.'),
      cuts: z.array(z.string()).describe('Flows that the host or a listening service needs, accepted before and not then.'),
    }),
  ])
  .meta({ id: 'Mending' });

export type MendingJson = z.output<typeof mending>;

/** What the fix of each finding would do to the rules, by packet space. Nothing is changed. */
export async function mendingsOf(host: Host, findings: readonly Finding[]): Promise<ReadonlyMap<Finding, MendingJson>> {
  const { checks, mendingOf, sayPacket } = await import('../audit/index.ts');
  const toJson = ({ region: of, witness }: Difference): z.output<typeof changed> => ({
    region: regionToJson(of),
    packet: witness === null ? null : packet.parse(packetToJson(witness.packet)),
    said: witness === null ? null : sayPacket(witness.packet),
  });
  const said = (one: Mending): MendingJson =>
    one.kind === 'mended'
      ? { ...one, allows: one.allows.map(toJson), blocks: one.blocks.map(toJson), cuts: [...one.cuts] }
      : { ...one };
  const found = new Map<Finding, MendingJson>();
  for (const finding of findings) {
    const check = checks.find(({ id }) => id === finding.id);
    if (check !== undefined) found.set(finding, said(mendingOf(host, check, finding)));
  }
  return found;
}
