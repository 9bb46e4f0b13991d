import { contains, parseAddress, parsePort, type Ranges } from '../../model/net/index.ts';
import {
  type Answers,
  type Audience,
  type Offer,
  readMember,
  readService,
  type Suggestion,
  serviceHint,
} from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { Context } from '../verb.ts';
import { type Answered, readLinks, settle, wordsOf } from './interview.ts';

/** Flags that answer questions. */
export interface InitFlags {
  readonly internet?: string | undefined;
  readonly admins?: string | undefined;
  readonly allow?: string | undefined;
  readonly adminsOnly?: string | undefined;
  readonly forward?: string | undefined;
  readonly logging: boolean;
  readonly protection: boolean;
}

/** The five questions, each answered by its flag, by whoever can be asked, or by what the host suggests. */
export async function answersOf(suggestion: Suggestion, flags: InitFlags, ask: Context['ask']): Promise<Result<Answers>> {
  const { links, peers, logins } = suggestion;
  const here = links === null || links.length === 0 ? '' : ` Here: ${links.join(', ')}.`;
  const intro =
    ask === undefined
      ? ''
      : 'Five questions, and this host has a policy. Enter takes what stands in brackets; Ctrl-C leaves everything as it is.\n\n';
  const internet = await settle(
    {
      text: `${intro}1. Which interface faces the internet?${here} Or none.`,
      flag: '--internet',
      given: flags.internet,
      suggested: suggestion.internet.length > 0 ? suggestion.internet.join(', ') : links?.length === 0 ? 'none' : null,
      about: 'which interface faces the internet',
      read: readLinks(suggestion, ['none'], []),
    },
    ask,
  );
  if (!internet.ok) return internet;
  const admins = await settle(
    {
      text: '2. Who administers this host, and from where? Addresses, networks, or anyone.',
      flag: '--admins',
      given: flags.admins,
      suggested: peers.length > 0 ? peers.join(', ') : null,
      about: 'who administers this host',
      // Of flags the proof says it, with what it would come to.
      read: readAdmins(flags.admins === undefined ? peers : []),
    },
    ask,
  );
  if (!admins.ok) return admins;
  const offers = await offersOf(suggestion, flags, ask);
  if (!offers.ok) return offers;
  const forwards = await settle(
    {
      text: '4. Whose machines go out to the internet through this host? Interfaces, such as that of a VPN, or no.',
      flag: '--forward',
      given: flags.forward,
      suggested: suggestion.forwards.length > 0 ? suggestion.forwards.join(', ') : 'no',
      about: 'for whom this host forwards',
      read: readLinks(suggestion, ['no', 'none'], internet.value),
    },
    ask,
  );
  if (!forwards.ok) return forwards;
  const isSaid = !flags.logging || !flags.protection;
  const rest = await settle(
    {
      text: '5. Log what is dropped, and drop what no honest sender sends? yes, log, protect or no.',
      flag: '--no-logging, --no-protection',
      given: isSaid ? (flags.logging ? 'log' : flags.protection ? 'protect' : 'no') : undefined,
      suggested: 'yes',
      about: 'what to log',
      read: readRest,
    },
    ask,
  );
  if (!rest.ok) return rest;
  return ok({
    internet: internet.value,
    admins: admins.value,
    logins,
    offers: offers.value,
    forwards: forwards.value,
    ...rest.value,
  });
}

/** Whoever is connected now must be among them. */
function readAdmins(peers: readonly string[]): (answer: string) => Answered<Answers['admins']> {
  return (answer) => {
    if (answer.toLowerCase() === 'anyone') return { value: 'anyone' };
    const words = wordsOf(answer);
    const read = readAddresses(words);
    if ('wrong' in read) return read;
    const spans = words.flatMap((word) => readMember(word) ?? []);
    const outside = peers.find((peer) => {
      const address = parseAddress(peer);
      return !spans.some(
        ({ family, range: [lo, hi] }) => address?.family === family && lo <= address.value && address.value <= hi,
      );
    });
    if (outside === undefined) return { value: words };
    return {
      wrong: `${outside}, who manages this host now, is not among them and would be locked out`,
      hint: `write ${[...words, outside].join(', ')}`,
    };
  };
}

function readAddresses(words: readonly string[]): Answered<readonly string[]> {
  const hint = 'write addresses such as 192.0.2.7, or networks such as 192.0.2.0/24 or 2001:db8::/48';
  if (words.length === 0) return { wrong: 'nobody is named', hint };
  const bad = words.find((word) => readMember(word) === undefined);
  return bad === undefined ? { value: words } : { wrong: `"${bad}" is no address`, hint };
}

function readRest(answer: string): Answered<{ readonly log: boolean; readonly protect: boolean }> {
  switch (answer.toLowerCase()) {
    case 'yes':
    case 'y':
      return { value: { log: true, protect: true } };
    case 'log':
      return { value: { log: true, protect: false } };
    case 'protect':
      return { value: { log: false, protect: true } };
    case 'no':
    case 'n':
      return { value: { log: false, protect: false } };
    default:
      return { wrong: `"${answer}" is none of them`, hint: 'write yes, log, protect or no' };
  }
}

/** By flags all of them at once; by questions one by one. */
async function offersOf(suggestion: Suggestion, flags: InitFlags, ask: Context['ask']): Promise<Result<readonly Offer[]>> {
  const found = suggestion.offers ?? [];
  if (flags.allow !== undefined || flags.adminsOnly !== undefined) return offersByFlags(suggestion, flags);
  const offers: Offer[] = [];
  for (const offer of found) {
    const { service, ports, process, published, to } = offer;
    const more = [...ports.filter((port) => port !== service), ...(process === null ? [] : [process])].join(', ');
    const isFirst = offers.length === 0;
    const lead = isFirst ? '3. Who may reach what listens here? anyone, admins, nobody, or addresses.\n' : '';
    const audience = await settle(
      {
        text: `${lead}   ${service}${more === '' ? '' : ` (${more})`}${published ? ', published by Docker' : ''}:`,
        flag: '--allow or --admins-only',
        given: undefined,
        suggested: typeof to === 'string' ? to : to.join(', '),
        about: `who may reach ${service}`,
        read: readAudience,
      },
      ask,
    );
    if (!audience.ok) return audience;
    offers.push({ ...offer, to: audience.value });
  }
  return ok(offers);
}

const audiences = ['anyone', 'admins', 'nobody'] as const;

function readAudience(answer: string): Answered<Audience> {
  // The first letters are enough where they are not those of two.
  const word = answer.toLowerCase();
  const meant = audiences.filter((one) => word !== '' && one.startsWith(word));
  if (meant.length === 1 && meant[0] !== undefined) return { value: meant[0] };
  const read = readAddresses(wordsOf(answer));
  return 'wrong' in read ? { ...read, hint: `write anyone, admins or nobody; or ${read.hint.replace('write ', '')}` } : read;
}

interface Span {
  readonly proto: number;
  readonly ports: Ranges<number> | null;
}

const protocols = { tcp: 6, udp: 17 } as const;

/** What the flags name is open to whom they say, and what else listens to nobody. */
function offersByFlags({ offers: found, logins }: Suggestion, { allow, adminsOnly }: InitFlags): Result<readonly Offer[]> {
  const offers: Offer[] = [];
  const open: Span[] = [];
  for (const [flag, given, to] of [
    ['--allow', allow, 'anyone'],
    ['--admins-only', adminsOnly, 'admins'],
  ] as const) {
    for (const service of wordsOf(given ?? '')) {
      const read = readService(service, new Map());
      if (read === undefined)
        return failed({ code: 'usage', message: `${flag}: "${service}" is no service`, hint: serviceHint(service, new Map()) });
      const spans = read.map(({ proto, ports }): Span => ({ proto, ports }));
      if (logins.some((login) => readService(login, new Map())?.some(({ ports }) => isIn(spans, 6, ports?.[0]?.[0] ?? 0)))) {
        const message = `${flag}: ${service} is how those who administer this host come in`;
        return failed({ code: 'usage', message, hint: 'say with --admins who they are; --admins anyone opens it to everybody' });
      }
      open.push(...spans);
      offers.push({ service, ports: [], process: null, published: false, to });
    }
  }
  for (const offer of found ?? []) {
    const closed = offer.ports.filter((word) => {
      const [port = '', proto = 'tcp'] = word.split('/');
      return !isIn(open, protocols[proto as 'tcp' | 'udp'], parsePort(port) ?? 0);
    });
    if (closed.length === offer.ports.length) offers.push({ ...offer, to: 'nobody' });
    else for (const word of closed) offers.push({ ...offer, service: word, ports: [word], to: 'nobody' });
  }
  return ok(offers);
}

function isIn(spans: readonly Span[], proto: number, port: number): boolean {
  return spans.some((span) => span.proto === proto && (span.ports === null || contains(span.ports, port)));
}
