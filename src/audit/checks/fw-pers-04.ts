import { filesIn, type HostFile, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { guide, oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { both, fine, found, given, shellWord } from '../host-finding.ts';

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const rules = (mode: string, more: object = {}): object => file('/etc/iptables/rules.v4', guide, { mode, ...more });
const folder = (mode: string): object => ({ path: '/etc/iptables', kind: 'folder', mode });

const folders = ['/etc/iptables', '/etc/ipset'];
const single = [
  '/etc/sysconfig/iptables',
  '/etc/sysconfig/ip6tables',
  '/etc/sysconfig/ipset',
  '/etc/iptables.rules',
  '/etc/iptables.up.rules',
  '/etc/ip6tables.rules',
  '/etc/ip6tables.up.rules',
  '/etc/ipset.conf',
  '/etc/ipset.rules',
  '/etc/nftables.conf',
  '/etc/ferm/ferm.conf',
];
const tools = /^\/(?:usr\/)?sbin\/(?:xtables-(?:nft|legacy)-multi|ip6?tables[\w-]*|nft|ipset|ebtables|arptables)$/;

/**
 * Benchmarks want the folder 0700 and the files 0600. Debian's own are 0755 and 0640 for root's group, which nobody but root is in, and
 * tell others no more than the names of files: so what counts is who may write, and whether others may read the rules.
 */
export const fwPers04: Check = {
  id: 'FW-PERS-04',
  title: "the saved rules and the tools are root's alone",
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'SSG directory_owner_etc_iptables',
    'SSG directory_groupowner_etc_iptables',
    'SSG directory_permissions_etc_iptables',
    'ANSSI BP-028 R50',
  ],
  why: 'Whoever may write the saved rules decides what the firewall is after the next boot; whoever may read them sees its gaps.',
  fix: 'Give the files to root, with mode 0600, and take setuid from the tools.',
  run,
  examples: [
    { title: 'as Debian has it', facts: host(folder('0755'), rules('0640')), finds: [] },
    { title: 'as benchmarks want it', facts: host(folder('0700'), rules('0600')), finds: [] },
    { title: 'everybody may read the rules', facts: host(folder('0755'), rules('0644')), finds: ['medium null'] },
    { title: 'readable, in a folder that nobody may enter', facts: host(folder('0700'), rules('0644')), finds: [] },
    { title: 'somebody else may write them', facts: host(folder('0755'), rules('0640', { uid: 1000 })), finds: ['high null'] },
    { title: 'everybody may put files there', facts: host(folder('0777'), rules('0640')), finds: ['high null'] },
    { title: 'iptables is setuid', facts: host(file('/usr/sbin/xtables-nft-multi', '', { mode: '4755' })), finds: ['high null'] },
    {
      title: 'sudo lets others use iptables',
      facts: host(file('/etc/sudoers.d/ops', '%ops ALL=(root) NOPASSWD: /usr/sbin/iptables\n', { mode: '0440' })),
      finds: ['low null'],
    },
    {
      title: 'the file that comes with nftables',
      facts: host(file('/etc/nftables.conf', 'flush ruleset\ntable inet filter {\n}\n', { mode: '0755' })),
      finds: [],
    },
    { title: 'nothing is saved', facts: host(), finds: [] },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwPers04, [host.files], (files) =>
    given(fwPers04, [filesIn(files, ...folders), sudo(files)], (listed, granted) => {
      const kept = [...listed, ...[...folders, ...single].flatMap((path) => files.get(path) ?? [])].filter(
        ({ kind }) => kind !== 'link',
      );
      const writable = kept.filter((file) => file.uid !== 0 || othersMay(file, 0o2));
      const readable = kept.filter(
        (file) => file.kind === 'file' && !writable.includes(file) && othersMay(file, 0o4) && entered(files, file) && tells(file),
      );
      const setuid = [...files.values()].filter(
        ({ path, kind, mode }) => kind === 'file' && tools.test(path) && (mode & 0o6000) !== 0,
      );
      return both(ofWritable(writable), ofReadable(readable), ofSetuid(setuid), ofSudo(granted));
    }),
  );
}

/** Whether a user who is not root may: by the rights of all, or those of a group that is not root's. */
function othersMay({ mode, gid }: HostFile, right: number): boolean {
  return (mode & right) !== 0 || (gid !== 0 && (mode & (right << 3)) !== 0);
}

/** Whether there is a rule in it: the empty file of nftables, which comes with the package, tells nothing. */
function tells({ text }: HostFile): boolean {
  return !text.known || /^[^#]*(?:\b(?:accept|drop|reject|saddr|dport)\b|^-A |^add )/im.test(text.value);
}

function entered(files: HostFiles, { path }: HostFile): boolean {
  const folder = files.get(path.slice(0, path.lastIndexOf('/')));
  return folder === undefined || othersMay(folder, 0o1);
}

function names(files: readonly HostFile[]): string {
  return sayList(
    files.map(({ path, mode, uid }) => `${path} (mode ${mode.toString(8).padStart(4, '0')}${uid === 0 ? '' : `, owner ${uid}`})`),
  );
}

function ofWritable(files: readonly HostFile[]): Answer {
  if (files.length === 0) return fine;
  return found(fwPers04, {
    severity: 'high',
    title: `Others than root can change what is loaded at boot: ${names(files)}`,
    why: 'Whoever may write there makes the firewall of the next boot.',
    fix: `Give it back to root.\n${files.map(({ path }) => `chown root:root ${shellWord(path)} && chmod go-w ${shellWord(path)}`).join('\n')}`,
  });
}

function ofReadable(files: readonly HostFile[]): Answer {
  if (files.length === 0) return fine;
  return found(fwPers04, {
    title: `Every user may read the saved rules: ${names(files)}`,
    why: 'They tell which addresses are trusted and which ports are open to whom.',
    fix: `Keep them for root.\n${files.map(({ path }) => `chmod 0600 ${shellWord(path)}`).join('\n')}`,
  });
}

function ofSetuid(files: readonly HostFile[]): Answer {
  if (files.length === 0) return fine;
  return found(fwPers04, {
    severity: 'high',
    title: `Tools of the firewall run as root for everybody: ${names(files)}`,
    why: 'Any user can change every rule.',
    fix: `Take the right away.\n${files.map(({ path }) => `chmod ug-s ${shellWord(path)}`).join('\n')}`,
  });
}

function ofSudo(places: readonly string[]): Answer {
  if (places.length === 0) return fine;
  return found(fwPers04, {
    severity: 'low',
    title: `sudo lets others use the tools of the firewall without a password: ${sayList(places)}`,
    why: 'Who takes over such an account opens the firewall.',
    fix: 'Ask for a password there, or let them use a command of palisade that opens one thing for a time.',
  });
}

/** Lines of sudoers, as `FILE:LINE`, that name a tool and ask no password. */
function sudo(files: HostFiles): Known<readonly string[]> {
  const listed = filesIn(files, '/etc/sudoers.d');
  if (!listed.known) return listed;
  const main = files.get('/etc/sudoers');
  const places: string[] = [];
  for (const { path, text } of main === undefined ? listed.value : [main, ...listed.value]) {
    if (!text.known) return text;
    for (const [index, line] of text.value.split('\n').entries()) {
      if (/^[^#]*NOPASSWD:[^#]*\b(?:ip6?tables|nft|ipset)\b/.test(line) && !/^\s*root\s/.test(line))
        places.push(`${path}:${index + 1}`);
    }
  }
  return known(places);
}
