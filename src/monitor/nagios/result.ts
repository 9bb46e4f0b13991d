import { type PluginText, printed } from '../checks/index.ts';

/** What is said of one service. */
export interface PassiveResult {
  readonly host: string;
  readonly service: string;
  /** 0 to 3, as plugins exit. */
  readonly exit: number;
  readonly text: PluginText;
}

/** So much is written into a pipe in one piece, whoever else writes (PIPE_BUF): a longer command could be torn by others. */
export const longestCommand = 4096;

/**
 * A passive result as a line for Nagios' command file, with its line end and never longer than {@link longestCommand} bytes: further lines
 * are left out from the end, then figures. Line ends within it are written as `\n`; texts hold no other backslash.
 *
 * @param at epoch seconds
 */
export function commandLine({ host, service, exit, text }: PassiveResult, at: number): string {
  const head = `[${Math.floor(at)}] PROCESS_SERVICE_CHECK_RESULT;${host};${service};${exit};`;
  return head + printed(text, { bytes: longestCommand - Buffer.byteLength(head), lineEnd: '\\n' });
}
