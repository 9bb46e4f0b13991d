import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type Differences, differencesOf } from '../../monitor/zabbix/differences.ts';
import { eventKey, eventLine, masterKey, sendValues } from '../../monitor/zabbix/index.ts';
import { reached, serverSettings } from '../../monitor/zabbix/settings.ts';
import { type AgentMode, type TemplateVersion, templateName, templateOf } from '../../monitor/zabbix/template.ts';
import { failed, type Result } from '../../result.ts';
import { type Echo, type IntegrationContext, type IntegrationGround, integration, type Verdict } from './integration.ts';
import { type Api, ApiError, type Login, openApi, problemOf } from './zabbix-api.ts';

const answers = z.object({
  ...serverSettings,
  server: serverSettings.server.default('127.0.0.1:10051'),
  'timeout-seconds': z.coerce.number().min(1).max(60).default(10).describe('So long the server may take to answer.'),
  url: z.string().default('http://127.0.0.1/zabbix/api_jsonrpc.php').describe('Where Zabbix’s API answers.'),
  user: z.string().default('Admin').describe('A user of Zabbix who may import templates.'),
  'password-file': z.string().optional().describe('The file that holds his password.'),
  'token-file': z.string().optional().describe('A file that holds a token of the API, instead of user and password.'),
  by: z
    .enum(['palisade', 'agent', 'agent-active'])
    .default('palisade')
    .describe(
      'Who brings the state: palisade by itself, Zabbix’s agent 2 when the server asks it, or that agent by active checks.',
    ),
  'create-host': z
    .enum(['yes', 'no'])
    .default('no')
    .describe('Make the host in Zabbix if it is not there, and link the template to it.'),
  'host-group': z.string().default('Linux servers').describe('The host group for a host that is made.'),
  address: z.string().default('127.0.0.1').describe('by: agent: the address at which the server asks this host’s agent.'),
});

type Answers = z.output<typeof answers>;

const modeOf = ({ by }: Answers): AgentMode => (by === 'agent' ? 'passive' : 'active');
const hostOf = ({ host }: Answers, ground: IntegrationGround): string => host ?? ground.host;

export const zabbix = integration({
  name: 'zabbix',
  summary: 'a template for Zabbix, and who brings it the state',
  answers,
  files(said, ground) {
    const mode = modeOf(said);
    return [
      ...(['6.0', '7.0'] as const).map((version) => ({
        path: `/etc/palisade/zabbix/palisade-${mode}-${version}.yaml`,
        mode: 0o644,
        text: templateOf(version, mode),
        says: `the template, to be imported into Zabbix ${version} or later`,
        here: false,
      })),
      {
        path: '/etc/palisade/zabbix.example.yaml',
        mode: 0o644,
        text: exampleOf(said, ground),
        says: 'reports and alerts, for palisade’s own configuration',
        here: false,
      },
      ...(said.by === 'palisade'
        ? []
        : [
            {
              path: '/etc/zabbix/zabbix_agent2.d/palisade.conf',
              mode: 0o644,
              text: agentText(ground),
              says: 'how Zabbix’s agent 2 asks palisade',
              here: true,
            },
          ]),
    ];
  },
  async apply(said, context): Promise<Verdict> {
    const api = await opened(said, context);
    if (!api.ok) return { kind: 'refused', problems: api.problems };
    await using open = api.value;
    try {
      const says = await imported(open, modeOf(said), context);
      return { kind: 'accepted', says: [...says, ...(said['create-host'] === 'yes' ? [await linked(open, said, context)] : [])] };
    } catch (error) {
      return { kind: 'refused', problems: [problemOf(said.url, error)] };
    }
  },
  async test(said, context, mark): Promise<Echo> {
    const api = await opened(said, context);
    if (!api.ok) return { kind: 'unsent', problems: api.problems };
    await using open = api.value;
    try {
      return await echoed(open, said, context, mark);
    } catch (error) {
      return { kind: 'unsent', problems: [problemOf(said.url, error)] };
    }
  },
  next: (said, ground) => [
    ...(said.by === 'palisade'
      ? ['put reports and alerts of /etc/palisade/zabbix.example.yaml into /etc/palisade/config.yaml, and start palisade anew']
      : [
          'let the agent read what palisade publishes: usermod -aG palisade zabbix',
          'start the agent anew: systemctl restart zabbix-agent2',
          'put alerts of /etc/palisade/zabbix.example.yaml into /etc/palisade/config.yaml, so that incidents come at once',
        ]),
    `link the template "${templateName(modeOf(said))}" to the host "${hostOf(said, ground)}" in Zabbix, if --set create-host=yes did not`,
  ],
});

function exampleOf(said: Answers, ground: IntegrationGround): string {
  const { server, host, tls } = said;
  const secured = ['psk-identity', 'psk-file', 'ca-file', 'cert-file', 'key-file', 'server-name'] as const;
  const way = {
    server,
    ...(host !== undefined && host !== ground.host && { host }),
    ...(tls !== 'none' && { tls }),
    ...Object.fromEntries(secured.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]]))),
  };
  return `# Put this into /etc/palisade/config.yaml.\n${stringify({
    ...(said.by === 'palisade' && { reports: { zabbix: way } }),
    alerts: { channels: { zabbix: { type: 'zabbix', ...way } }, routes: [{ severity: 'medium', to: ['zabbix'] }] },
  })}`;
}

function agentText({ command, socket }: IntegrationGround): string {
  return [
    '# palisade reads its own Unix socket: the agent needs no rights over the firewall, and no sudo.',
    `UserParameter=${masterKey},${quoted(command)} state --format zabbix --socket ${quoted(socket)}`,
    '',
  ].join('\n');
}

/** The agent hands the line to a shell. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

async function opened(said: Answers, { secret, signal }: IntegrationContext): Promise<Result<Api>> {
  const file = said['token-file'] ?? said['password-file'];
  if (file === undefined) {
    const hint = 'name one with --set token-file=FILE, or --set password-file=FILE and --set user=NAME';
    return failed({
      code: 'usage',
      message: 'Zabbix’s API wants to know who asks, and no file with a token or password was named',
      hint,
    });
  }
  const text = await secret(file);
  if (!text.ok) return text;
  const login: Login =
    said['token-file'] === undefined
      ? { kind: 'password', user: said.user, password: text.value }
      : { kind: 'token', token: text.value };
  return openApi(said.url, login, signal);
}

/** Imports the template, and says what that changed. What others have put into it stays. */
async function imported(api: Api, mode: AgentMode, { say }: IntegrationContext): Promise<readonly string[]> {
  const before = await exportedDifferences(api, mode);
  say(`importing the template into Zabbix ${api.version}`);
  const both = { createMissing: true, updateExisting: true };
  // Groups of templates and of hosts are two things since 6.2.
  const groups = api.since(6, 2) ? { template_groups: both, host_groups: both } : { groups: { createMissing: true } };
  await api.call('configuration.import', {
    format: 'yaml',
    source: templateOf(formFor(api) ?? '6.0', mode),
    rules: {
      ...groups,
      ...{ templates: both, valueMaps: both, items: both, discoveryRules: both, triggers: both, templateDashboards: both },
    },
  });
  const name = templateName(mode);
  if (before === null) return [`imported the template "${name}" into Zabbix ${api.version}`];
  return [`the template "${name}" is in Zabbix ${api.version}: ${changesOf(before)}`];
}

function changesOf({ missing, extra, changed }: Differences): string {
  const parts = [
    ...(missing.length > 0 ? [`added ${listed(missing)}`] : []),
    ...(changed.length > 0 ? [`set back ${listed(changed)}`] : []),
    ...(extra.length > 0 ? [`left ${listed(extra)}, which palisade does not know`] : []),
  ];
  return parts.length === 0 ? 'nothing differed' : parts.join('; ');
}

function listed(names: readonly string[]): string {
  return `${names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}

/** The form in which a server exports, where it is one that we write too; later servers take those of earlier ones. */
function formFor(api: Api): TemplateVersion | null {
  if (!api.since(6, 2)) return '6.0';
  return api.since(7, 0) && !api.since(7, 2) ? '7.0' : null;
}

async function exportedDifferences(api: Api, mode: AgentMode): Promise<Differences | null> {
  const id = await templateId(api, mode);
  const form = formFor(api);
  if (id === null || form === null) return null;
  const text = await api.call<string>('configuration.export', { format: 'yaml', options: { templates: [id] } });
  return differencesOf(text, form, mode);
}

async function templateId(api: Api, mode: AgentMode): Promise<string | null> {
  const found = await api.call<readonly { readonly templateid: string }[]>('template.get', {
    output: ['templateid'],
    filter: { host: [templateName(mode)] },
  });
  return found[0]?.templateid ?? null;
}

interface Host {
  readonly hostid: string;
  readonly parentTemplates: readonly { readonly templateid: string }[];
}

async function hostNamed(api: Api, host: string): Promise<Host | null> {
  const found = await api.call<readonly Host[]>('host.get', {
    output: ['hostid'],
    selectParentTemplates: ['templateid'],
    filter: { host: [host] },
  });
  return found[0] ?? null;
}

/** Makes the host if it is not there, and links the template to it. What else it has stays. */
async function linked(api: Api, said: Answers, { ground }: IntegrationContext): Promise<string> {
  const host = hostOf(said, ground);
  const mode = modeOf(said);
  const templateid = await templateId(api, mode);
  if (templateid === null) throw new ApiError(`it shows no template "${templateName(mode)}"`);
  const there = await hostNamed(api, host);
  if (there === null) {
    const interfaces = mode === 'passive' ? [{ type: 1, main: 1, useip: 1, ip: said.address, dns: '', port: '10050' }] : [];
    const groupid = await groupNamed(api, said['host-group']);
    await api.call('host.create', { host, groups: [{ groupid }], templates: [{ templateid }], interfaces });
    return `made the host "${host}", with the template`;
  }
  if (there.parentTemplates.some((one) => one.templateid === templateid)) return `the host "${host}" has the template already`;
  await api.call('host.massadd', { hosts: [{ hostid: there.hostid }], templates: [{ templateid }] });
  return `linked the template to the host "${host}"`;
}

async function groupNamed(api: Api, name: string): Promise<string> {
  const found = await api.call<readonly { readonly groupid: string }[]>('hostgroup.get', {
    output: ['groupid'],
    filter: { name: [name] },
  });
  if (found[0] !== undefined) return found[0].groupid;
  const made = await api.call<{ readonly groupids: readonly string[] }>('hostgroup.create', { name });
  return made.groupids[0] ?? '';
}

/** Values of logs, in `history.get`. */
const logHistory = 2;

async function echoed(api: Api, said: Answers, context: IntegrationContext, mark: string): Promise<Echo> {
  const { clock, signal, ground, secret } = context;
  const host = hostOf(said, ground);
  const link = `link the template to a host "${host}" in Zabbix: palisade integrate zabbix --apply --set create-host=yes`;
  const unsent = (message: string, hint: string): Echo => ({ kind: 'unsent', problems: [{ code: 'unread', message, hint }] });
  const there = await hostNamed(api, host);
  const [item] =
    there === null
      ? []
      : await api.call<readonly { readonly itemid: string }[]>('item.get', {
          output: ['itemid'],
          hostids: [there.hostid],
          filter: { key_: eventKey },
        });
  if (item === undefined) return unsent(`Zabbix has no item ${eventKey} of a host "${host}"`, link);
  const to = await reached(said, async (file) => {
    const text = await secret(file);
    if (text.ok) return text.value;
    throw new Error(text.problems[0]?.message);
  });
  if (!to.ok) return unsent(to.why, 'name them with --set');
  const began = clock.now();
  const event = {
    incident: 'test',
    state: 'test',
    severity: 'info',
    detector: 'test',
    title: `A test of palisade: ${mark}`,
  } as const;
  const line = eventLine({ ...event, why: 'somebody asked for it', remedy: 'Leave it alone.', sources: [], events: 0 });
  // A server takes a new item some seconds after it was made.
  let last = '';
  for (;;) {
    const at = clock.now();
    const value = { host, key: eventKey, value: line, id: 1, clock: Math.floor(at / 1000), ns: (at % 1000) * 1_000_000 };
    const session = createHash('sha256').update(`${mark} ${at}`).digest('hex').slice(0, 32);
    const sent = await sendValues(to.where, { request: 'sender data', session, values: [value], at }, signal);
    if (sent.kind === 'counted' && sent.counts.failed === 0) break;
    last = sent.kind === 'counted' ? 'it knows the item in its API, and does not take values for it yet' : sent.why;
    if (sent.kind !== 'counted' || signal.aborted) {
      return unsent(
        `Zabbix at ${said.server} takes no value: ${last}`,
        'say where the server listens with --set server=HOST:10051',
      );
    }
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
  while (!signal.aborted) {
    const search = { history: logHistory, itemids: [item.itemid], search: { value: mark }, limit: 1 };
    const found = await api.call<readonly unknown[]>('history.get', search);
    if (found.length > 0)
      return { kind: 'seen', where: `${eventKey} of "${host}" in Zabbix ${api.version}`, afterMs: clock.now() - began };
    await sleep(300, undefined, { signal }).catch(() => undefined);
  }
  return { kind: 'unseen', why: 'its history does not show the value', remedy: 'look into the log of the Zabbix server' };
}
