import type { Answer, Check, Subject } from '../check.ts';
import { oneLink } from '../examples.ts';
import { fine, found, given, type Said } from '../host-finding.ts';
import { sysctl } from '../surroundings.ts';

const host = (count: number, max: number, losses: object = {}, more: object = {}): object => ({
  ...oneLink,
  sysctls: { 'net.netfilter.nf_conntrack_count': String(count), 'net.netfilter.nf_conntrack_max': String(max), ...more },
  conntrackLosses: losses,
});

const fullPercent = 80;
/** Connections for each bucket: beyond this every packet walks a list. Linux makes as many buckets as connections by itself. */
const crowdedBuckets = 8;

/**
 * Losses are counted since the machine started. `insert_failed` is left out: it counts the race of two first packets of one
 * connection, which DNS clients cause on idle machines too.
 */
export const fwCt01: Check = {
  id: 'FW-CT-01',
  title: 'the connection table has room',
  severity: 'medium',
  kinds: ['L', 'H'],
  refs: ['NIST 800-53 SC-5'],
  why: 'When the table is full the kernel drops the first packets of all new connections, before any rule sees them.',
  fix: 'Raise nf_conntrack_max with the buckets, or leave out of tracking what needs none.',
  run,
  examples: [
    { title: 'nearly empty', facts: host(120, 262144), finds: [] },
    { title: 'nearly full', facts: host(230000, 262144), finds: ['medium null'] },
    { title: 'it was full', facts: host(120, 262144, { dropped: 17 }), finds: ['medium null'] },
    { title: 'old connections had to go', facts: host(120, 262144, { earlyDropped: 3 }), finds: ['medium null'] },
    { title: 'two first packets at once are no loss of room', facts: host(120, 262144, { insertFailed: 3 }), finds: [] },
    {
      title: 'far more connections than buckets',
      facts: host(120, 1048576, {}, { 'net.netfilter.nf_conntrack_buckets': '16384' }),
      finds: ['low null'],
    },
    { title: 'how full it is was not read', finds: [], unknown: 1 },
    { title: 'what it lost was not read', facts: { ...host(120, 262144), conntrackLosses: undefined }, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwCt01, [host.conntrack, host.conntrackLosses], (table, losses) => {
    if (table === null) return fine;
    const percent = Math.round((100 * table.count) / Math.max(1, table.max));
    const buckets = Number(sysctl(host, 'net.netfilter.nf_conntrack_buckets') ?? table.max);
    const said: Said[] = [];
    const raise = `Raise the limit together with the buckets (320 bytes of memory for each connection), or exempt busy UDP services with -j CT --notrack.
sysctl -w net.netfilter.nf_conntrack_max=${2 * table.max} net.netfilter.nf_conntrack_buckets=${2 * table.max}`;
    if (percent >= fullPercent) {
      said.push({
        title: `The connection table is ${percent} % full: ${table.count} of ${table.max}`,
        why: 'At the limit the kernel drops every first packet of a connection, whatever the rules say. A flood gets there in seconds.',
        fix: raise,
      });
    }
    const { dropped = 0, earlyDropped = 0 } = losses ?? {};
    if (dropped + earlyDropped > 0) {
      said.push({
        title: `The connection table was full: ${dropped} packets dropped, ${earlyDropped} connections pushed out since the machine started`,
        why: 'New connections were refused, or old ones forgotten, for want of room. Their packets never came to the rules that were written for them.',
        fix: raise,
      });
    }
    if (buckets > 0 && table.max / buckets > crowdedBuckets) {
      said.push({
        severity: 'low',
        title: `The connection table has ${buckets} buckets for ${table.max} connections`,
        why: 'When it fills, every packet has to walk a long list, and the machine becomes slow long before the table is full.',
        fix: `Make as many buckets as connections.\nsysctl -w net.netfilter.nf_conntrack_buckets=${table.max}`,
      });
    }
    return found(fwCt01, ...said);
  });
}
