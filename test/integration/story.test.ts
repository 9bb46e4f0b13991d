import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

function nrpe(mode: string): Judged {
  const { exit, output } = company.nrpe.call(`palisade_${mode}`);
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

/** How channels stand. */
async function channels() {
  const read = await company.published();
  if (!read.ok) throw new Error(read.problem.message);
  if (!read.state.alerts.known) throw new Error(read.state.alerts.why);
  return read.state.alerts.value;
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

test('behind a guide’s firewall to the letter nothing is answered: alerts wait, and who is on the host itself is told', async () => {
  await each('the guide to the letter', {
    'Nagios, told': () => nagios(hostName, 'policy')?.exit === 2,
    'Nagios, asking': () => nagios(`${hostName}-asked`, 'policy')?.exit === 2,
    'JSON lines': () => company.lines().some(({ message }) => message.includes(worst)),
    // Nobody answers it, and that is no good news.
    Prometheus: async () => (await alertmanager()).includes('PalisadeDown'),
    'alerts that wait': async () => {
      const all = await channels();
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
  const scans = JSON.parse(await succeeds('incidents', '--json')) as { incidents: { id: string; detector: string }[] };
  for (const { id, detector } of scans.incidents) if (detector !== 'finding') await succeeds('incidents', 'ack', id);
  process.stdout.write(`mending: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  await each('mended', {
    // What is left to be better is no danger.
    ...judges((mode, { exit }) => (mode === 'audit' ? exit <= 1 : exit === 0)),
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
  const thread = mails().filter(({ subject }) => subject.includes(worst.slice(0, 40)));
  expect(thread.map(({ subject }) => /Resolved/.test(subject))).toEqual([false, true]);
  expect(thread[1]?.references).toBe(thread[0]?.['message-id']);
}, 180_000);

test('nothing arrived twice, nothing is lost, and none was given up', async () => {
  await eventually('nothing to wait', async () => (await channels()).every(({ waiting }) => waiting === 0), patienceMs);
  for (const { channel, dead } of await channels()) expect(`${channel}: ${dead}`).toBe(`${channel}: 0`);
  const unique = (what: string, keys: readonly string[]): void => {
    expect(keys.length, what).toBeGreaterThan(0);
    expect([...new Set(keys)], what).toEqual(keys);
  };
  unique(
    'mails',
    mails().map((mail) => mail['message-id']),
  );
  unique(
    'posts',
    company.receiver.posts.map(({ key }) => key),
  );
  unique(
    'messages of syslog',
    company.rsyslog.messages().map(({ data }) => `${param(data, 'message')} ${param(data, 'incident')}`),
  );
  // Each transition of the worst finding once in each channel, though it began while nobody could be told.
  const states = (all: readonly string[]): readonly string[] => all.toSorted();
  const posted = company.receiver.posts.flatMap(({ body }) => body.alerts).filter(({ title }) => title === worst);
  expect(states(posted.map(({ state }) => state))).toEqual(['firing', 'resolved']);
  const logged = company.rsyslog.messages().filter(({ msg }) => msg.includes(worst));
  expect(states(logged.map(({ data }) => param(data, 'state')))).toEqual(['firing', 'firing', 'resolved', 'resolved']);
  expect(company.lines().filter(({ message }) => message.includes(worst))).toHaveLength(2);
});
