import type { Run } from '../kernel/index.ts';

/** In the first network namespace only (net/netfilter/nf_log.c, nf_log_sysctl_ftable_all): elsewhere nobody logs for others. */
const setting = '/proc/sys/net/netfilter/nf_log_all_netns';

/**
 * Whether LOG rules in every network namespace write to the one kernel log (`net.netfilter.nf_log_all_netns`). Lines do not say
 * from where they come, so those of containers and of networks made for looking pass for the host's own.
 */
export async function logsOfAllNamespaces(run: Run, signal: AbortSignal): Promise<boolean> {
  const read = await run({ argv: ['cat', setting], signal });
  return read.kind === 'exited' && read.status === 0 && read.stdout.trim() === '1';
}

export const namespaceLogNotices = {
  host: 'net.netfilter.nf_log_all_netns is 1: packets that containers and other network namespaces log are in this host’s kernel log too, and appear here as if they were its own. sysctl -w net.netfilter.nf_log_all_netns=0 keeps them out.',
  lab: 'net.netfilter.nf_log_all_netns is 1: what this network’s LOG rule logs appears in this host’s kernel log too.',
} as const;
