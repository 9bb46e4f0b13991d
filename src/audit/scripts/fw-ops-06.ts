import { parseAddress } from '../../model/net/index.ts';
import { sayList } from '../blame.ts';
import type { ScriptCheck, ScriptSubject } from './check.ts';
import { unclearTo } from './unclear.ts';

/**
 * Names of hosts where rules want addresses. iptables asks a name server when the command runs, once, and the kernel keeps
 * the addresses of that moment (iptables(8): "not a good idea"); palisade looks up nothing, so the rule is not followed.
 */
export const fwOps06: ScriptCheck = {
  id: 'FW-OPS-06',
  title: 'rules name addresses, not hosts that are looked up once',
  severity: 'medium',
  kinds: ['Y'],
  refs: [],
  why: 'When the address behind the name changes the rule lets in the wrong machine, and when no name server answers, as at boot, the rule is missing.',
  fix: 'Write the address, or fill an ipset from the name on a timer.',
  run,
  examples: [
    {
      title: 'a home whose address changes',
      script: 'iptables -A INPUT -s home.example.net -p tcp --dport 22 -j ACCEPT\n',
      finds: ['medium certain 1'],
    },
    {
      title: 'two of them, with the long options',
      script:
        'iptables -A INPUT --source one.example,192.0.2.1 -j ACCEPT\niptables -A OUTPUT ! --destination two.example -j DROP\n',
      finds: ['medium certain 1,2'],
    },
    {
      title: 'addresses, networks and both',
      script:
        'iptables -A INPUT -s 192.0.2.0/24,198.51.100.7 -d 10.0.0.0/255.0.0.0 -j ACCEPT\nip6tables -A INPUT -s fe80::/10 -j ACCEPT\n',
      finds: [],
    },
    {
      title: 'a variable that something else sets',
      script: 'iptables -A INPUT -s $HOME_OF_ADA -j ACCEPT\n',
      finds: [],
      unknown: 1,
    },
    { title: 'a name in a comment', script: 'iptables -A INPUT -m comment --comment "-s home" -j ACCEPT\n', finds: [] },
  ],
};

const sides: ReadonlySet<string> = new Set(['-s', '-d', '--source', '--src', '--destination', '--dst']);

function run(subject: ScriptSubject): ReturnType<ScriptCheck['run']> {
  const { script } = subject;
  const unknown = unclearTo(fwOps06.id, subject);
  const named = script.statements.flatMap((statement) => {
    if (statement.kind !== 'iptables') return [];
    const hosts = wordsOf(statement.text).flatMap((word, index, words) =>
      sides.has(words[index - 1] ?? '') ? word.split(',').filter(isName) : [],
    );
    return hosts.length > 0 ? [{ line: statement.line, hosts }] : [];
  });
  if (named.length === 0) return { findings: [], unknown };
  const lines = named.map(({ line }) => line);
  const hosts = [...new Set(named.flatMap((one) => one.hosts))];
  return {
    findings: [
      {
        id: fwOps06.id,
        severity: 'medium',
        certainty: 'certain',
        title: `Line ${lines.slice(0, 8).join(', line ')}: ${hosts.length === 1 ? 'a host is' : 'hosts are'} named, and looked up once`,
        why: `${sayList(hosts.slice(0, 8))} ${hosts.length === 1 ? 'stands' : 'stand'} where an address is meant. The rule keeps the addresses of the moment in which the command runs, and fails without a name server.`,
        family: null,
        at: [],
        causedBy: [],
        witness: null,
        fix: fwOps06.fix,
        refs: fwOps06.refs,
      },
    ],
    unknown,
  };
}

/** Words as a shell has them, as far as quotes go. */
function wordsOf(text: string): readonly string[] {
  return text.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
}

function isName(value: string): boolean {
  const [host = ''] = value.split('/');
  return (
    /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*\.?$/i.test(host) &&
    /[a-z]/i.test(host) &&
    parseAddress(host) === undefined
  );
}
