import { z } from 'zod';
import { bootRestored } from './boot-shape.ts';
import { verb } from './verb.ts';

export const bootRestore = verb({
  name: 'boot-restore',
  group: 'keep',
  summary: 'bring the last confirmed firewall back, now or whenever the machine starts',
  description: `Loads the sets and rules that were confirmed last, if nothing of palisade's is in the firewall; what is there is never touched.
A change that nobody confirmed is never restored.
With --install the machine does so by itself when it starts: systemd loads the sets before netfilter-persistent, and palisade's own chains
behind it, both before the network. That is done by a shell script and plain files, so that it needs neither Node nor palisade. When files
are damaged or missing, or the kernel refuses the rules, an emergency firewall is loaded instead: the host's own traffic, replies, the ICMP
that IPv4 and IPv6 need, DHCP, and whoever the policy lets in to log in; and that is said in the journal and the kernel's log. Where Docker
runs, the way from its chain into palisade's is mended whenever Docker starts.
Where a machine does not start with systemd, have it run \`sh /etc/palisade/boot.sh restore /var/lib/palisade\` before its network starts.`,
  input: z.object({
    install: z.boolean().default(false).describe('Have it done whenever the machine starts'),
    remove: z.boolean().default(false).describe('Have it done no longer; rules that are loaded stay'),
    root: z
      .string()
      .default('/')
      .describe('Write or take away the units below this folder, for an image')
      .meta({ value: 'DIR', path: true }),
  }),
  output: bootRestored,
  streams: false,
  exits: {
    0: 'the firewall is as it was confirmed; or the units are written or taken away',
    1: 'emergency rules were loaded',
    2: 'the command line could not be read',
    3: 'the firewall may not be read or changed',
    4: 'nothing was changed',
  },
  examples: [
    { command: 'palisade boot-restore --install', says: 'restore the rules whenever the machine starts' },
    { command: 'palisade boot-restore', says: 'restore them now, after somebody has flushed them' },
  ],
  async run(context, input) {
    const { install, remove, restore } = await import('./booting.ts');
    if (input.install && input.remove) {
      const message = '--install and --remove exclude each other';
      return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'leave one of them out' }] };
    }
    const { root, why } = await context.kernel.rights();
    if (!root) {
      const message = `the firewall may not be changed: ${why}`;
      return { kind: 'unread', problems: [{ code: 'unread', message, hint: 'run palisade as root' }] };
    }
    if (input.install) return await install(context, input.root);
    return input.remove ? await remove(context, input.root) : await restore(context);
  },
});
