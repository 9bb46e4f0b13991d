import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { commonObjects, hostObjects, nrpeCommands, nrpeName, objectName } from '../../monitor/nagios/index.ts';
import { type Echo, type IntegrationContext, integration } from './integration.ts';
import { fileName, membership, modesAnswer, restOf, wordsOf } from './plugins.ts';

const answers = z.object({
  folder: z.string().default('/etc/nagios/nrpe.d').describe('A folder that NRPE reads on this host (include_dir).'),
  'server-folder': z.string().default('/etc/nagios4/conf.d').describe('Where the objects go on the server of Nagios.'),
  address: z
    .string()
    .default('127.0.0.1')
    .describe('This host’s address as the server reaches it; empty where it knows the host already.'),
  port: z.coerce.number().int().min(1).max(65_535).default(5666).describe('The port that NRPE listens on.'),
  'check-nrpe': z.string().default('/usr/lib/nagios/plugins/check_nrpe').describe('--test: the plugin that asks NRPE.'),
  'contact-groups': z.string().default('admins').describe('Whom Nagios tells; empty: nobody.'),
  prefix: z.string().default('palisade-').describe('What stands before the mode in the name of a service.'),
  modes: modesAnswer,
});

type Answers = z.output<typeof answers>;

export const nrpe = integration({
  name: 'nrpe',
  summary: 'commands of NRPE on this host, and the services of the Nagios that calls them',
  answers,
  files: (said, ground) => [
    {
      path: join(said.folder, 'palisade.cfg'),
      mode: 0o644,
      says: 'what NRPE lets others call; nothing of it takes an argument',
      here: true,
      text: nrpeCommands(wordsOf(said.modes), { command: ground.command, rest: restOf(ground) }),
    },
    {
      path: join(said['server-folder'], 'palisade.cfg'),
      mode: 0o644,
      says: 'for the server of Nagios: what services of palisade have in common, on whatever host',
      here: false,
      text: commonObjects,
    },
    {
      path: join(said['server-folder'], `palisade-${fileName(ground.host)}.cfg`),
      mode: 0o644,
      says: 'for the server of Nagios: the host and its services',
      here: false,
      text: hostObjects({
        host: objectName(ground.host),
        address: said.address === '' ? null : said.address,
        prefix: said.prefix,
        modes: wordsOf(said.modes),
        contactGroups: said['contact-groups'],
        asked: { how: 'nrpe' },
      }),
    },
  ],
  test: called,
  next: ({ 'server-folder': folder }) => [
    membership('nagios'),
    'have NRPE read its commands anew: systemctl reload nagios-nrpe-server',
    'let the server in: allowed_hosts in /etc/nagios/nrpe.cfg, and port 5666 in the firewall of this host',
    `take what is for ${folder} over to the server of Nagios (--write DIR), and have it read its configuration anew`,
  ],
});

/**
 * NRPE takes no events: what can be tried is the way that every answer goes. It has to bring a state that is as new as the one that is published
 * now, which only a plugin on this host can have read.
 */
async function called(said: Answers, { run, clock, state, signal }: IntegrationContext): Promise<Echo> {
  const began = clock.now();
  const published = await state();
  if (!published.ok) return { kind: 'unsent', problems: [published.problem] };
  const mode = wordsOf(said.modes).includes('heartbeat') ? 'heartbeat' : (wordsOf(said.modes)[0] ?? 'heartbeat');
  const command = nrpeName(mode);
  const address = said.address === '' ? '127.0.0.1' : said.address;
  let why = 'it does not answer';
  while (!signal.aborted) {
    const ran = await run({
      argv: [said['check-nrpe'], '-H', address, '-p', String(said.port), '-t', '15', '-c', command],
      signal,
      timeoutMs: 20_000,
    });
    if (ran.kind === 'missing') {
      const hint = 'install nagios-nrpe-plugin, or name it with --set check-nrpe=FILE';
      return { kind: 'unsent', problems: [{ code: 'unread', message: `there is no ${said['check-nrpe']} here`, hint }] };
    }
    const first = ran.kind === 'exited' ? (ran.stdout.split('\n', 1)[0] ?? '') : ran.kind;
    if (/^PALISADE (OK|WARNING|CRITICAL) - /.test(first)) {
      return {
        kind: 'seen',
        where: `${command} of ${address}:${said.port} says: ${first.split(' | ', 1)[0]}`,
        afterMs: clock.now() - began,
      };
    }
    why = first;
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
  return {
    kind: 'unseen',
    why: `${command} of ${address}:${said.port}: ${why}`,
    remedy: 'see whether NRPE runs, has read its commands anew, and may read what is published',
  };
}
