import { failed, ok, type Problem, type Result } from '../result.ts';

/** One physical line, without its line end. Lines count from 1 in the text that it came from. */
export interface RestoreLine {
  readonly number: number;
  readonly text: string;
}

/** One table of a text for iptables-restore: its `:CHAIN …` lines and its commands, each in their order. */
export interface RestoreTable {
  readonly name: string;
  readonly line: number;
  readonly chains: readonly RestoreLine[];
  readonly commands: readonly RestoreLine[];
  readonly commitLine: number;
}

/** Chains that have a policy. A test holds this against the model's list. */
export const policyChains: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/**
 * What decides about packets comes before what changes them: cut off anywhere, packets meet the new filter with old
 * marks and translations, and what only a new mark would have let in stays out.
 */
const safeOrder = ['security', 'filter', 'raw', 'mangle', 'nat'];

/** iptables-restore reads lines into 10,240 bytes and takes what is left over for a line of its own (iptables-restore.c). */
const longestLine = 10_000;

/**
 * Takes a text apart that shall be given to iptables-restore, one character a byte, and refuses what could become other
 * rules on the way: control characters, quotes that are open at a line's end, lines that restore would cut in two.
 *
 * With `whole`, every table must say each built-in policy: iptables-nft-restore sets those left out to ACCEPT.
 * Tables come out in an order that is safe if the writing is cut off between any two.
 */
export function takeRestorable(text: string, file: string, whole: boolean): Result<readonly RestoreTable[]> {
  const problems: Problem[] = [];
  const tables: RestoreTable[] = [];
  let open: { name: string; line: number; chains: RestoreLine[]; commands: RestoreLine[] } | undefined;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const unsafe = smuggles(line, file, number);
    if (unsafe !== undefined) problems.push(unsafe);
    else if (line === '' || line.startsWith('#')) continue;
    else if (open === undefined) {
      if (line.startsWith('*')) open = { name: line.slice(1).trim(), line: number, chains: [], commands: [] };
      else problems.push(outside(file, number));
    } else if (line.trimEnd() === 'COMMIT') {
      tables.push({ ...open, commitLine: number });
      open = undefined;
    } else if (line.startsWith('*')) {
      problems.push(unfinished(file, open.line, open.name));
      open = { name: line.slice(1).trim(), line: number, chains: [], commands: [] };
    } else if (line.trim() !== '') (line.startsWith(':') ? open.chains : open.commands).push({ number, text: line });
  }
  if (open !== undefined) problems.push(unfinished(file, open.line, open.name));
  if (whole) for (const table of tables) problems.push(...withoutPolicy(table, file));
  if (problems.length > 0) return failed(...problems);
  const rank = (name: string): number => (safeOrder.includes(name) ? safeOrder.indexOf(name) : safeOrder.length);
  return ok(tables.toSorted((a, b) => rank(a.name) - rank(b.name)));
}

/** The problem with a line that a tool may read as something else than it says, or `undefined`. For ipset's lines too. */
export function smuggles(line: string, file: string, number: number): Problem | undefined {
  const at = { file, line: number };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) {
    const hint = 'take it out of the comment, prefix or name that holds it';
    return { code: 'restore-unsafe', at, message: 'a control character stands in this line', hint };
  }
  if (/[^\0-\xff]/.test(line)) {
    const hint = 'give the text as bytes, one character each';
    return { code: 'restore-unsafe', at, message: 'this line holds a character that is no byte', hint };
  }
  if (endsInQuotes(line)) {
    const hint = 'close the quote in its line, and take newlines out of comments and prefixes: what follows one becomes a rule';
    return { code: 'restore-unsafe', at, message: 'a quote is open at the end of this line', hint };
  }
  if (/M|--modp/.test(line) && !line.startsWith('#') && wordsOf(line).some((word) => /^(-[A-Za-z0-9]*M|--modp)/.test(word))) {
    // iptables(8), `-M COMMAND`: run as root whenever a match is not there.
    return {
      code: 'restore-unsafe',
      at,
      message: 'this line names a program for the tool to run',
      hint: 'take -M or --modprobe out',
    };
  }
  if (line.length <= longestLine) return undefined;
  const message = `this line has ${line.length} bytes, and iptables-restore would take the rest of it for another`;
  return { code: 'restore-unsafe', at, message, hint: `keep lines under ${longestLine} bytes` };
}

/** Only `"` quotes, and `\` escapes inside them alone (iptables/xshared.c, add_param_to_argv). */
function endsInQuotes(line: string): boolean {
  if (!line.includes('"') || line.startsWith('#')) return false;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at];
    if (char === '"') quoted = !quoted;
    else if (char === '\\' && quoted) at += 1;
  }
  return quoted;
}

function withoutPolicy(table: RestoreTable, file: string): readonly Problem[] {
  const said = new Set(table.chains.flatMap(({ text }) => /^:\s*(\S+)\s+(?:ACCEPT|DROP)(?:\s|$)/.exec(text)?.[1] ?? []));
  // nat takes no policy but ACCEPT, and had no INPUT before Linux 2.6.36.
  const needed = (policyChains[table.name] ?? []).filter((chain) => table.name !== 'nat' || chain !== 'INPUT');
  const left = needed.filter((chain) => !said.has(chain));
  if (left.length === 0) return [];
  const chains = left.length === 1 ? left[0] : `${left.slice(0, -1).join(', ')} and ${left.at(-1)}`;
  return [
    {
      code: 'restore-unsafe',
      at: { file, line: table.line },
      message: `the table ${table.name} does not say the ${left.length === 1 ? 'policy' : 'policies'} of ${chains}, and iptables-nft-restore would set ${left.length === 1 ? 'it' : 'them'} to ACCEPT`,
      hint: `write ":${left[0]} DROP [0:0]" or ":${left[0]} ACCEPT [0:0]"${left.length === 1 ? '' : ', and so on,'} below "*${table.name}"`,
    },
  ];
}

function outside(file: string, line: number): Problem {
  const hint = 'write "*filter", or the name of another table, before it';
  return { code: 'ruleset-syntax', at: { file, line }, message: 'this line stands in no table', hint };
}

function unfinished(file: string, line: number, name: string): Problem {
  const hint = 'end it with a line "COMMIT"; is the file cut off?';
  return { code: 'ruleset-truncated', at: { file, line }, message: `the table ${name} is not committed`, hint };
}

/** The words of a line as iptables-restore cuts them, without quotes and escapes. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  const cut = /([^\s"]*)"((?:\\[\s\S]|[^"\\])*)"|[^\s"]+/g;
  for (const [all, before, quoted] of line.matchAll(cut)) {
    words.push(quoted === undefined ? all : `${before ?? ''}${quoted.replace(/\\([\s\S])/g, '$1')}`);
  }
  return words;
}
