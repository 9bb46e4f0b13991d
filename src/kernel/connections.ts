import type { TextRead } from '../model/host/index.ts';
import { readModules } from './modules.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';
import { notLoaded } from './tables.ts';

/** What goes on now, as texts. Not part of a reading of the host: there may be a million lines. */
export interface ConnectionTexts {
  /** `ss -H -n -t -u -p state established`. */
  readonly sockets: TextRead;
  /** `/proc/net/nf_conntrack`, or the same from conntrack(8) where the kernel does not show the file. */
  readonly tracked: TextRead;
}

const ask = { timeoutMs: 60_000, maxBytes: 512 * 1024 * 1024, gentle: true };

export async function readConnections(run: Run, signal?: AbortSignal): Promise<ConnectionTexts> {
  const argv = ['ss', '-H', '-n', '-t', '-u', '-p', 'state', 'established'] as const;
  const [sockets, tracked] = await Promise.all([readBy(run, { ...ask, argv }, signal), readTracked(run, signal)]);
  return { sockets, tracked };
}

async function readTracked(run: Run, signal?: AbortSignal): Promise<TextRead> {
  // conntrack(8) would make the kernel load it.
  if (await readModules(run, signal).absent('nf_conntrack')) return notLoaded('conntrack', 'nf_conntrack');
  const file = await readBy(run, { ...ask, argv: ['cat', '/proc/net/nf_conntrack'] }, signal);
  // CONFIG_NF_CONNTRACK_PROCFS is not everywhere.
  if (file.read || !file.detail.includes('No such file')) return file;
  const of = (family: string): Promise<TextRead> =>
    readBy(run, { ...ask, argv: ['conntrack', '-L', '-o', 'extended', '-f', family] }, signal);
  const [four, six] = await Promise.all([of('ipv4'), of('ipv6')]);
  return four.read && six.read ? { ...four, text: four.text + six.text } : four.read ? six : four;
}
