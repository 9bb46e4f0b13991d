import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOutboxReading } from '../../src/store/index.ts';
import { attacker, outside } from './network.ts';
import { eventually } from './server.ts';
import { type Company, durations, guideReaders, hostName, openCompany, soundPolicy } from './story.ts';

/**
 * One host, one `palisade up`, and all of the monitoring systems: what they say while the host stands behind a guide's firewall, while somebody scans its
 * ports, and once that is mended. The steps stand on one another.
 */
const folder = mkdtempSync(join(tmpdir(), 'palisade-story-'));
const etc = listing();
let company: Company;

beforeAll(async () => {
  company = await openCompany(folder);
}, 120_000);

afterAll(async () => {
  await company?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`story: ${durations.join(', ')}\n`);
  expect(listing()).toEqual(etc);
}, 60_000);

/** What is below /etc: nothing of this may stay there. */
function listing(): readonly string[] {
  return readdirSync('/etc', { recursive: true, encoding: 'utf8' }).toSorted();
}

const patienceMs = 60_000;
const worst = 'IPv6 INPUT lets in everything that no rule was written for';

/** Waits until each of them says so, and notes after how long it did. What the one that is late says instead is told. */
async function each(step: string, mouths: Readonly<Record<string, () => unknown>>): Promise<void> {
  const began = performance.now();
  const took = await Promise.all(
    Object.entries(mouths).map(async ([name, ask]) => {
      await eventually(`${step}: ${name}`, ask, patienceMs, 250);
      return `${name} ${((performance.now() - began) / 1000).toFixed(1)} s`;
    }),
  );
  process.stdout.write(`${step}: ${took.join(', ')}\n`);
}

/** What could be better may be left; and where the tests run in a container, nobody knows what the next start of the machine brings. */
const isNoDanger = /^PALISADE (OK|WARNING|UNKNOWN) - (protected|unknown whether protected): (?!.*\d (critical|high))/;

/** Services of all who call the plugin, or are told what it would say. */
const modes = ['audit', 'policy', 'incidents'] as const;
type Judged = { readonly exit: number; readonly text: string };

function nagios(host: string, mode: string): Judged | null {
  const service = company.nagios.service(host, `palisade-${mode}`);
  return service === null ? null : { exit: service.state, text: `${service.output}\n${service.long}` };
}

async function icinga(mode: string): Promise<Judged | null> {
  const service = await company.icinga.service(hostName, `palisade-${mode}`);
  return service === null ? null : { exit: service.state, text: service.output };
}

async function nrpe(mode: string): Promise<Judged> {
  const { exit, output } = await company.nrpe.call(`palisade_${mode}`);
  return { exit: exit ?? 3, text: output };
}

/** Whoever judges by exit codes. */
function judges(isSo: (mode: (typeof modes)[number], judged: Judged) => boolean): Record<string, () => Promise<true>> {
  const all = async (ask: (mode: string) => Judged | null | Promise<Judged | null>): Promise<true> => {
    for (const mode of modes) {
      const judged = await ask(mode);
      if (judged === null || !isSo(mode, judged)) throw new Error(`${mode}: ${judged?.exit} ${judged?.text.slice(0, 300)}`);
    }
    return true;
  };
  return {
    'Nagios, told': () => all((mode) => nagios(hostName, mode)),
    'Nagios, asking': () => all((mode) => nagios(`${hostName}-asked`, mode)),
    'Icinga, told': () => all(icinga),
    'NRPE, asked': () => all(nrpe),
  };
}

/** Names of the problems that Zabbix shows, of severity high and disaster. */
async function zabbixProblems(): Promise<readonly string[]> {
  const found = await company.zabbix.api<{ name: string; severity: string }[]>('problem.get', { output: ['name', 'severity'] });
  return found.filter(({ severity }) => Number(severity) >= 4).map(({ name }) => name);
}

type Mail = Readonly<Record<'subject' | 'message-id' | 'references', string>>;

function mails(): readonly Mail[] {
  return company.mail.mails().map((text) => {
    const head = (text.split(/\r?\n\r?\n/, 1)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ');
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
    return { subject: field('subject'), 'message-id': field('message-id'), references: field('references') };
  });
}

/** One parameter of what rsyslog has taken, by syslog's own structured data. */
const param = (data: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(data)?.[1] ?? '';

/** Alerts in Alertmanager: of Prometheus' rules by name, of palisade itself by what they say. */
async function alertmanager(): Promise<readonly string[]> {
  const alerts = await company.alertmanager.alerts();
  return alerts.map(({ labels, annotations }) =>
    labels.detector === undefined ? (labels.alertname ?? '') : `${labels.alertname} ${annotations.summary}`,
  );
}

/** How channels stand, by the outbox itself: the host publishes it once a minute. */
function channels(): readonly {
  readonly channel: string;
  readonly waiting: number;
  readonly dead: number;
  readonly delivered: number;
}[] {
  const opened = openOutboxReading(join(folder, 'state'));
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using outbox = opened.value;
  return outbox.standing();
}

const remote = ['mail', 'syslog-tcp', 'syslog-tls', 'alertmanager', 'zabbix', 'hook'];

/** All channels have said so of an incident whose title holds the words. */
function told(words: string, state: 'firing' | 'resolved'): Record<string, () => unknown> {
  const first = state === 'firing' ? /Critical|High/ : /Resolved/;
  return {
    mail: () => mails().some(({ subject }) => subject.includes(words.slice(0, 40)) && first.test(subject)),
    'syslog over TCP and TLS': () =>
      company.rsyslog.messages().filter(({ msgid, msg }) => msgid === state && msg.includes(words)).length >= 2,
    webhook: () =>
      company.receiver.posts.some(({ body }) => body.state === state && body.alerts.some(({ title }) => title.includes(words))),
    'JSON lines': () => company.lines().some(({ message }) => message.includes(words)),
  };
}

/** Keys of what came before replies did. */
const early = new Set<string>();

/** What has arrived, by the keys under which a receiver knows what it has already. */
function arrived(): Readonly<Record<string, readonly string[]>> {
  return {
    mails: mails().map((mail) => mail['message-id']),
    posts: company.receiver.posts.map(({ key }) => key),
    'messages of syslog': company.rsyslog.messages().map(({ data }) => `${param(data, 'message')} ${param(data, 'incident')}`),
  };
}

/** The first of each key, which is what a receiver keeps. */
function isFirst<T>(keyOf: (one: T) => string): (one: T) => boolean {
  const seen = new Set<string>();
  return (one) => {
    const key = keyOf(one);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
}

test('behind a guide’s firewall to the letter nothing is answered: alerts wait, and who is on the host itself is told', async () => {
  await each('the guide to the letter', {
    'Nagios, told': () => nagios(hostName, 'policy')?.exit === 2,
    'Nagios, asking': () => nagios(`${hostName}-asked`, 'policy')?.exit === 2,
    'JSON lines': () => company.lines().some(({ message }) => message.includes(worst)),
    // Nobody answers it, and that is no good news.
    Prometheus: async () => (await alertmanager()).includes('PalisadeDown'),
    'alerts that wait': () => {
      const all = channels();
      const waiting = all.filter(({ waiting: some, delivered }) => some > 0 && delivered === 0).map(({ channel }) => channel);
      if (remote.every((name) => waiting.includes(name))) return true;
      throw new Error(JSON.stringify(all));
    },
  });
  expect(mails()).toEqual([]);
  expect(company.rsyslog.messages()).toEqual([]);
  expect(company.receiver.posts).toEqual([]);
  expect((await icinga('policy'))?.exit ?? 3).toBe(3);
}, 120_000);

test('once replies come through, it is critical in each of them', async () => {
  await guideReaders(company.network);
  await each('a guide’s firewall', {
    ...judges((_, { exit }) => exit === 2),
    Zabbix: async () => {
      const there = await zabbixProblems();
      const wanted = [/findings of severity critical/, new RegExp(`^Iptables: ${worst}`)];
      if (wanted.every((one) => there.some((name) => one.test(name)))) return true;
      throw new Error(there.join(' | '));
    },
    Prometheus: async () => {
      const there = await alertmanager();
      return ['FirewallFindings', 'FirewallNotProtecting', 'FirewallUnderAttack'].every((name) => there.includes(name));
    },
    Alertmanager: async () => (await alertmanager()).includes(`PalisadeFinding ${worst}`),
    ...told(worst, 'firing'),
  });
  for (const { isSigned } of company.receiver.posts) expect(isSigned).toBe(true);
  await eventually('all that waited to leave', () => channels().every(({ waiting }) => waiting === 0), patienceMs);
  for (const key of Object.values(arrived()).flat()) early.add(key);
}, 120_000);

test('a scan of its ports raises an alert in each of them', async () => {
  const ran = await company.network.attacker.run({
    argv: ['nmap', '-sS', '-n', '-Pn', '-p', '1-200', '--max-retries', '0', '-T4', '--host-timeout', '30s', outside],
    timeoutMs: 60_000,
  });
  expect(ran).toMatchObject({ kind: 'exited', status: 0 });
  const scan = `${attacker} scanned the ports of ${outside}`;
  await each('a port scan', {
    ...judges((mode, { text }) => mode !== 'incidents' || text.includes(scan)),
    Zabbix: async () => (await zabbixProblems()).some((name) => name.startsWith(`Iptables: ${scan}`)),
    Prometheus: async () => {
      const [{ value } = { value: ['', '0'] }] = (
        (await company.prometheus.api('query?query=sum(iptables_incidents)')) as { result: { value: [number, string] }[] }
      ).result;
      const open = [
        ...(await company
          .published()
          .then((read) => (read.ok && read.state.incidents.known ? [read.state.incidents.value] : []))),
      ];
      const scans = open.flatMap(({ list }) => list).filter(({ title }) => title.includes(scan));
      return scans.length > 0 && Number(value[1]) >= 2 && (await alertmanager()).includes('FirewallUnderAttack');
    },
    Alertmanager: async () => (await alertmanager()).some((name) => name.includes(scan)),
    ...told(scan, 'firing'),
  });
}, 120_000);

test('mending it by a policy, as an announced change, resolves it in each of them', async () => {
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, soundPolicy);
  const began = performance.now();
  const succeeds = async (...argv: readonly string[]): Promise<string> => {
    const { exit, stdout, stderr } = await company.palisade(...argv);
    expect(`${exit} ${exit === 0 ? '' : `${stdout}${stderr}`}`, argv.join(' ')).toBe('0 ');
    return stdout;
  };
  await succeeds('change', 'begin', '--for', '10m', '--reason', 'the guide goes');
  await succeeds('apply', '--policy', policy, '--yes');
  // What the guide left stands behind the policy's chain, and none of it is ever reached.
  await company.network.onHost(['sh', '-c', 'while iptables -D INPUT 2 2>/dev/null; do :; done']);
  await company.network.onHost(['sysctl', '-qw', 'net.ipv4.conf.eth0.rp_filter=1']);
  await succeeds('change', 'commit');
  // What happened stays open until it has been quiet for long, or somebody has seen it.
  for (const line of (await succeeds('incidents', '--json')).trim().split('\n')) {
    const { id, detector } = JSON.parse(line) as { id: string; detector: string };
    if (detector !== 'finding') await succeeds('incidents', 'ack', id);
  }
  process.stdout.write(`mending: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  await each('mended', {
    ...judges((mode, { exit, text }) => (mode === 'audit' ? isNoDanger.test(text) : exit === 0)),
    Zabbix: async () => {
      const left = (await zabbixProblems()).filter((name) => !name.includes(attacker));
      if (left.length === 0) return true;
      throw new Error(left.join(' | '));
    },
    Prometheus: async () => {
      const left = (await alertmanager()).filter((name) =>
        /^(PalisadeDown|Firewall(Findings|NotProtecting|UnderAttack|PolicyNotDrop))$/.test(name),
      );
      if (left.length === 0) return true;
      throw new Error(left.join(' | '));
    },
    Alertmanager: async () => !(await alertmanager()).includes(`PalisadeFinding ${worst}`),
    ...told(worst, 'resolved'),
  });
  const thread = mails()
    .filter(isFirst((mail) => mail['message-id']))
    .filter(({ subject }) => subject.includes(worst.slice(0, 40)));
  expect(thread.map(({ subject }) => /Resolved/.test(subject))).toEqual([false, true]);
  expect(thread[1]?.references).toBe(thread[0]?.['message-id']);
}, 180_000);

test('nothing arrived twice, nothing is lost, and none was given up', async () => {
  await eventually('nothing to wait', () => channels().every(({ waiting }) => waiting === 0), patienceMs);
  const { exit, stdout } = await company.palisade('alerts', '--json');
  const said = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; channel: string; dead?: number; state?: string });
  expect(exit).toBe(0);
  expect(
    said
      .filter(({ kind }) => kind === 'channel')
      .map(({ channel, dead }) => `${channel}: ${dead}`)
      .toSorted(),
  ).toEqual([...remote, 'lines'].map((channel) => `${channel}: 0`).toSorted());
  expect(said.filter(({ state }) => state === 'waiting' || state === 'dead')).toEqual([]);
  for (const [what, keys] of Object.entries(arrived())) {
    expect(keys.length, what).toBeGreaterThan(0);
    // Of what was sent while no answer came back nobody knew whether it had arrived: it may come again, under the same key, by which receivers know it.
    const rest = keys.filter((key) => !early.has(key));
    expect([...new Set(rest)], what).toEqual(rest);
  }
  // Each transition of the worst finding once in each channel, though it began while nobody could be told.
  const posts = company.receiver.posts.filter(isFirst(({ key }) => key)).flatMap(({ body }) => body.alerts);
  const posted = posts.filter(({ title }) => title === worst);
  expect(posted.map(({ state }) => state)).toEqual(['firing', 'resolved']);
  const logged = company.rsyslog.messages().filter(({ msg }) => msg.includes(worst));
  const kept = logged.filter(isFirst(({ data }) => param(data, 'message')));
  expect(kept.map(({ data }) => param(data, 'state')).toSorted()).toEqual(['firing', 'firing', 'resolved', 'resolved']);
  expect(company.lines().filter(({ message }) => message.includes(worst))).toHaveLength(2);
});
