import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { strangersAmong } from '../logins.ts';
import type { Addresses, Item, Policy, Protection, Rule, Service, Test } from '../policy.ts';
import { mergeServices, type OwnServices, readService, serviceHint } from '../services/services.ts';
import { type Document, type Path, readDocument } from './document.ts';
import { createItems } from './items.ts';
import { joinDocuments } from './joined.ts';
import { newConnections } from './limits.ts';
import { readTableLine } from './lines.ts';
import type { Lookup } from './lookup.ts';
import { type BadWord, readEndpoint } from './names.ts';
import { type EndpointShape, type PolicyShape, policySchema, type TestShape } from './schema.ts';
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

/** One file of a policy. */
export interface PolicyText {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads a policy. Each problem stands at its FILE:LINE:COLUMN and says what to write instead; a policy with problems means
 * nothing.
 */
export function readPolicy(text: string, file: string, beside: Beside): Result<Policy> {
  const document = readDocument(text, file);
  return document.ok ? readJoined(document.value, beside) : document;
}

/** Reads a policy of several files, as {@link joinDocuments} puts them together. */
export function readPolicyFiles(texts: readonly PolicyText[], beside: Beside): Result<Policy> {
  const documents: Document[] = [];
  const problems: Problem[] = [];
  for (const { text, file } of texts) {
    const document = readDocument(text, file);
    if (document.ok) documents.push(document.value);
    else problems.push(...document.problems);
  }
  if (problems.length > 0) return failed(...problems);
  const [only] = documents;
  const joined = documents.length === 1 && only !== undefined ? ok(only) : joinDocuments(documents);
  return joined.ok ? readJoined(joined.value, beside) : joined;
}

function readJoined(document: Document, beside: Beside): Result<Policy> {
  const { value } = document;
  if (value === null || value === undefined || typeof value !== 'object' || Array.isArray(value))
    return failed(problemAt(document, [], 'this is not a policy', 'begin it with "palisade: 1"'));
  const parsed = policySchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return failed(...shapeProblems(parsed.error, document));
  return understood(parsed.data, document, beside);
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
  const lookup: Lookup = {
    say,
    place: (path) => document.place(path),
    services: servicesOf,
    addresses: addressesOf,
    links: linksOf,
  };
  const { otherwise, basics } = shape;
  const readItem = createItems(lookup, { otherwise, established: basics.established, now: beside.now });
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
    lines: shape.iptables.map((line, index) => readTableLine(lookup, line, index)),
    tests: shape.tests.map((one, index) => readTest(one, index)),
    lacking,
    fetched,
  };
  for (const way of ['incoming', 'forwarded', 'outgoing'] as const) {
    const rated = shape[way].findIndex((rule) => rule.rate !== undefined);
    if (rated >= 0 && shape[way].some((rule) => rule.group !== undefined))
      say([way, rated, 'rate'], 'a rate cannot be kept beside groups', 'write at-most or up-to, or write the groups out', 'key');
  }
  for (const { at, feed } of strangersAmong(policy.incoming, [sshPort])) {
    const message = `whoever writes the feed ${feed} would say who may log in here`;
    problems.push({ code: 'policy-invalid', at, message, hint: 'name addresses, or write trust: true beside the feed' });
  }
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
const usualFlood = { new: 100, within: '1s' } as const;

/** `5/minute`. */
function perMinute(rate: string): number {
  const [amount = '1', unit = 'minute'] = rate.split('/');
  return Number(amount) * ({ second: 60, minute: 1, hour: 1 / 60 }[unit] ?? 1);
}

function isRule(item: Item): item is Rule {
  return item.kind === 'rule';
}
