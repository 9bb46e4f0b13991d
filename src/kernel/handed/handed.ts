import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { ok, type Result } from '../../result.ts';
import { inNetworkNamespace, libc } from '../libc.ts';
import { openLegacyRules } from './legacy-rules.ts';
import { openNftRules } from './nft-rules.ts';

/** What a look at all rules that log to a group found. */
export type HandedLook =
  | {
      readonly kind: 'counted';
      /** Tells this start of the machine, and this network namespace, from all others. */
      readonly origin: string;
      /** Tells these rules from others of the same origin. */
      readonly rules: string;
      /** Their names. */
      readonly names: readonly string[];
      /** Of what these rules and others in their tables have met, by a name for the rule. One that is smaller later was begun anew. */
      readonly counters: ReadonlyMap<string, number>;
    }
  /** `why` is the end of a sentence with "since". */
  | { readonly kind: 'uncounted'; readonly why: string };

/** The rules that log to an NFLOG group, and what they have handed to it. */
export interface Handed extends Disposable {
  /** Reads all rules, one look at a time: a millisecond, and twenty more for each 1,000, in which others have their turn. Never rejects. */
  look(): Promise<HandedLook>;
  /**
   * Packets that the rules of the last look have met, those of both families and all tables together; each met its rule before it came to the group.
   * Takes some ten microseconds; in tables of iptables-legacy more the more rules there are. `null`: the rules are others since, cannot be counted, or
   * are being looked at.
   */
  count(): number | null;
}

export interface HandedOptions {
  readonly group: number;
  /** A process in the network namespace; without it, our own. */
  readonly namespacePid?: number;
}

/** Needs CAP_NET_ADMIN in the namespace. */
export function openHanded({ group, namespacePid: pid }: HandedOptions): Result<Handed> {
  const loaded = libc();
  if (!loaded.ok) return loaded;
  const calls = loaded.value;
  const nft = openNftRules(calls, pid, group);
  if (!nft.ok) return nft;
  const legacy = openLegacyRules(calls, pid, group);
  if (!legacy.ok) {
    nft.value.close();
    return legacy;
  }
  const kinds = [nft.value, legacy.value];
  let isCounted = false;
  let isOpen = true;
  return ok({
    async look() {
      isCounted = false;
      const other = otherLogger(group, (path) => {
        const read = inNetworkNamespace(calls, pid, () => ok(textOf(path)));
        return read.ok ? read.value : '';
      });
      if (other !== null) return { kind: 'uncounted', why: other };
      const names: string[] = [];
      const counters = new Map<string, number>();
      for (const kind of kinds) {
        const found = isOpen ? await kind.look() : 'nobody asks any more';
        if (typeof found === 'string') return { kind: 'uncounted', why: found };
        names.push(...[...found.rules].sort());
        for (const [name, packets] of found.counters) counters.set(name, packets);
      }
      isCounted = isOpen;
      return { kind: 'counted', origin: digest(originOf(pid)), rules: digest(names.join('\n')), names, counters };
    },
    count() {
      if (!isCounted) return null;
      let packets = 0;
      for (const kind of kinds) {
        const met = kind.count();
        if (met === null) return null;
        packets += met;
      }
      return packets;
    },
    [Symbol.dispose]() {
      isOpen = false;
      isCounted = false;
      for (const kind of kinds) kind.close();
    },
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 16);
}

/** Handles and counters begin anew with the machine, and each network namespace has its own. */
function originOf(pid: number | undefined): string {
  return `${textOf('/proc/sys/kernel/random/boot_id').trim()} ${readlinkSync(`/proc/${pid ?? 'thread-self'}/ns/net`)}`;
}

/** What may log to a group beside the rules that are read; `null`: nothing. */
function otherLogger(group: number, read: (path: string) => string): string | null {
  if (Number(textOf('/sys/module/ebt_nflog/refcnt')) > 0) return 'rules of ebtables may log to it, too';
  const logsInvalid = Number(read('/proc/sys/net/netfilter/nf_conntrack_log_invalid')) !== 0;
  // What the kernel logs by itself, it logs to group 0 of the logger that was chosen for the family (net/netfilter/nf_log.c).
  const isChosen = [2, 10].some((family) => read(`/proc/sys/net/netfilter/nf_log/${family}`).trim() === 'nfnetlink_log');
  return group === 0 && logsInvalid && isChosen ? 'the kernel itself logs invalid packets to it, too' : null;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // No such part of the kernel.
    return '';
  }
}
