interface Objects {
  readonly host: string;
  /** `null`: Icinga knows the host. */
  readonly address: string | null;
  readonly prefix: string;
  readonly modes: readonly string[];
  readonly command: string;
  /** Where the state is published; `null`: at the usual place. */
  readonly socket: string | null;
  /** Results come so often, in seconds; `null`: Icinga asks. */
  readonly every: number | null;
}

/** A text as Icinga's configuration writes it. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

/** Host, command and a service for each mode. Where results are to come and stay away, Icinga asks `dummy`, which says UNKNOWN. */
export function icingaObjects({ host, address, prefix, modes, command, socket, every }: Objects): string {
  const services = modes.map((mode) =>
    every === null
      ? `
object Service ${quoted(prefix + mode)} {
  host_name = ${quoted(host)}
  check_command = "palisade"
  check_interval = 1m
  retry_interval = 1m
  max_check_attempts = 1
  vars.palisade_mode = ${quoted(mode)}${socket === null ? '' : `\n  vars.palisade_socket = ${quoted(socket)}`}
}
`
      : `
object Service ${quoted(prefix + mode)} {
  host_name = ${quoted(host)}
  check_command = "dummy"
  check_interval = ${every * 3}s
  retry_interval = ${every * 3}s
  max_check_attempts = 1
  enable_active_checks = true
  enable_passive_checks = true
  vars.dummy_state = 3
  vars.dummy_text = "palisade has not said anything for too long"
}
`,
  );
  return `/* Written by palisade integrate. What is changed here is kept only as long as that is not asked to write it again. */
${address === null ? '' : hostObject(host, address)}${every === null ? checkCommand(command) : ''}${services.join('')}`;
}

function hostObject(host: string, address: string): string {
  return `
object Host ${quoted(host)} {
  address = ${quoted(address)}
  check_command = "dummy"
  vars.dummy_state = 0
  vars.dummy_text = "asked of palisade"
}
`;
}

/** Every flag of the plugin, so that other services can be defined with it. */
function checkCommand(command: string): string {
  return `
object CheckCommand "palisade" {
  command = [ ${quoted(command)}, "check" ]
  timeout = 20s
  arguments = {
    "mode" = {
      value = "$palisade_mode$"
      skip_key = true
      order = -1
      required = true
    }
    "-w" = "$palisade_warning$"
    "-c" = "$palisade_critical$"
    "--measure" = "$palisade_measure$"
    "--only" = "$palisade_only$"
    "--except" = "$palisade_except$"
    "--rule" = "$palisade_rule$"
    "--expect" = "$palisade_expect$"
    "--within" = "$palisade_within$"
    "--timeout" = "$palisade_timeout$"
    "--socket" = "$palisade_socket$"
  }
  vars.palisade_timeout = 10
}
`;
}
