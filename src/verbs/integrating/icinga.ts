import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask, icingaObjects, resultOf } from '../../monitor/icinga/index.ts';
import { icingaAccess } from '../../monitor/icinga/request.ts';
import { refusalOf } from '../../monitor/reporters/icinga.ts';
import { type Echo, type IntegrationContext, integration, type Verdict } from './integration.ts';
import { membership, modesAnswer, usualSocket, wordsOf } from './plugins.ts';

const answers = z.object({
  kind: z
    .enum(['active', 'passive'])
    .default('active')
    .describe(
      'active: Icinga or its agent on this machine calls palisade check; passive: palisade tells it (reports: { icinga: … } in config.yaml).',
    ),
  folder: z.string().default('/etc/icinga2/conf.d').describe('A folder that Icinga reads.'),
  config: z.string().default('/etc/icinga2/icinga2.conf').describe('Its main file.'),
  ...icingaAccess,
  address: z.string().default('127.0.0.1').describe('This host’s address; empty where Icinga knows the host already.'),
  prefix: z.string().default('palisade-').describe('What stands before the mode in the name of a service.'),
  modes: modesAnswer,
  every: z.coerce.number().int().min(5).max(3600).default(60).describe('passive: results come once in so many seconds.'),
});

type Answers = z.output<typeof answers>;

export const icinga = integration({
  name: 'icinga',
  summary: 'services of Icinga 2, asked or told by its REST API',
  answers,
  files: (said, ground) => [
    {
      path: join(said.folder, 'palisade.conf'),
      mode: 0o644,
      says: 'the host, its services and their command',
      here: true,
      text: icingaObjects({
        host: ground.host,
        address: said.address === '' ? null : said.address,
        prefix: said.prefix,
        modes: wordsOf(said.modes),
        command: ground.command,
        socket: ground.socket === usualSocket ? null : ground.socket,
        every: said.kind === 'active' ? null : said.every,
      }),
    },
    {
      path: '/etc/icinga2/conf.d/palisade-user.conf',
      mode: 0o640,
      says: `the user of reports, for Icinga; its password is that of ${said['password-file']}`,
      here: false,
      text: `object ApiUser "${said.user}" {
  password = "put the password of ${said['password-file']} here"
  permissions = [ "actions/process-check-result", "objects/query/service" ]
}
`,
    },
  ],
  async check({ config }, { run, signal }): Promise<Verdict> {
    const ran = await run({ argv: ['icinga2', 'daemon', '-C', '-c', config], signal, timeoutMs: 120_000 });
    if (ran.kind === 'missing')
      return { kind: 'unasked', why: 'there is no icinga2 here', remedy: 'check the files where Icinga runs' };
    if (ran.kind === 'exited' && ran.status === 0)
      return { kind: 'accepted', says: ['icinga2 daemon -C takes the configuration'] };
    const said = ran.kind === 'exited' ? `${ran.stdout}\n${ran.stderr}` : ran.kind;
    const why = said.split('\n').find((line) => line.includes('critical/')) ?? said.trim().split('\n').at(-1) ?? '';
    const hint = 'where it knows the host already, add --set address=';
    return {
      kind: 'refused',
      problems: [
        {
          code: 'usage',
          message: `Icinga refuses the configuration: ${why.replace(/^.*critical\/[a-z]+: (Error: )?/i, '').trim()}`,
          hint,
        },
      ],
    };
  },
  test: seen,
  next: ({ kind, url, every, user, 'password-file': file }) => [
    'have Icinga read its configuration anew: systemctl reload icinga2',
    ...(kind === 'active'
      ? [membership('nagios')]
      : [
          `have palisade report: reports: { icinga: { url: "${url}", every: ${every} } } in /etc/palisade/config.yaml`,
          `make the user ${user} in Icinga, and keep its password in ${file} for root alone (--write DIR writes an example)`,
        ]),
  ],
});

/** Tells Icinga that all is well, with the mark in it, and waits until Icinga says so. */
async function seen(said: Answers, { clock, ground, signal }: IntegrationContext, mark: string): Promise<Echo> {
  const began = clock.now();
  const modes = wordsOf(said.modes);
  const service = `${said.prefix}${modes.includes('heartbeat') ? 'heartbeat' : modes[0]}`;
  const name = `${ground.host}!${service}`;
  const text = { first: `PALISADE OK - ${mark}`, more: [], perfdata: [] };
  const sent = await ask(
    said,
    'POST',
    '/v1/actions/process-check-result',
    resultOf(ground.host, service, 0, text, said.every * 3),
    signal,
  );
  const why = refusalOf(sent, name);
  if (why !== null) {
    const [message = why, ...hint] = why.split('; ');
    return { kind: 'unsent', problems: [{ code: 'unread', message, hint: hint.join('; ') || 'see Icinga’s log' }] };
  }
  while (!signal.aborted) {
    const query = {
      filter: 'host.name == palisade_host && service.name == palisade_service',
      filter_vars: { palisade_host: ground.host, palisade_service: service },
      attrs: ['last_check_result'],
    };
    const answer = await ask(said, 'GET', '/v1/objects/services', query, signal);
    if (answer.ok && JSON.stringify(answer.body).includes(mark)) {
      return { kind: 'seen', where: `the last result of ${name} at ${said.url}`, afterMs: clock.now() - began };
    }
    await sleep(250, undefined, { signal }).catch(() => undefined);
  }
  return {
    kind: 'unseen',
    why: `Icinga took the result and does not show it for ${name}`,
    remedy: 'see whether the user may read it (objects/query/service)',
  };
}
