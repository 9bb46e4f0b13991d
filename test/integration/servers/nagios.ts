import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startServer } from '../server.ts';

/** How Nagios says that a service stands. */
export interface NagiosService {
  /** 0 to 3. */
  readonly state: number;
  readonly output: string;
  readonly long: string;
  readonly perfdata: string;
  readonly checked: boolean;
  /** It was asked for by Nagios itself. */
  readonly active: boolean;
}

export interface Nagios extends AsyncDisposable {
  readonly config: string;
  readonly commandFile: string;
  readonly statusFile: string;
  readonly spool: string;
  /** The folder that it reads objects from. */
  readonly objects: string;
  service(host: string, name: string): NagiosService | null;
  /** All that it knows, as HOST/NAME. */
  services(): readonly string[];
  /** Has Nagios check a service now. */
  ask(host: string, name: string): void;
  /** One line a notification: `PROBLEM fw1/palisade-drift CRITICAL what is said`. */
  notifications(): readonly string[];
  /** Performance data as Nagios writes it for graphs: host, service and figures with tabs between. */
  perfdata(): string;
  log(): string;
}

const user = 'nagios';

/** The main file with everything in `folder`, which is made; a contact group `admins` whose notifications go to a file. Time goes in seconds. */
export function configureNagios(folder: string): { readonly config: string; readonly objects: string } {
  const at = (path: string): string => join(folder, path);
  for (const path of ['rw', 'spool', 'log', 'objects', 'tmp']) mkdirSync(at(path), { recursive: true });
  writeFileSync(
    at('nagios.cfg'),
    `${Object.entries({
      cfg_dir: at('objects'),
      cfg_file: at('contacts.cfg'),
      log_file: at('log/nagios.log'),
      object_cache_file: at('objects.cache'),
      precached_object_file: at('objects.precache'),
      status_file: at('status.dat'),
      status_update_interval: 1,
      nagios_user: user,
      nagios_group: user,
      check_external_commands: 1,
      command_file: at('rw/nagios.cmd'),
      lock_file: at('nagios.pid'),
      temp_file: at('tmp/nagios.tmp'),
      temp_path: at('tmp'),
      log_archive_path: at('log'),
      check_result_path: at('spool'),
      check_result_reaper_frequency: 1,
      query_socket: at('rw/nagios.qh'),
      state_retention_file: at('retention.dat'),
      resource_file: at('resource.cfg'),
      interval_length: 1,
      service_inter_check_delay_method: 'n',
      service_interleave_factor: 1,
      enable_notifications: 1,
      execute_service_checks: 1,
      accept_passive_service_checks: 1,
      check_service_freshness: 1,
      service_freshness_check_interval: 1,
      additional_freshness_latency: 0,
      service_check_timeout: 30,
      process_performance_data: 1,
      service_perfdata_file: at('perfdata'),
      service_perfdata_file_template: '$HOSTNAME$\\t$SERVICEDESC$\\t$SERVICEPERFDATA$',
      service_perfdata_file_mode: 'a',
      log_passive_checks: 1,
      use_syslog: 0,
      max_concurrent_checks: 0,
      illegal_macro_output_chars: '`~$&|\'"<>',
    })
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}\n`,
  );
  writeFileSync(at('resource.cfg'), '$USER1$=/usr/lib/nagios/plugins\n');
  writeFileSync(
    at('contacts.cfg'),
    `define command {
  command_name notify-file
  command_line /usr/bin/printf "%s\\n" "$NOTIFICATIONTYPE$ $HOSTNAME$/$SERVICEDESC$ $SERVICESTATE$ $SERVICEOUTPUT$" >> ${at('notified')}
}
define contact {
  contact_name test
  contactgroups admins
  host_notifications_enabled 0
  service_notifications_enabled 1
  host_notification_period always
  service_notification_period always
  host_notification_options n
  service_notification_options w,u,c,r
  host_notification_commands notify-file
  service_notification_commands notify-file
}
define contactgroup {
  contactgroup_name admins
  alias admins
}
define timeperiod {
  timeperiod_name always
  alias always
${['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'].map((day) => `  ${day} 00:00-24:00`).join('\n')}
}
`,
  );
  own(folder);
  return { config: at('nagios.cfg'), objects: at('objects') };
}

/** What Nagios' own checker says of a configuration. */
export function verifyNagios(config: string): { readonly ok: boolean; readonly said: string } {
  const ran = spawnSync('nagios4', ['-v', config], { encoding: 'utf8' });
  return { ok: ran.status === 0, said: `${ran.stdout}${ran.stderr}` };
}

/** Starts the real Nagios on what {@link configureNagios} and the test have written. */
export async function startNagios(folder: string): Promise<Nagios> {
  const at = (path: string): string => join(folder, path);
  own(folder);
  const server = await startServer(['nagios4', at('nagios.cfg')], { logFile: at('nagios.out'), user });
  const textOf = (path: string): string => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : '');
  await eventually(
    'Nagios to take commands',
    () => existsSync(at('rw/nagios.cmd')) && statSync(at('rw/nagios.cmd')).isFIFO() && textOf('status.dat') !== '',
  );
  return {
    config: at('nagios.cfg'),
    commandFile: at('rw/nagios.cmd'),
    statusFile: at('status.dat'),
    spool: at('spool'),
    objects: at('objects'),
    service: (host, name) => serviceIn(textOf('status.dat'), host, name),
    services: () =>
      [...textOf('status.dat').matchAll(/^servicestatus \{\n\thost_name=(.*)\n\tservice_description=(.*)$/gm)]
        .map(([, host, name]) => `${host}/${name}`)
        .sort(),
    ask(host, name) {
      const now = Math.floor(Date.now() / 1000);
      appendFileSync(at('rw/nagios.cmd'), `[${now}] SCHEDULE_FORCED_SVC_CHECK;${host};${name};${now}\n`);
    },
    notifications: () =>
      textOf('notified')
        .split('\n')
        .filter((line) => line !== ''),
    perfdata: () => textOf('perfdata'),
    log: () => `${textOf('log/nagios.log')}${server.log()}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Everything below the folder is Nagios'. */
function own(folder: string): void {
  const { status, stderr } = spawnSync('chown', ['-R', `${user}:${user}`, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function serviceIn(status: string, host: string, name: string): NagiosService | null {
  for (const block of status.split('\n\t}\n')) {
    const [head = '', ...lines] = block.trimStart().split('\n');
    if (!head.startsWith('servicestatus')) continue;
    const fields = new Map(lines.map((line) => [line.slice(1, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const));
    if (fields.get('host_name') !== host || fields.get('service_description') !== name) continue;
    return {
      state: Number(fields.get('current_state')),
      output: fields.get('plugin_output') ?? '',
      long: fields.get('long_plugin_output') ?? '',
      perfdata: fields.get('performance_data') ?? '',
      checked: fields.get('has_been_checked') === '1',
      active: fields.get('check_type') === '0',
    };
  }
  return null;
}
