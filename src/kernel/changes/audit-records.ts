import { clean } from './actor.ts';
import type { Actor } from './change.ts';

/** What the kernel's audit recorded of one change to a firewall, in whatever network namespace. */
export interface AuditedChange {
  /** Epoch milliseconds, in steps of the kernel's tick: up to 10 ms early. */
  readonly at: number;
  readonly table: string;
  /** As the kernel counts: 2 IPv4, 10 IPv6, 1 inet. */
  readonly family: number;
  /** Of iptables-legacy the entries before the change; of nf_tables how many things changed. */
  readonly entries: number;
  /** `xt_replace`, `xt_register`, `nft_register_rule` … */
  readonly operation: string;
  /** Of nf_tables the transaction's number, as {@link NftCommit.generation}. */
  readonly generation: number | null;
  readonly actor: Actor;
}

interface Event {
  readonly changes: Fields[];
  call: Fields | null;
  title: string | null;
}

type Fields = ReadonlyMap<string, string>;

/**
 * Reads lines of auditd's log, of which one event's have the same number: NETFILTER_CFG (kernel/auditsc.c, __audit_log_nfcfg), SYSCALL and
 * PROCTITLE. The last two come where audit looked at the process before it made the change. What programs say themselves has other
 * types, and no line feed can stand in it: no text of theirs passes for one of these.
 */
export function auditedChanges(text: string): readonly AuditedChange[] {
  const events = new Map<string, Event>();
  for (const line of text.split('\n')) {
    const found = /^(?:node=\S+ )?type=(NETFILTER_CFG|SYSCALL|PROCTITLE) msg=audit\((\d+\.\d+:\d+)\): (.*)$/.exec(line);
    const [, type, stamp, rest] = found ?? [];
    if (type === undefined || stamp === undefined || rest === undefined) continue;
    let event = events.get(stamp);
    if (event === undefined) {
      event = { changes: [], call: null, title: null };
      events.set(stamp, event);
    }
    const fields = fieldsOf(rest);
    if (type === 'NETFILTER_CFG') event.changes.push(fields);
    else if (type === 'SYSCALL') event.call = fields;
    else event.title = textOf(fields.get('proctitle') ?? '');
  }
  return [...events].flatMap(([stamp, event]) => event.changes.map((fields) => changeOf(stamp, fields, event)));
}

function changeOf(stamp: string, fields: Fields, { call, title }: Event): AuditedChange {
  const [, table = '', generation] = /^(.*?)(?::(\d+))?$/.exec(fields.get('table') ?? '') ?? [];
  const number = (name: string): number => Number(fields.get(name) ?? Number.NaN);
  const pid = number('pid');
  // Another process than the one that called is a thread of the kernel, which clears up.
  const mine = call !== null && Number(call.get('pid')) === pid ? call : null;
  const parent = Number(mine?.get('ppid') ?? 0);
  return {
    at: Math.round(Number(stamp.slice(0, stamp.indexOf(':'))) * 1000),
    table,
    family: number('family'),
    entries: number('entries'),
    operation: fields.get('op') ?? '',
    generation: generation === undefined ? null : Number(generation),
    actor: {
      pid,
      program: clean(textOf(fields.get('comm') ?? '')),
      exe: mine === null ? null : clean(textOf(mine.get('exe') ?? '')),
      command: mine === null || title === null ? null : title.replace(/\0$/, '').split('\0').map(clean),
      uid: userOf(mine?.get('uid')),
      loginUid: userOf(mine?.get('auid')),
      parents: parent > 0 ? [{ pid: parent, program: '', command: [], uid: null }] : [],
    },
  };
}

/** `name=value` words; what auditd adds behind a group separator (names for numbers) repeats names in capitals. */
function fieldsOf(text: string): Fields {
  const own = text.split('\x1d')[0] ?? '';
  return new Map([...own.matchAll(/([\w-]+)=("[^"]*"|\S*)/g)].map(([, name = '', value = '']) => [name, value]));
}

/** In quotes as it is, or in hexadecimal where it holds blanks, quotes or control characters (audit_log_untrustedstring). */
function textOf(value: string): string {
  if (value.startsWith('"')) return value.slice(1, -1);
  return /^([0-9A-F]{2})+$/.test(value) ? Buffer.from(value, 'hex').toString('utf8') : value;
}

function userOf(value: string | undefined): number | null {
  const uid = value === undefined ? Number.NaN : Number(value);
  return Number.isNaN(uid) || uid === 4_294_967_295 ? null : uid;
}
