import { closest } from '../../closest.ts';
import { contains, type Family, parseAddress, TCP } from '../../model/net/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { builtinChains } from '../builtins.ts';
import type { Addresses, Item, Limit, Policy, Protection, RawLine, Rule, Service, Target, Test, Way } from '../policy.ts';
import { mergeServices, type OwnServices, readService, serviceHint } from '../services/services.ts';
import { type Document, type Path, readDocument } from './document.ts';
import { type BadWord, readEndpoint } from './names.ts';
import {
  bytesOf,
  type EndpointShape,
  type PolicyShape,
  policySchema,
  type RuleShape,
  secondsOf,
  type TestShape,
} from './schema.ts';
import { readSets, type Source } from './sets.ts';
import { shapeProblems } from './shape-problems.ts';

export interface Fetched {
  readonly addresses: readonly string[];
  /** Why some are missing; `null`: these are all. */
  readonly lacking: string | null;
  /** How many there are, from where and as of when, for people; `null`: there is nothing to say of that. */
  readonly said?: string | null;
}

/** What a policy needs from beside it. */
export interface Beside {
  /** The text of a file that the policy names, by the path that it writes; `null` if it cannot be read. */
  file(path: string): string | null;
  /** Seconds since 1970: what has expired by then is no longer there. */
  readonly now: number;
  /** Addresses from elsewhere, as far as they can be had. */
  fetched(source: Source): Fetched;
}

const bothFamilies: readonly Family[] = [4, 6];

/**
 * Reads a policy. Each problem stands at its FILE:LINE:COLUMN and says what to write instead; a policy with problems means
 * nothing.
 */
export function readPolicy(text: string, file: string, beside: Beside): Result<Policy> {
  const document = readDocument(text, file);
  if (!document.ok) return document;
  const { value } = document.value;
  if (value === null || value === undefined || typeof value !== 'object' || Array.isArray(value))
    return failed(problemAt(document.value, [], 'this is not a policy', 'begin it with "palisade: 1"'));
  const parsed = policySchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return failed(...shapeProblems(parsed.error, document.value));
  return understood(parsed.data, document.value, beside);
}

function problemAt(document: Document, path: Path, message: string, hint: string, of: 'key' | 'value' = 'value'): Problem {
  return { code: 'policy-invalid', at: document.place(path, of), message, hint };
}

function understood(shape: PolicyShape, document: Document, beside: Beside): Result<Policy> {
  const problems: Problem[] = [];
  const say = (path: Path, message: string, hint: string, of: 'key' | 'value' = 'value'): void => {
    problems.push(problemAt(document, path, message, hint, of));
  };
  const sayWords = (path: Path, words: readonly BadWord[]): void => {
    for (const { below, message, hint } of words) say([...path, ...below], message, hint);
  };
  const lacking: Policy['lacking'][number][] = [];
  const fetched: Policy['fetched'][number][] = [];
  const sets = readSets(shape.sets, beside, say, (set, one) => {
    if (one.lacking !== null) lacking.push({ set, why: one.lacking });
    if (typeof one.said === 'string') fetched.push({ set, said: one.said });
  });
  const own = readOwnServices();
  const policy: Policy = {
    otherwise: shape.otherwise,
    basics: shape.basics,
    sets,
    incoming: shape.incoming.flatMap((rule, index) => readItem(rule, 'incoming', ['incoming', index])),
    outgoing: shape.outgoing.flatMap((rule, index) => readItem(rule, 'outgoing', ['outgoing', index])),
    forwarded: shape.forwarded.flatMap((rule, index) => readItem(rule, 'forwarded', ['forwarded', index])),
    docker: shape.docker?.flatMap((rule, index) => readItem(rule, 'docker', ['docker', index]).filter(isRule)) ?? null,
    log: shape.log === undefined ? null : { perMinute: perMinute(shape.log.dropped), prefix: shape.log.prefix },
    protect: readProtection(),
    lines: shape.iptables.map(readTableLine),
    tests: shape.tests.map((one, index) => readTest(one, index)),
    lacking,
    fetched,
  };
  return problems.length > 0 ? failed(...problems) : ok(policy);

  function readOwnServices(): OwnServices {
    const found = new Map<string, readonly Service[]>();
    for (const [name, words] of Object.entries(shape.services)) {
      if (name === 'any') say(['services', name], '"any" is every service already', 'choose another name', 'key');
      // One may be made of those above it.
      found.set(name, servicesOf(words, ['services', name], found) ?? []);
    }
    return found;
  }

  /** `null` for any. */
  function servicesOf(given: string | string[], path: Path, known: OwnServices = own): readonly Service[] | null {
    const words = typeof given === 'string' ? [given] : given;
    if (words.length === 1 && words[0] === 'any') return null;
    const services = words.flatMap((word, index) => {
      const service = readService(word, known);
      if (service === undefined)
        say(typeof given === 'string' ? path : [...path, index], `"${word}" is no service`, serviceHint(word, known));
      return service ?? [];
    });
    return mergeServices(services);
  }

  function addressesOf(given: EndpointShape | undefined, path: Path): Addresses | null {
    if (given === undefined) return null;
    const read = readEndpoint(given, sets);
    if (!Array.isArray(read)) return read as Addresses | null;
    sayWords(path, read as readonly BadWord[]);
    return null;
  }

  /** Links by the names of the policy, else as they stand. */
  function linksOf(given: string | string[] | undefined, path: Path): readonly string[] | null {
    if (given === undefined) return null;
    const words = typeof given === 'string' ? [given] : given;
    return words.flatMap((word, index) => {
      const named = Object.hasOwn(shape.interfaces, word) ? shape.interfaces[word] : undefined;
      if (named !== undefined) return named;
      // A longer word without a digit that looks like a mistyped name of the policy's own; `wan` may be a link beside a named `lan`.
      const near = word.length >= 5 && !/\d|\+$/.test(word) ? closest(word, Object.keys(shape.interfaces)) : undefined;
      if (near !== undefined)
        say(typeof given === 'string' ? path : [...path, index], `there is no interface "${word}"`, `did you mean "${near}"?`);
      return [word];
    });
  }

  function readItem(rule: RuleShape, list: Way | 'docker', path: Path): readonly Item[] {
    const verbs = (['allow', 'deny', 'reject', 'iptables'] as const).filter((key) => rule[key] !== undefined);
    const [verb] = verbs;
    if (verb === undefined || verbs.length > 1) {
      say(
        path,
        verb === undefined ? 'this rule allows and denies nothing' : `this rule says ${verbs.join(' and ')}`,
        'write one of allow, deny, reject or iptables',
      );
      return [];
    }
    if (verb === 'iptables') return readLine(rule, list, path);
    if (rule.family !== undefined)
      say([...path, 'family'], 'family is for lines of iptables', 'name addresses of that family instead', 'key');
    if (list !== 'forwarded')
      for (const key of ['masquerade', 'send-to'] as const)
        if (rule[key] !== undefined) say([...path, key], `${key} is for forwarded rules`, 'move the rule to forwarded', 'key');
    if (list === 'incoming' && rule.out !== undefined)
      say([...path, 'out'], 'what comes in leaves by no interface', 'write via, or move the rule to forwarded', 'key');
    if (list === 'outgoing' && rule.via !== undefined)
      say([...path, 'via'], 'what goes out arrives on no interface', 'write out instead of via', 'key');
    if (rule.masquerade !== undefined && rule.out === undefined)
      say([...path, 'masquerade'], 'whose address it takes is not said', 'add out, the interface that it leaves by', 'key');
    if (rule['send-to'] !== undefined && rule.rate !== undefined)
      say(
        [...path, 'rate'],
        'a rate cannot be kept of what is sent on',
        'write at-most, or limit it at the other machine',
        'key',
      );
    if (list === 'docker')
      for (const key of ['to', 'out', 'at-most', 'rate', 'log'] as const)
        if (rule[key] !== undefined && rule[key] !== false)
          say([...path, key], `${key} has no meaning for what Docker publishes`, 'leave it out', 'key');
    if (!shape.basics.established && rule['at-most'] !== undefined)
      say(
        [...path, 'at-most'],
        'new connections are told from others by tracking',
        'leave basics.established on, or write rate',
        'key',
      );
    if (rule.rate !== undefined && rule['at-most'] !== undefined)
      say([...path, 'rate'], 'this rule has two limits', 'keep at-most or rate', 'key');
    const ending = verb === 'allow' ? 'accept' : verb === 'deny' ? 'drop' : 'reject';
    if (ending !== 'accept')
      for (const key of ['masquerade', 'send-to'] as const)
        if (rule[key] !== undefined) say([...path, key], `${key} is for what is allowed`, 'write allow, or leave it out', 'key');
    if (ending !== 'accept' && (rule.rate ?? rule['at-most']) !== undefined)
      say(path, `a limit on what is ${ending === 'drop' ? 'denied' : 'rejected'} has no meaning`, 'leave it out');
    const services = servicesOf(rule[verb] as string | string[], [...path, verb]);
    const read: Rule = {
      kind: 'rule',
      at: document.place(path),
      ending,
      services,
      from: addressesOf(rule.from, [...path, 'from']),
      to: addressesOf(rule.to, [...path, 'to']),
      via: linksOf(rule.via, [...path, 'via']),
      out: linksOf(rule.out, [...path, 'out']),
      limit: limitOf(rule, path),
      log: rule.log,
      masquerade: rule.masquerade === undefined ? [] : familiesOf(rule.masquerade),
      sendTo: rule['send-to'] === undefined ? null : targetOf(rule['send-to'], [...path, 'send-to']),
      note: rule.note ?? null,
      owner: rule.owner ?? null,
      expires: rule.expires === undefined ? null : Date.parse(rule.expires) / 1000,
    };
    if (list === 'incoming' && ending === 'accept' && letsLogIn(services)) mayLogIn(rule.from, [...path, 'from']);
    if (read.sendTo !== null && (services === null || services.some(({ ports }) => ports === null)))
      say([...path, 'send-to'], 'only what has ports can be sent on', `name them, such as ${verb}: https`);
    return read.expires !== null && read.expires <= beside.now ? [] : [read];
  }

  /** Whoever writes a feed could write himself into it. */
  function mayLogIn(from: RuleShape['from'], path: Path): void {
    const words = typeof from === 'string' ? [from] : Array.isArray(from) ? from : [];
    const feed = words.find((word) => sets.get(word)?.listed === true && isFeed(word) && !sets.get(word)?.trusted);
    if (feed !== undefined)
      say(
        path,
        `whoever writes the feed ${feed} would say who may log in here`,
        'name addresses, or write trust: true beside the feed',
      );
  }

  function isFeed(name: string): boolean {
    const set = shape.sets[name];
    return set !== undefined && !Array.isArray(set) && 'feed' in set;
  }

  function readLine(rule: RuleShape, list: Way | 'docker', path: Path): readonly Item[] {
    const rest = ['from', 'to', 'via', 'out', 'at-most', 'rate', 'masquerade', 'send-to'] as const;
    for (const key of rest)
      if (rule[key] !== undefined)
        say([...path, key], `${key} stands beside a line of iptables`, 'write it into the line', 'key');
    if (list === 'docker') {
      say(path, 'a line of iptables cannot stand under docker', 'move it to forwarded');
      return [];
    }
    const chain = { incoming: 'INPUT', outgoing: 'OUTPUT', forwarded: 'FORWARD' }[list];
    checkLine('filter', chain, rule.iptables ?? '', familiesOf(rule.family ?? 'both'), [...path, 'iptables']);
    return [
      {
        kind: 'line',
        at: document.place(path),
        families: familiesOf(rule.family ?? 'both'),
        table: 'filter',
        chain,
        text: rule.iptables ?? '',
      },
    ];
  }

  function readTableLine({ table, chain, rule, family }: PolicyShape['iptables'][number], index: number): RawLine {
    const path = ['iptables', index];
    const chains = builtinChains[table];
    if (chains === undefined || table === 'filter')
      say(
        [...path, 'table'],
        table === 'filter' ? 'lines of the table filter stand among the rules' : `there is no table "${table}"`,
        table === 'filter' ? 'move it to incoming, outgoing or forwarded' : 'write raw, mangle, nat or security',
      );
    else if (!chains.includes(chain))
      say([...path, 'chain'], `the table ${table} has no chain "${chain}"`, `write ${chains.join(', ')}`);
    else checkLine(table, chain, rule, familiesOf(family), [...path, 'rule']);
    return { kind: 'line', at: document.place(path), families: familiesOf(family), table, chain, text: rule };
  }

  /** A line must be one that iptables takes, in each family that it is for. */
  function checkLine(table: string, chain: string, text: string, families: readonly Family[], path: Path): void {
    for (const family of families) {
      const lead = `*${table}\n:${chain} ACCEPT [0:0]\n-A ${chain} `;
      const parsed = /[\r\n\0]/.test(text) ? null : parseRuleset(`${lead}${text}\nCOMMIT\n`, { family, file: 'the line' });
      const isOne = parsed?.ok === true && parsed.value.tables[0]?.rules.length === 1;
      if (isOne) continue;
      const [why] = parsed === null || parsed.ok ? [] : parsed.problems;
      say(
        path,
        why === undefined ? 'this is not one line of iptables' : `IPv${family}: ${why.message}`,
        why?.hint ?? 'write matches and a target, as they stand behind -A CHAIN',
      );
      return;
    }
  }

  function limitOf(rule: RuleShape, path: Path): Limit | null {
    const { rate } = rule;
    const atMost = rule['at-most'];
    if (atMost !== undefined) return newConnections(atMost);
    if (rate === undefined) return null;
    if ((rate.packets === undefined) === (rate.bytes === undefined)) {
      say([...path, 'rate'], 'a rate is of packets or of bytes', 'write one of the two');
      return null;
    }
    if (rate.packets !== undefined) {
      const [amount = '', unit = ''] = rate.packets.split('/');
      return { of: 'packets', amount: Number(amount), withinSeconds: secondsOf(`1${unit}`), per: rate.per, beyond: rate.beyond };
    }
    return { of: 'bytes', amount: bytesOf(rate.bytes ?? ''), withinSeconds: 1, per: rate.per, beyond: rate.beyond };
  }

  function targetOf(word: string, path: Path): Target | null {
    const [, address = '', port] = /^(?:\[([^\]]+)\](?::(\d+))?)$/.exec(word) ?? /^([\d.]+)(?::(\d+))?$/.exec(word) ?? [];
    const parsed = parseAddress(address) ?? parseAddress(word);
    const number = port === undefined ? null : Number(port);
    if (parsed === undefined || (number !== null && (number < 1 || number > 65_535))) {
      say(path, `"${word}" is no machine to send to`, 'write "192.168.1.20", "192.168.1.20:8443" or "[2001:db8::20]:8443"');
      return null;
    }
    return { family: parsed.family, address: parsed.value, port: number };
  }

  function readProtection(): Protection {
    const { bogons } = shape.protect;
    const flood = shape.protect['syn-flood'];
    const everywhere: readonly string[] = [];
    return {
      bogons:
        bogons === false
          ? null
          : bogons === true
            ? everywhere
            : (linksOf(bogons.via, ['protect', 'bogons', 'via']) ?? everywhere),
      badFlags: shape.protect['bad-flags'],
      newNotSyn: shape.protect['new-not-syn'],
      synFlood:
        flood === false ? null : newConnections({ ...(flood === true ? usualFlood : flood), per: 'source', beyond: 'drop' }),
      earlyDrop: shape.protect['early-drop'],
    };
  }

  function readTest(one: { can: TestShape } | { cannot: TestShape }, index: number): Test {
    const [key, test] = 'can' in one ? (['can', one.can] as const) : (['cannot', one.cannot] as const);
    const path = ['tests', index, key];
    const words = typeof test.reach === 'string' ? test.reach : test.reach.join(', ');
    const from = addressesOf(test.from, [...path, 'from']);
    return {
      at: document.place(path),
      can: key === 'can',
      from,
      to: addressesOf(test.to, [...path, 'to']),
      via: linksOf(test.via, [...path, 'via']),
      out: linksOf(test.out, [...path, 'out']),
      way: test.way,
      services: servicesOf(test.reach, [...path, 'reach']),
      text: `${from?.text ?? 'anyone'} ${key} reach ${words}`,
    };
  }
}

const sshPort = 22;

/** Everything, or what is logged in by. */
function letsLogIn(services: readonly Service[] | null): boolean {
  return services === null || services.some(({ proto, ports }) => proto === TCP && (ports === null || contains(ports, sshPort)));
}

const usualFlood = { new: 100, within: '1s' } as const;

function newConnections(of: { new: number; within: string; per: 'source' | 'all'; beyond: Limit['beyond'] }): Limit {
  return { of: 'new', amount: of.new, withinSeconds: secondsOf(of.within), per: of.per, beyond: of.beyond };
}

function familiesOf(word: 'ipv4' | 'ipv6' | 'both'): readonly Family[] {
  return word === 'ipv4' ? [4] : word === 'ipv6' ? [6] : bothFamilies;
}

/** `5/minute`. */
function perMinute(rate: string): number {
  const [amount = '1', unit = 'minute'] = rate.split('/');
  return Number(amount) * ({ second: 60, minute: 1, hour: 1 / 60 }[unit] ?? 1);
}

function isRule(item: Item): item is Rule {
  return item.kind === 'rule';
}
