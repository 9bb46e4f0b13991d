import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { TextRead } from '../model/host/index.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';

/** Units that load, save or change rules, log them, or watch over them. */
const units = [
  'netfilter-persistent',
  'iptables',
  'ip6tables',
  'ipset',
  'nftables',
  'ufw',
  'firewalld',
  'shorewall',
  'shorewall6',
  'ferm',
  'firehol',
  'docker',
  'fail2ban',
  'crowdsec',
  'crowdsec-firewall-bouncer',
  'auditd',
  'rsyslog',
  'syslog-ng',
  'ulogd2',
  'systemd-journald',
  'systemd-journal-upload',
].map((name) => `${name}.service`);

/** What systemd says of them. Where it is not the one that boots the host, there is nobody to ask. */
export async function readUnits(run: Run, signal?: AbortSignal): Promise<TextRead> {
  const properties = 'Id,LoadState,ActiveState,UnitFileState';
  const read = await readBy(run, { argv: ['systemctl', 'show', '--no-pager', '-p', properties, '--', ...units] }, signal);
  if (read.read) return { ...read, command: `systemctl show -p ${properties}` };
  const absent = read.why === 'missing' || /not been booted with systemd|connect to bus/i.test(read.detail);
  return absent ? { ...read, why: 'unused', detail: 'systemd does not run this host' } : read;
}

/** The rules by which the kernel records what happens. The tool only asks; records go to auditd, or to the kernel's log. */
export async function readAuditRules(run: Run, signal?: AbortSignal): Promise<TextRead> {
  return readBy(run, { argv: ['auditctl', '-l'] }, signal);
}

/** What the connection table lost; where the file is missing, so is conntrack. */
export async function readLosses(run: Run, signal?: AbortSignal): Promise<TextRead> {
  const read = await readBy(run, { argv: ['cat', '/proc/net/stat/nf_conntrack'] }, signal);
  return !read.read && read.detail.includes('No such file') ? { ...read, why: 'unused' } : read;
}

/** Modules whose presence matters to a firewall: rarely used protocols, and helpers that read payloads. */
const matters = /\/(?:dccp|sctp|tipc|rds|can|nf_conntrack_\w+)\.ko/;

/**
 * The modules that are loaded, and of those that matter the ones that could be, in the form of model/host/module.ts. A kernel says
 * in modules.builtin what it has in itself, also one that takes no modules; without that list nothing is known of it.
 */
export function readModuleFiles(root = ''): TextRead {
  const folder = `/lib/modules/${release()}`;
  const [proc, dep, inside] = ['/proc/modules', `${folder}/modules.dep`, `${folder}/modules.builtin`];
  const [loaded, listed, builtin] = [proc, dep, inside].map((path) => contentOf(root + path)) as [Content, Content, Content];
  const refused = [loaded, listed, builtin].find((content) => content.text === null && !content.absent);
  if (refused !== undefined) return { read: false, why: 'failed', tool: 'cat', detail: refused.detail };
  if (builtin.absent) return { read: false, why: 'failed', tool: 'cat', detail: `there is no ${inside}, as in containers` };
  const closed = loaded.absent || contentOf(`${root}/proc/sys/kernel/modules_disabled`).text?.trim() === '1';
  if (!closed && listed.absent)
    return { read: false, why: 'failed', tool: 'cat', detail: `there is no ${dep}, as in containers` };
  const lines = [
    ...(closed ? ['closed'] : []),
    ...linesOf(loaded.text).map((line) => `loaded ${line.split(' ', 1)[0]}`),
    ...linesOf(builtin.text).flatMap((line) => (matters.test(line) ? [`builtin ${line}`] : [])),
    ...linesOf(listed.text).flatMap((line) =>
      matters.test(line.split(':', 1)[0] ?? '') ? [`file ${line.split(':', 1)[0]}`] : [],
    ),
  ];
  return { read: true, text: lines.join('\n'), command: `cat ${proc} ${dep} ${inside}`, warnings: '' };
}

function linesOf(text: string | null): readonly string[] {
  return (text ?? '').split('\n').filter((line) => line !== '');
}

interface Content {
  readonly text: string | null;
  readonly absent: boolean;
  /** Why there is no text. */
  readonly detail: string;
}

function contentOf(path: string): Content {
  try {
    return { text: readFileSync(path, 'latin1'), absent: false, detail: '' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { text: null, absent: code === 'ENOENT', detail: message };
  }
}
