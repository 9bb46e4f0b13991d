import type { Answers, Ground, Offer } from './answers.ts';

/**
 * Writes a policy from the answers of an administrator: a page that people read and go on with, with tests that say what the answers
 * mean. `day` is the day of writing, as `2026-11-30`.
 */
export function draftPolicy(answers: Answers, ground: Ground, day: string): string {
  const { internet, admins, forwards } = answers;
  const interfaces = [
    ...(internet.length > 0 ? [`internet: ${listOf(internet)}`] : []),
    ...(forwards.length > 0 ? [`inside: ${listOf(forwards)}`] : []),
  ];
  const sections = [
    `# What this host's firewall should be, for IPv4 and IPv6 at once; written by palisade init on ${day}.
# Each list is read from top to bottom, and the first rule that speaks of a packet decides.
#   palisade plan     what this would change, in lines and in packets; changes nothing
#   palisade apply    make it so; it undoes itself unless palisade confirm is run within a minute
palisade: 1`,
    `# What becomes of packets that no rule speaks of. Loopback, replies, ping and DHCP need no rule.
otherwise: { incoming: drop, forwarded: drop, outgoing: accept }`,
    interfaces.length === 0
      ? ''
      : `# Names for interfaces, so that rules say what they mean.\ninterfaces: { ${interfaces.join(', ')} }`,
    admins === 'anyone'
      ? ''
      : `sets:\n  # Who administers this host, and from where. Name addresses that stay yours.\n  admins: ${quoted(admins)}`,
    incomingOf(answers, ground),
    forwardedOf(answers, ground),
    dockerOf(answers),
    answers.log ? '# What is dropped goes to the kernel log, five lines a minute at most.\nlog: { dropped: 5/minute }' : '',
    answers.protect ? protectionOf(answers, ground) : '',
    testsOf(answers),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function incomingOf({ admins, logins, offers }: Answers, { tracked }: Ground): string {
  const own = offers.filter(({ published }) => !published);
  const rules: string[] = [];
  if (admins !== 'anyone') rules.push(`  - { allow: ${listOf(logins)}, from: admins }`);
  else {
    // A limit would take the next packet of a connection that is not tracked yet for a new one beyond it.
    const limit = tracked ? ', at-most: { new: 10, within: 60s }' : '';
    rules.push(`  # Anybody may try to log in: keys instead of passwords, please.\n  - { allow: ${listOf(logins)}${limit} }`);
  }
  for (const { audience, services } of audiences(own)) {
    if (audience === 'nobody') continue;
    const from =
      audience === 'anyone' ? '' : audience === 'admins' ? (admins === 'anyone' ? '' : ', from: admins') : `, from: ${audience}`;
    rules.push(`  - { allow: ${listOf(services)}${from} }`);
  }
  const closed = own.filter(({ to }) => to === 'nobody');
  const note = closed.length === 0 ? '' : `\n  # Listening, and open to nobody: ${closed.map(saidOf).join(', ')}.`;
  return `incoming:\n${rules.join('\n')}${note}`;
}

function forwardedOf({ internet, forwards }: Answers, { hidden }: Ground): string {
  if (forwards.length === 0) return '';
  const out = internet.length > 0 ? ', out: internet' : '';
  const rest = forwards.filter((link) => !hidden.includes(link));
  const via = (links: readonly string[]): string => (links.length === forwards.length ? 'inside' : listOf(links));
  // Only whoever leaves by a named link can take its address.
  const mask = out === '' ? '' : ', masquerade: ipv4';
  const rules = [
    ...(hidden.length > 0 ? [`  - { allow: any, via: ${via(hidden)}${out}${mask} }`] : []),
    ...(rest.length > 0 ? [`  - { allow: any, via: ${via(rest)}${out} }`] : []),
  ];
  return `# Machines behind this host go out through it; nobody comes in to them unasked.\nforwarded:\n${rules.join('\n')}`;
}

function dockerOf({ offers, admins }: Answers): string {
  const published = offers.filter(({ published: is }) => is);
  if (published.length === 0) return '';
  const rules = audiences(published).flatMap(({ audience, services }) => {
    if (audience === 'nobody') return [];
    const from = audience === 'anyone' || (audience === 'admins' && admins === 'anyone') ? '' : `, from: ${audience}`;
    return [`  - { allow: ${listOf(services)}${from} }`];
  });
  const head = '# Ports that Docker publishes, by the port of this host; what is not listed is dropped.';
  return rules.length === 0 ? `${head}\ndocker: []` : `${head}\ndocker:\n${rules.join('\n')}`;
}

function protectionOf({ internet }: Answers, { bogons, tracked }: Ground): string {
  const parts = [
    ...(bogons && internet.length > 0 ? ['bogons: { via: internet }'] : []),
    'bad-flags: true',
    ...(tracked ? ['new-not-syn: true'] : []),
  ];
  const later = tracked
    ? ''
    : '\n# Once the rules are in force, add new-not-syn: true; until then it could cut a connection that has been silent.';
  return `# What no honest sender sends.${later}\nprotect: { ${parts.join(', ')} }`;
}

function testsOf({ internet, admins, logins, offers, forwards }: Answers): string {
  const lines: string[] = [];
  const login = listOf(logins);
  if (admins === 'anyone') lines.push(`can:    { reach: ${login} }`);
  else lines.push(`can:    { from: admins, reach: ${login} }`, `cannot: { from: { anyone-except: admins }, reach: ${login} }`);
  for (const { audience, services } of audiences(offers.filter(({ published }) => !published))) {
    const reach = listOf(services);
    if (audience === 'nobody') lines.push(`cannot: { reach: ${reach} }`);
    else if (audience === 'anyone' || (audience === 'admins' && admins === 'anyone')) lines.push(`can:    { reach: ${reach} }`);
    else
      lines.push(
        `can:    { from: ${audience}, reach: ${reach} }`,
        `cannot: { from: { anyone-except: ${audience} }, reach: ${reach} }`,
      );
  }
  if (forwards.length > 0 && internet.length > 0)
    lines.push(
      'can:    { way: forwarded, via: inside, out: internet, reach: [https, dns] }',
      'cannot: { way: forwarded, via: internet, out: inside, reach: any }',
    );
  return `# What must be so, whatever becomes of the rules above: palisade test asks it, and palisade apply changes nothing unless it holds.
tests:
${lines.map((line) => `  - ${line}`).join('\n')}`;
}

/** Services that the same people may reach, one rule each; everybody's first. */
function audiences(offers: readonly Offer[]): readonly { readonly audience: string; readonly services: readonly string[] }[] {
  const groups = new Map<string, string[]>([
    ['anyone', []],
    ['admins', []],
  ]);
  for (const { service, to } of offers) {
    const audience = typeof to === 'string' ? to : quoted(to);
    groups.set(audience, [...(groups.get(audience) ?? []), service]);
  }
  return [...groups].filter(([, services]) => services.length > 0).map(([audience, services]) => ({ audience, services }));
}

/** For a comment: a process may call itself anything. */
function saidOf({ service, ports, process }: Offer): string {
  const more = [...ports.filter((port) => port !== service), ...(process === null ? [] : [process.replace(/[^\w.:-]/g, '?')])];
  return more.length === 0 ? service : `${service} (${more.join(', ')})`;
}

function listOf(words: readonly string[]): string {
  return words.length === 1 ? word(words[0] ?? '') : `[${words.map(word).join(', ')}]`;
}

/** Bare where every reader of YAML takes it for text. */
function word(text: string): string {
  return /^[A-Za-z][\w.-]*$|^\d+(-\d+)?\/(tcp|udp|sctp|dccp)$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function quoted(addresses: readonly string[]): string {
  return `[${addresses.map((address) => JSON.stringify(address)).join(', ')}]`;
}
