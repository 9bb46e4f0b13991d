/**
 * A firewall's log of a day or two, made up, with labels: what of it is an attack, who did it, who only looks so. The judge of detection.
 *
 * It imports nothing of `src/`, and writes what kernels and sshd write as they do. The same seed gives the same bytes. Called by the score, by
 * benchmarks, and by hand: `node test/detection/generator/make.ts --seed 1 --out FOLDER`.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { words } from './address.ts';
import { floods } from './attacks/floods.ts';
import { forgeries } from './attacks/forged.ts';
import { logins } from './attacks/logins.ts';
import { scans } from './attacks/scans.ts';
import { background } from './background.ts';
import { type CarrierName, writerOf } from './carrier.ts';
import { type Entry, inOrder, type Label } from './entry.ts';
import { innocents } from './innocents.ts';
import { prefixVictim, worldOf } from './world.ts';

export { type CarrierName, carriers } from './carrier.ts';
export type { Kind } from './entry.ts';

export interface Instance extends Label {
  readonly id: string;
  /** Epoch seconds of its first and its last event. */
  readonly from: number;
  readonly to: number;
  readonly events: number;
  /** Epoch seconds of its first events, at most so many as {@link mostTimes}. */
  readonly times: readonly number[];
}

export interface Labels {
  readonly seed: number;
  readonly carrier: CarrierName;
  readonly from: number;
  readonly to: number;
  /** Lines of all files, and those of them that are packets which the kernel logged. */
  readonly lines: number;
  readonly packets: number;
  /** Lines that sshd wrote, as journald vouches. */
  readonly logins: number;
  readonly bytes: number;
  readonly own: readonly string[];
  /** Whom nobody may ever ban: own addresses, gateway, resolvers, monitors. */
  readonly never: readonly string[];
  readonly instances: readonly Instance[];
  readonly benign: readonly { readonly kind: string; readonly sources: readonly string[] }[];
  /** Whom forged text accuses, by the form of the text. */
  readonly forged: readonly { readonly form: string; readonly victims: readonly string[] }[];
  readonly background: readonly string[];
}

export interface Generated {
  /** The kernel's lines with whatever else syslog wrote among them; and sshd's, as JSON of journald. */
  readonly files: readonly string[];
  readonly labels: Labels;
}

export const mostTimes = 2000;
const chunk = 1 << 20;

export interface Wanted {
  readonly seed: number;
  readonly folder: string;
  readonly carrier?: CarrierName;
  /** 1 is a million lines. */
  readonly scale?: number;
  /** How long it is; left out: a day or two. */
  readonly hours?: number;
  /** So many attacks of each kind at most; left out: all. */
  readonly each?: number;
}

/** Writes the log into a folder, a megabyte at a time, and its labels beside it. */
export function generate(wanted: Wanted): Generated {
  const { seed, folder, carrier = 'rfc3339', scale = 1, hours, each = Number.POSITIVE_INFINITY } = wanted;
  mkdirSync(folder, { recursive: true });
  const world = worldOf(seed, scale, hours);
  // Attackers come before the crowd, so that the crowd's number changes nobody's address.
  const made = [...scans(world), ...logins(world), ...floods(world)];
  const attacks = made.filter(({ kind }, index) => made.slice(0, index).filter((one) => one.kind === kind).length < each);
  const forged = forgeries(world);
  const benign = innocents(world);
  const noise = background(world);
  const counts = attacks.map(() => ({ from: 0, to: 0, events: 0, times: [] as number[] }));
  const streams = [
    ...attacks.map(({ entries }, of) => ({ of, entries })),
    ...[...forged, ...benign, noise].map(({ entries }) => ({ of: -1, entries })),
  ];
  using kernel = fileOf(join(folder, carrier === 'journald' ? 'kernel.json' : 'kern.log'));
  using sshd = fileOf(join(folder, 'sshd.json'));
  // Older machines keep what sshd says in a file of its own. Who else wrote in its name, only the journal can tell.
  using auth = fileOf(join(folder, 'auth.log'));
  const [write, writeAuth, writeJournal] = [writerOf(world, carrier), writerOf(world, carrier), writerOf(world, 'journald')];
  let [lines, packets, ofSshd] = [0, 0, 0];
  for (const { of, entry } of inOrder(streams)) {
    lines += 1;
    if (entry.kind === 'packet') packets += 1;
    if (isLogin(entry)) ofSshd += 1;
    if (carrier === 'traditional' && isLogin(entry)) auth.write(writeAuth(entry));
    else if (entry.kind === 'journal') sshd.write(writeJournal(entry));
    else kernel.write(write(entry));
    const count = counts[of];
    if (count === undefined) continue;
    const at = Math.round(entry.at) / 1000;
    if (count.events === 0) count.from = at;
    count.to = at;
    count.events += 1;
    if (count.times.length < mostTimes) count.times.push(at);
  }
  const numbers = new Map<string, number>();
  const instances = attacks.map(({ kind, sources, targets, deserves }, index): Instance => {
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    return { id: `${kind} ${number}`, kind, sources, targets, deserves, ...(counts[index] as (typeof counts)[number]) };
  });
  const own = [...world.own.map(words), ...world.own6];
  const labels: Labels = {
    seed,
    carrier,
    from: world.from / 1000,
    to: world.to / 1000,
    lines,
    packets,
    logins: ofSshd,
    bytes: kernel.bytes() + sshd.bytes() + auth.bytes(),
    own,
    never: [...own, words(world.gateway), ...world.resolvers.map(words), words(world.monitor), words(world.pinger)],
    instances,
    benign: benign.map(({ kind, sources }) => ({ kind, sources })),
    forged: [
      ...forged.map(({ form, victims }) => ({ form, victims })),
      { form: 'prefix that holds SRC=', victims: [words(prefixVictim)] },
    ],
    background: noise.sources(),
  };
  writeFileSync(join(folder, 'labels.json'), JSON.stringify(labels));
  return { files: [kernel, sshd, auth].filter((file) => file.bytes() > 0).map(({ path }) => path), labels };
}

/** sshd's own lines by journald's fields: root, and sshd's unit. */
function isLogin(entry: Entry): boolean {
  return entry.kind === 'journal' && entry.fields['_UID'] === '0' && entry.fields['_SYSTEMD_UNIT'] === 'ssh.service';
}

function fileOf(path: string) {
  const file = openSync(path, 'w');
  let [waiting, bytes] = ['', 0];
  const flush = (): void => {
    const all = Buffer.from(waiting, 'utf8');
    writeSync(file, all);
    bytes += all.length;
    waiting = '';
  };
  return {
    path,
    write(text: string): void {
      waiting += text;
      if (waiting.length >= chunk) flush();
    },
    bytes(): number {
      flush();
      return bytes;
    },
    [Symbol.dispose](): void {
      flush();
      closeSync(file);
    },
  };
}
