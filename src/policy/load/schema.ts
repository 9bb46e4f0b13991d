import { z } from 'zod';

/**
 * The shape of a policy file, as editors may know it. Each `error` says what to write instead; what words mean is looked up
 * when the shape is right.
 */
const name = z
  .string({ error: 'write a name' })
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, { error: 'write a name of letters, digits, - and _, which begins with a letter' });
const text = z.string({ error: 'write a text' }).trim().min(1, { error: 'write a text' });
const oneOrMore = <T extends z.ZodType>(one: T, error: string) => z.union([one, z.array(one).min(1, { error })], { error });

const addresses = 'write an address in quotes, the name of a set, or a list of them';
const addressWords = oneOrMore(z.string(), addresses);
const endpoint = z
  .union([z.string(), z.array(z.string()).min(1), z.strictObject({ 'anyone-except': addressWords })], {
    error: `${addresses}; or { anyone-except: … }`,
  })
  .describe('Addresses: an address, a network, a range a-b, the name of a set, `anyone`, or `{ anyone-except: … }`.');
const services = oneOrMore(z.string(), 'write a service such as ssh, 8443/tcp, or a list of them').describe(
  'Services by name, ports such as 8443/tcp or 6000-6010/udp, protocols such as gre, or `any`.',
);
const plainLink = z
  .string({ error: 'write the name of an interface' })
  .regex(/^[A-Za-z0-9_.:@-]{1,15}$|^[A-Za-z0-9_.:@-]{1,14}\+$/, {
    error: 'write the name of an interface such as eth0, or eth+',
  });
const links = oneOrMore(plainLink, 'write the name of an interface, or a list of them').describe(
  'Interfaces, by name or as `eth+`.',
);
const linksOrOthers = z
  .union([plainLink, z.array(plainLink).min(1), z.strictObject({ 'any-except': plainLink })], {
    error: 'write the name of an interface, a list of them, or { any-except: … }',
  })
  .describe('Interfaces, by name or as `eth+`; or `{ any-except: lo }`.');
const states = oneOrMore(
  z.enum(['new', 'established', 'related', 'invalid', 'untracked'], {
    error: 'write new, established, related, invalid or untracked',
  }),
  'write new, established, related, invalid, untracked, or a list of them',
);
const portWords = oneOrMore(
  z
    .string({ error: 'write ports in quotes, such as "1024-65535"' })
    .regex(/^\d{1,5}(-\d{1,5})?$/, { error: 'write ports in quotes, such as "1024-65535"' }),
  'write ports in quotes, such as "1024-65535"',
);
const flagNames = 'FIN|SYN|RST|PSH|ACK|URG';
const flagWords = z
  .string({ error: 'write flags such as "SYN of FIN,SYN,RST,ACK"' })
  .regex(new RegExp(`^(not )?(none|(${flagNames})(,(${flagNames}))*) of (${flagNames})(,(${flagNames}))*$`), {
    error: 'write flags such as "SYN of FIN,SYN,RST,ACK", or "none of SYN,ACK"',
  })
  .describe('Flags of TCP: of those named behind `of` exactly those before it are set.');
const kind = z.enum(['local', 'broadcast', 'multicast', 'anycast', 'unicast'], {
  error: 'write local, broadcast, multicast, anycast or unicast',
});
const answerNames = [
  'tcp-reset',
  'port-unreachable',
  'host-unreachable',
  'no-route',
  'admin-prohibited',
  'host-prohibited',
  'net-prohibited',
  'proto-unreachable',
  'policy-fail',
  'reject-route',
] as const;
const ending = z.enum(['accept', 'drop', 'reject'], { error: 'write accept, drop or reject' });
const duration = z
  .string({ error: 'write a time such as 60s, 5m, 1h or 1d' })
  .regex(/^[1-9]\d{0,5}(s|m|h|d)$/, { error: 'write a time such as 60s, 5m, 1h or 1d' });
/** The kernel's limits are no slower than one a day. */
const within = duration.refine((value) => secondsOf(value) <= 86_400, { error: 'write a day (1d) or less' });
const yesNo = z.boolean({ error: 'write true or false' });
const per = z.enum(['source', 'all'], { error: 'write source or all' });
const beyond = z.enum(['accept', 'drop', 'reject', 'next'], { error: 'write drop, reject, accept or next' });
const count = (most: number) => {
  // Intl takes 20 ms to begin, for one comma.
  const words = String(most).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return z
    .int({ error: `write a whole number from 1 to ${words}` })
    .min(1, { error: 'write 1 or more' })
    .max(most, { error: `write ${words} or less` });
};
const atMost = z
  .strictObject({ new: count(10_000), within, per: per.default('source'), beyond: beyond.default('drop') })
  .describe('New connections: a burst of `new`, then one each `within`/`new`.');
const rate = z
  .strictObject({
    packets: z
      .string()
      .regex(/^[1-9]\d{0,4}\/(s|m|h)$/, { error: 'write a rate such as 100/s, up to 10000' })
      .refine((value) => Number.parseInt(value, 10) <= 10_000, { error: 'write a rate such as 100/s, up to 10000' })
      .optional(),
    bytes: z
      .string()
      .regex(/^[1-9]\d{0,6}(b|kb|mb)\/s$/, { error: 'write a rate such as 512kb/s' })
      .refine((value) => bytesOf(value) <= 1000 * 1024 ** 2, { error: 'write 1000mb/s or less' })
      .optional(),
    per: per.default('source'),
    beyond: z.enum(['drop', 'reject'], { error: 'write drop or reject' }).default('drop'),
  })
  .describe('Packets or bytes a second, of all that the rule takes.');
const day = z
  .string({ error: 'write a day or a time, such as "2026-12-31" or "2026-12-31T18:00:00Z"' })
  .refine((value) => /^\d{4}-\d{2}-\d{2}(T[\d:]+Z)?$/.test(value) && !Number.isNaN(Date.parse(value)), {
    error: 'write a day or a time, such as "2026-12-31" or "2026-12-31T18:00:00Z"',
  });
/** Seconds of a duration. */
export function secondsOf(text: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1) ?? 's'] ?? 1;
  return Number.parseInt(text, 10) * unit;
}

/** Bytes a second of `512kb/s`. */
export function bytesOf(text: string): number {
  const unit = { b: 1, kb: 1024, mb: 1024 ** 2 }[/[a-z]+/.exec(text)?.[0] ?? 'b'] ?? 1;
  return Number.parseInt(text, 10) * unit;
}

const family = z.enum(['ipv4', 'ipv6', 'both'], { error: 'write ipv4, ipv6 or both' });

const logPrefix = z
  .string({ error: 'write a text' })
  .regex(/^[ !#-[\]-~]{1,29}$/, { error: 'write up to 29 plain characters, without quotes and backslashes' });
const raw = z.string({ error: 'write matches and a target, as they stand behind -A CHAIN' });
type RawShape = string | { readonly rule: string; readonly rules: readonly RawShape[] };
const rawPart: z.ZodType<RawShape> = z
  .union([raw, z.strictObject({ rule: raw, rules: z.array(z.lazy(() => rawPart)) })], {
    error: 'write a line, or { rule: …, rules: [ … ] }',
  })
  .meta({ id: 'Line' });
const about = {
  note: text.optional(),
  owner: text.optional(),
  expires: day.optional().describe('From then on the rule is no longer there.'),
};
const ruleKeys = {
  allow: services.optional(),
  deny: services.optional(),
  reject: services.optional(),
  iptables: raw.optional().describe('A line of iptables that stands here, without -A and the chain.'),
  group: services.optional().describe('Services that the rules under `rules` are asked about, and nothing else.'),
  leave: services.optional().describe('Within a group: what the rest of the group says nothing of.'),
  family: family.optional().describe('The families that it is for.'),
  from: endpoint.optional(),
  to: endpoint.optional(),
  'from-kind': kind.optional().describe('What the source is to this host.'),
  'to-kind': kind.optional().describe('What the destination is to this host.'),
  via: linksOrOthers.optional().describe('The interface that it arrives on.'),
  out: linksOrOthers.optional().describe('The interface that it leaves by.'),
  state: states.optional().describe('What connection tracking says of it.'),
  hops: z
    .int({ error: 'write a number from 0 to 255' })
    .min(0, { error: 'write a number from 0 to 255' })
    .max(255, { error: 'write a number from 0 to 255' })
    .optional()
    .describe('The TTL or hop limit that it arrives with.'),
  helper: z
    .string({ error: 'write the name of a helper such as ftp' })
    .regex(/^[A-Za-z0-9_.-]{1,16}$/, { error: 'write the name of a helper such as ftp' })
    .optional()
    .describe('The helper of connection tracking that its connection belongs to.'),
  'from-port': portWords.optional().describe('Source ports.'),
  flags: flagWords.optional(),
  answer: z
    .enum(answerNames, { error: `write ${answerNames.join(', ')}` })
    .optional()
    .describe('What is answered to what is rejected.'),
  rest: z
    .enum(['next', 'leave'], { error: 'write next or leave' })
    .optional()
    .describe('Of a group: whether rules behind it may decide (`next`), or the rest of its list says nothing of it (`leave`).'),
  matches: raw.optional().describe('Of a group: more conditions, as iptables writes them.'),
  'at-most': atMost.optional(),
  rate: rate.optional(),
  log: z
    .union([yesNo, z.string(), z.array(z.string()).min(1)], { error: 'write true or false, or services that are logged' })
    .default(false)
    .describe('`true` logs what the rule decides about; services instead of allow or deny are logged, and go on.'),
  prefix: logPrefix.optional().describe('Of what is logged: the words before each line.'),
  'up-to': z
    .string({ error: 'write a rate such as 5/minute' })
    .regex(/^[1-9]\d{0,4}\/(second|minute|hour|day)$/, { error: 'write a rate such as 5/minute' })
    .optional()
    .describe('So many packets, or lines of what is logged; those beyond go on to the rules behind it.'),
  burst: count(10_000).optional().describe('With `up-to`: so many at once, 5 where it is left out.'),
  level: z
    .int({ error: 'write a level of syslog from 0 to 7' })
    .min(0, { error: 'write a level of syslog from 0 to 7' })
    .max(7, { error: 'write a level of syslog from 0 to 7' })
    .optional()
    .describe('Of what is logged: the level of syslog, 4 where it is left out.'),
  details: z
    .array(
      z.enum(['tcp-sequence', 'tcp-options', 'ip-options', 'uid', 'macdecode'], {
        error: 'write tcp-sequence, tcp-options, ip-options, uid or macdecode',
      }),
    )
    .optional()
    .describe('Of what is logged: what else each line tells.'),
  masquerade: family.optional().describe('Who is behind this host takes its address; of forwarded rules.'),
  'send-to': text
    .optional()
    .describe('Another machine that gets it, as "192.168.1.20" or "192.168.1.20:8443"; of forwarded rules.'),
  ...about,
};
const plainRule = z.strictObject(ruleKeys);
export interface RuleShape extends z.output<typeof plainRule> {
  readonly rules?: readonly RuleShape[] | undefined;
}
const rule: z.ZodType<RuleShape> = z
  .strictObject({
    ...ruleKeys,
    get rules() {
      return z.array(rule, { error: 'write a list of rules' }).optional().describe('Of a group, its rules.');
    },
  })
  .meta({ id: 'Rule' });

const onFailure = z.enum(['keep', 'empty'], { error: 'write keep or empty' }).default('keep');
const feed = text.refine(isFeedAddress, {
  error: 'write an address such as "https://example.net/list.txt"; http is for this host itself',
});
const country = z
  .string({ error: 'write a country such as CH' })
  .regex(/^[A-Za-z]{2}$/, { error: 'write the two letters of a country, such as CH' });

/** What is fetched decides who may pass: it must come from whom it says, unread and unchanged on its way. */
export function isFeedAddress(word: string): boolean {
  const url = URL.parse(word);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

const setMembers = z.array(z.string({ error: 'write an address in quotes' }));
const set = z.union(
  [
    setMembers,
    z.strictObject({ file: text, ...about }),
    z.strictObject({ addresses: setMembers, ...about }),
    z.strictObject({ dns: oneOrMore(text, 'write a name'), 'on-failure': onFailure, ...about }),
    z
      .strictObject({
        feed,
        every: duration.default('1h').describe('It is asked for again no sooner.'),
        'on-failure': onFailure,
        trust: yesNo.default(false).describe('It may say who logs in.'),
        ...about,
      })
      .describe('A list of others, fetched: one address or network a line.'),
    z
      .strictObject({
        country: oneOrMore(country, 'write a country such as CH'),
        from: oneOrMore(text, 'write a file or an address, or a list of them')
          .optional()
          .describe(
            'Lists of the regional registries, as files or addresses; default: all in the folder countries of the state.',
          ),
        every: duration.default('1d').describe('Lists with an address are asked for again no sooner.'),
        'on-failure': onFailure,
        ...about,
      })
      .describe('Addresses registered in a country: they make less noise, and keep nobody out who wants to come in.'),
  ],
  { error: 'write a list of addresses, { file: … }, { addresses: … }, { dns: … }, { feed: … } or { country: … }' },
);

const test = z.strictObject({
  from: endpoint.optional(),
  to: endpoint.optional(),
  via: links.optional(),
  out: links.optional(),
  reach: services,
  way: z.enum(['incoming', 'forwarded', 'outgoing'], { error: 'write incoming, forwarded or outgoing' }).default('incoming'),
});
const list = (error: string) => z.array(rule, { error }).default([]);

export const policySchema = z.strictObject({
  palisade: z.literal(1, { error: 'write 1, the version of this form' }),
  otherwise: z
    .strictObject({ incoming: ending.default('drop'), forwarded: ending.default('drop'), outgoing: ending.default('accept') })
    .prefault({}),
  basics: z
    .strictObject({
      loopback: yesNo.default(true),
      established: yesNo.default(true),
      icmp: yesNo.default(true),
      dhcp: yesNo.default(true),
    })
    .prefault({})
    .describe('What every server needs; each can be switched off.'),
  interfaces: z.record(name, links).default({}),
  sets: z.record(name, set).default({}),
  services: z.record(name, services).default({}),
  incoming: list('write a list of rules, each on a line of its own behind a dash'),
  outgoing: list('write a list of rules, each on a line of its own behind a dash'),
  forwarded: list('write a list of rules, each on a line of its own behind a dash'),
  docker: z.array(rule, { error: 'write a list of rules' }).optional(),
  log: z
    .strictObject({
      dropped: z.string({ error: 'write a rate such as 5/minute' }).regex(/^[1-9]\d{0,3}\/(second|minute|hour)$/, {
        error: 'write a rate such as 5/minute',
      }),
      prefix: logPrefix.default('IPTables-Dropped: '),
    })
    .optional(),
  protect: z
    .strictObject({
      bogons: z.union([yesNo, z.strictObject({ via: links })], { error: 'write true, or { via: … }' }).default(false),
      'bad-flags': yesNo.default(false),
      'new-not-syn': yesNo.default(false),
      'syn-flood': z
        .union([yesNo, z.strictObject({ new: count(10_000), within })], { error: 'write true, or { new: …, within: … }' })
        .default(false),
      'early-drop': yesNo.default(false),
    })
    .prefault({}),
  iptables: z
    .array(
      z.strictObject({
        table: name,
        chain: name,
        rule: raw,
        rules: z.array(rawPart).optional().describe('Lines asked of what `rule`, without a target, matches.'),
        family: family.default('both'),
      }),
    )
    .default([])
    .describe('Lines of iptables for other tables.'),
  tests: z
    .array(
      z.union([z.strictObject({ can: test }), z.strictObject({ cannot: test })], { error: 'write can: { … } or cannot: { … }' }),
    )
    .default([]),
});
export type PolicyShape = z.output<typeof policySchema>;
export type EndpointShape = z.output<typeof endpoint>;
export type SetShape = z.output<typeof set>;
export type { RawShape };
export type TestShape = z.output<typeof test>;
