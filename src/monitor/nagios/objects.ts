/** What the texts of objects are made of. Names are {@link objectName}s. */
interface Objects {
  readonly host: string;
  /** Where Nagios finds the host, if it does not know it yet. */
  readonly address: string | null;
  readonly prefix: string;
  readonly modes: readonly string[];
  /** Whom Nagios tells; empty: nobody but its page. */
  readonly contactGroups: string;
  readonly asked: Asked;
}

/** How Nagios comes to know. */
export type Asked =
  /** It starts palisade, on the same machine: an absolute path, and arguments behind the mode such as ` --socket FILE`. */
  | { readonly how: 'plugin'; readonly command: string; readonly rest: string }
  | { readonly how: 'nrpe' }
  /** It is told, once in so many seconds. */
  | { readonly how: 'told'; readonly every: number };

/** A name that Nagios takes for a host or a service (illegal_object_name_chars), and in which nothing ends a field of a command. */
export function objectName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N}_.: -]/gu, '_').trim();
  return plain === '' ? '_' : [...plain].slice(0, 120).join('');
}

export function serviceName(prefix: string, mode: string): string {
  return objectName(`${prefix}${mode}`);
}

const written =
  '# Written by palisade integrate. What is changed here is kept only as long as that is not asked to write it again.\n';

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** What hosts have in common: the same text for all of them, so that one server may watch many. */
export const commonObjects = `${written}
define timeperiod {
    timeperiod_name  palisade-always
    alias            at any time
${days.map((day) => `    ${day.padEnd(16)} 00:00-24:00`).join('\n')}
}

define command {
    command_name  palisade-nrpe
    command_line  $USER1$/check_nrpe -H $HOSTADDRESS$ -u -t 20 -c $ARG1$
}

define command {
    command_name  palisade-silent
    command_line  $USER1$/check_dummy 3 "palisade has not said anything for too long"
}

define service {
    name                    palisade-service
    register                0
    check_interval          1
    retry_interval          1
    max_check_attempts      1
    check_period            palisade-always
    passive_checks_enabled  1
    notification_period     palisade-always
    notification_interval   0
    notification_options    w,u,c,r
    process_perf_data       1
}
`;

/** A host and its services. */
export function hostObjects(objects: Objects): string {
  return `${written}${hostObject(objects)}${pluginCommand(objects.asked)}${objects.modes.map((mode) => service(objects, mode)).join('')}`;
}

/** What NRPE on this host lets others call: nothing of it takes an argument. */
export function nrpeCommands(
  modes: readonly string[],
  { command, rest }: { readonly command: string; readonly rest: string },
): string {
  return `${written}${modes.map((mode) => `command[${nrpeName(mode)}]=${command} check ${mode}${rest}\n`).join('')}`;
}

export function nrpeName(mode: string): string {
  return `palisade_${mode.replaceAll('-', '_')}`;
}

function hostObject({ host, address, contactGroups }: Objects): string {
  if (address === null) return '';
  return `
define host {
    host_name            ${host}
    address              ${address}
    max_check_attempts   3
    check_period         palisade-always
    notification_period  palisade-always
${contactGroups === '' ? '' : `    contact_groups       ${contactGroups}\n`}}
`;
}

function pluginCommand(asked: Asked): string {
  if (asked.how !== 'plugin') return '';
  return `
define command {
    command_name  palisade-check
    command_line  ${asked.command} check $ARG1$${asked.rest}
}
`;
}

function service({ host, prefix, contactGroups, asked }: Objects, mode: string): string {
  const command = { plugin: `palisade-check!${mode}`, nrpe: `palisade-nrpe!${nrpeName(mode)}`, told: 'palisade-silent' }[
    asked.how
  ];
  // A result that stays away for three times as long as it should is none.
  const freshness =
    asked.how === 'told'
      ? `    active_checks_enabled  0\n    check_freshness      1\n    freshness_threshold  ${asked.every * 3}\n`
      : '';
  return `
define service {
    use                  palisade-service
    host_name            ${host}
    service_description  ${serviceName(prefix, mode)}
    check_command        ${command}
${freshness}${contactGroups === '' ? '' : `    contact_groups       ${contactGroups}\n`}}
`;
}
