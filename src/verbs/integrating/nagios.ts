import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { commandLine, commonObjects, hostObjects, objectName, serviceName, writeToPipe } from '../../monitor/nagios/index.ts';
import { type Echo, type IntegrationContext, integration, type Verdict } from './integration.ts';
import { fileName, membership, modesAnswer, restOf, wordsOf } from './plugins.ts';

const answers = z.object({
  kind: z
    .enum(['active', 'passive'])
    .default('active')
    .describe(
      'active: Nagios on this machine calls palisade check; passive: palisade tells it (reports: { nagios: … } in config.yaml).',
    ),
  folder: z.string().default('/etc/nagios4/conf.d').describe('A folder that Nagios reads objects from (cfg_dir).'),
  config: z.string().default('/etc/nagios4/nagios.cfg').describe('Its main file.'),
  program: z.string().default('nagios4').describe('Nagios itself, which checks the files.'),
  'command-file': z.string().default('/var/lib/nagios4/rw/nagios.cmd').describe('The pipe that it takes commands from.'),
  'status-file': z.string().default('/var/lib/nagios4/status.dat').describe('Where it says how things stand.'),
  address: z.string().default('127.0.0.1').describe('This host’s address; empty where Nagios knows the host already.'),
  'contact-groups': z.string().default('admins').describe('Whom it tells; empty: nobody.'),
  prefix: z.string().default('palisade-').describe('What stands before the mode in the name of a service.'),
  modes: modesAnswer,
  every: z.coerce.number().int().min(5).max(3600).default(60).describe('passive: results come once in so many seconds.'),
});

type Answers = z.output<typeof answers>;

export const nagios = integration({
  name: 'nagios',
  summary: 'services of a Nagios on this machine, asked or told',
  answers,
  files: (said, ground) => [
    {
      path: join(said.folder, 'palisade.cfg'),
      mode: 0o644,
      says: 'what services of palisade have in common, on whatever host',
      here: true,
      text: commonObjects,
    },
    {
      path: join(said.folder, `palisade-${fileName(ground.host)}.cfg`),
      mode: 0o644,
      says: 'the host and its services',
      here: true,
      text: hostObjects({
        host: objectName(ground.host),
        address: said.address === '' ? null : said.address,
        prefix: said.prefix,
        modes: wordsOf(said.modes),
        contactGroups: said['contact-groups'],
        asked:
          said.kind === 'active'
            ? { how: 'plugin', command: ground.command, rest: restOf(ground) }
            : { how: 'told', every: said.every },
      }),
    },
  ],
  async check({ program, config }, { run, signal }): Promise<Verdict> {
    const ran = await run({ argv: [program, '-v', config], signal, timeoutMs: 60_000 });
    if (ran.kind === 'missing')
      return { kind: 'unasked', why: `there is no ${program} here`, remedy: 'check the files where Nagios runs' };
    if (ran.kind === 'exited' && ran.status === 0) return { kind: 'accepted', says: [`${program} -v takes the configuration`] };
    const said = ran.kind === 'exited' ? `${ran.stdout}\n${ran.stderr}` : ran.kind;
    const why = said.split('\n').find((line) => /^\s*Error/.test(line)) ?? said.trim().split('\n').at(-1) ?? '';
    const hint = 'where it knows the host already, add --set address=; where it has no such contact group, --set contact-groups=';
    return { kind: 'refused', problems: [{ code: 'usage', message: `Nagios refuses the configuration: ${why.trim()}`, hint }] };
  },
  async apply(said, { clock }): Promise<Verdict> {
    const handed = await writeToPipe(said['command-file'], [`[${Math.floor(clock.now() / 1000)}] RESTART_PROGRAM\n`]);
    if (handed.ok) return { kind: 'accepted', says: ['Nagios reads its configuration anew'] };
    return { kind: 'unasked', why: handed.why, remedy: 'have Nagios read its configuration anew: systemctl reload nagios4' };
  },
  test: seen,
  next: ({ kind, 'command-file': pipe, every, prefix }) =>
    kind === 'active'
      ? [membership('nagios')]
      : [
          `have palisade report: reports: { nagios: { command-file: ${pipe}, every: ${every}, prefix: "${prefix}" } } in /etc/palisade/config.yaml`,
          `let palisade’s sender write there, which is root without any right over others’ files: it needs the group of ${pipe} (stat -c %G ${pipe}), as SupplementaryGroups= of palisade’s service (systemctl edit palisade)`,
        ],
});

/** Tells Nagios that all is well, with the mark in it, and waits until Nagios says so. */
async function seen(said: Answers, { clock, ground, signal }: IntegrationContext, mark: string): Promise<Echo> {
  const began = clock.now();
  const modes = wordsOf(said.modes);
  const mode = modes.includes('heartbeat') ? 'heartbeat' : (modes[0] ?? 'heartbeat');
  const service = serviceName(said.prefix, mode);
  const text = { first: `PALISADE OK - ${mark}`, more: [], perfdata: [] };
  const line = commandLine({ host: objectName(ground.host), service, exit: 0, text }, began / 1000);
  const handed = await writeToPipe(said['command-file'], [line]);
  if (!handed.ok) return { kind: 'unsent', problems: [{ code: 'unread', message: handed.why, hint: handed.hint }] };
  const file = said['status-file'];
  try {
    await access(file, constants.R_OK);
  } catch {
    return {
      kind: 'unsent',
      problems: [
        {
          code: 'unread',
          at: { file },
          message: 'it cannot be read',
          hint: 'name the status_file of nagios.cfg with --set status-file=FILE',
        },
      ],
    };
  }
  while (!signal.aborted) {
    const status = await readFile(file, 'utf8').catch(() => '');
    if (status.includes(mark))
      return { kind: 'seen', where: `${service} of ${objectName(ground.host)} in ${file}`, afterMs: clock.now() - began };
    await sleep(250, undefined, { signal }).catch(() => undefined);
  }
  return {
    kind: 'unseen',
    why: `Nagios took the result and does not show it for ${service} of ${objectName(ground.host)}`,
    remedy:
      'see whether it knows that service (palisade integrate nagios --apply), takes passive results for it, and what nagios.log says',
  };
}
