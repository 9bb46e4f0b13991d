/** What the texts of objects are made of. Names are {@link objectName}s. */
interface Objects {
  readonly host: string;
  /** Where Nagios finds the host, if it does not know it yet. */
  readonly address: string | null;
  readonly modes: readonly string[];
  /** How palisade is started: an absolute path. */
  readonly command: string;
  /** Arguments behind the mode, such as `--socket FILE`. */
  readonly rest: string;
  /** Whom Nagios tells; empty: nobody but its page. */
  readonly contactGroups: string;
  /** Passive results come so often, in seconds; `null`: Nagios asks. */
  readonly every: number | null;
}

/** A name that Nagios takes for a host or a service (illegal_object_name_chars), and in which nothing ends a field of a command. */
export function objectName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}_.: -]/gu, '_').trim();
  return plain === '' ? '_' : [...plain].slice(0, 120).join('');
}

export function serviceName(prefix: string, mode: string): string {
  return objectName(`${prefix}${mode}`);
}

const written =
  'Written by palisade integrate. What is changed here is kept only as long as that is not asked to write it again.';

/** For Nagios on the same machine: it asks the plugin, or waits for results and says UNKNOWN when they stop. */
export function nagiosObjects({ host, address, modes, command, rest, every, contactGroups }: Objects, prefix: string): string {
  const active = every === null;
  return `# ${written}

define command {
    command_name  palisade-check
    command_line  ${command} check $ARG1$${rest}
}

define command {
    command_name  palisade-silent
    command_line  $USER1$/check_dummy 3 "palisade has not said anything for too long"
}
${hostObject(host, address)}${template(every, contactGroups)}${modes
  .map((mode) => service(host, serviceName(prefix, mode), active ? `palisade-check!${mode}` : 'palisade-silent'))
  .join('')}`;
}

/** For the Nagios that asks this host by NRPE. */
export function nrpeObjects(
  { host, address, modes, contactGroups }: Pick<Objects, 'host' | 'address' | 'modes' | 'contactGroups'>,
  prefix: string,
): string {
  return `# ${written} It belongs on the server of Nagios.

define command {
    command_name  palisade-nrpe
    command_line  $USER1$/check_nrpe -H $HOSTADDRESS$ -t 20 -c $ARG1$
}
${hostObject(host, address)}${template(null, contactGroups)}${modes
  .map((mode) => service(host, serviceName(prefix, mode), `palisade-nrpe!${nrpeName(mode)}`))
  .join('')}`;
}

/** What NRPE on this host lets others call: nothing of it takes an argument. */
export function nrpeCommands({ modes, command, rest }: Pick<Objects, 'modes' | 'command' | 'rest'>): string {
  return `# ${written}\n${modes.map((mode) => `command[${nrpeName(mode)}]=${command} check ${mode}${rest}\n`).join('')}`;
}

export function nrpeName(mode: string): string {
  return `palisade_${mode.replaceAll('-', '_')}`;
}

function hostObject(host: string, address: string | null): string {
  if (address === null) return '';
  return `
define host {
    host_name           ${host}
    address             ${address}
    max_check_attempts  3
    check_period        palisade-always
    check_interval      5
    retry_interval      1
    notification_period palisade-always
    register            1
}
`;
}

/** A result that stays away for three times as long as it should is none. */
function template(every: number | null, contactGroups: string): string {
  const how =
    every === null
      ? '    active_checks_enabled   1\n    check_interval          1\n    retry_interval          1\n'
      : `    active_checks_enabled   0\n    check_freshness         1\n    freshness_threshold     ${every * 3}\n`;
  return `
define timeperiod {
    timeperiod_name  palisade-always
    alias            at any time
    sunday           00:00-24:00
    monday           00:00-24:00
    tuesday          00:00-24:00
    wednesday        00:00-24:00
    thursday         00:00-24:00
    friday           00:00-24:00
    saturday         00:00-24:00
}

define service {
    name                    palisade-service
    register                0
${how}    passive_checks_enabled  1
    max_check_attempts      1
    check_period            palisade-always
    notification_period     palisade-always
    notification_interval   0
    notification_options    w,u,c,r
    process_perf_data       1
${contactGroups === '' ? '' : `    contact_groups          ${contactGroups}\n`}}
`;
}

function service(host: string, name: string, command: string): string {
  return `
define service {
    use                  palisade-service
    host_name            ${host}
    service_description  ${name}
    check_command        ${command}
}
`;
}
