import { filesIn, type HostFile, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { guide, oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { both, fine, found, given, shellWord, unanswered } from '../host-finding.ts';
import { fileToRoot, folderToRoot, isExchangeable, othersMay } from '../root-only.ts';

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const rules = (mode: string, more: object = {}): object => file('/etc/iptables/rules.v4', guide, { mode, ...more });
const folder = (mode: string, more: object = {}): object => ({ path: '/etc/iptables', kind: 'folder', mode, ...more });
const linked = (leads: object, more: object = {}): object =>
  rules('0777', { target: '/home/admin/rules.v4', leads: { path: '/home/admin/rules.v4', ...leads }, ...more });

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
/** What root runs, or goes by, whenever the machine starts or palisade does: it may be read by all. */
const ours = [
  '/etc/palisade',
  '/etc/palisade/bans.sh',
  '/etc/palisade/boot.sh',
  '/etc/palisade/config.yaml',
  '/var/lib/palisade',
  '/var/lib/palisade/boot',
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
    { title: "the folder is somebody else's", facts: host(folder('0755', { uid: 1000 }), rules('0640')), finds: ['high null'] },
    { title: "a link to a file of root's", facts: host(folder('0755'), linked({ mode: '0600' })), finds: [] },
    {
      title: "a link to somebody else's file",
      facts: host(folder('0755'), linked({ mode: '0600', uid: 1000 })),
      finds: ['high null'],
    },
    {
      title: "a link to a file of root's in somebody else's folder",
      facts: host(folder('0755'), linked({ mode: '0600', folder: { uid: 1000 } })),
      finds: ['high null'],
    },
    {
      title: 'a link to a file that all may read',
      facts: host(folder('0755'), linked({ mode: '0644' })),
      finds: ['medium null'],
    },
    { title: 'a link that somebody else made', facts: host(folder('0755'), linked({}, { uid: 1000 })), finds: ['high null'] },
    {
      title: 'what palisade runs at boot',
      facts: host({ path: '/etc/palisade', kind: 'folder' }, { path: '/etc/palisade/boot.sh', mode: '0755' }),
      finds: [],
    },
    {
      title: 'somebody else may write what palisade runs at boot',
      facts: host({ path: '/etc/palisade/boot.sh', mode: '0777' }),
      finds: ['high null'],
    },
    {
      title: 'somebody else owns what makes the sets of who is shut out',
      facts: host({ path: '/etc/palisade/bans.sh', mode: '0755', uid: 1000 }),
      finds: ['high null'],
    },
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
      const kept = [...new Set([...listed, ...[...folders, ...single].flatMap((path) => files.get(path) ?? [])])];
      const writable = kept.filter(isWritable);
      const own = ours.flatMap((path) => files.get(path) ?? []).filter(isWritable);
      const readable = kept.filter(
        (file) => file.kind !== 'folder' && !writable.includes(file) && readByAll(files, file) && tells(file),
      );
      // A link that leads where others decide was not followed.
      const hidden = kept.flatMap(({ kind, uid, leads, text }) =>
        kind === 'link' && uid === 0 && leads === null && !text.known ? [unanswered(fwPers04, text)] : [],
      );
      const setuid = [...files.values()].filter(
        ({ path, kind, mode }) => kind === 'file' && tools.test(path) && (mode & 0o6000) !== 0,
      );
      return both(ofWritable([...writable, ...own]), ...hidden, ofReadable(readable), ofSetuid(setuid), ofSudo(granted));
    }),
  );
}

/** Of a link the file at its end counts, and its folder: its own mode says nothing. */
function isWritable(file: HostFile): boolean {
  const { kind, uid, leads } = file;
  if (uid !== 0) return true;
  if (kind !== 'link') return othersMay(file, 0o2);
  return leads !== null && (leads.uid !== 0 || othersMay(leads, 0o2) || isExchangeable(leads.folder));
}

function readByAll(files: HostFiles, { path, kind, mode, gid, leads }: HostFile): boolean {
  if (kind === 'link') return leads !== null && !folders.includes(path) && othersMay(leads, 0o4) && othersMay(leads.folder, 0o1);
  const folder = files.get(path.slice(0, path.lastIndexOf('/')));
  return othersMay({ mode, gid, uid: 0 }, 0o4) && (folder === undefined || othersMay(folder, 0o1));
}

/** Whether there is a rule in it: the empty file of nftables, which comes with the package, tells nothing. */
function tells({ text }: HostFile): boolean {
  return !text.known || /^[^#]*(?:\b(?:accept|drop|reject|saddr|dport)\b|^-A |^add )/im.test(text.value);
}

function names(files: readonly HostFile[]): string {
  const said = ({ mode, uid }: { readonly mode: number; readonly uid: number }) =>
    `mode ${mode.toString(8).padStart(4, '0')}${uid === 0 ? '' : `, owner ${uid}`}`;
  return sayList(
    files.map(({ path, kind, uid, mode, leads }) => {
      if (kind !== 'link') return `${path} (${said({ mode, uid })})`;
      if (leads === null || uid !== 0) return `${path} (a link, owner ${uid})`;
      return `${path} (a link to ${leads.path}, ${said(leads)}, in a folder of ${said(leads.folder)})`;
    }),
  );
}

function ofWritable(files: readonly HostFile[]): Answer {
  if (files.length === 0) return fine;
  const links = files.some(({ kind }) => kind === 'link');
  return found(fwPers04, {
    severity: 'high',
    title: `Others than root can change what is loaded at boot: ${names(files)}`,
    why: 'Whoever may write there makes the firewall of the next boot.',
    fix: `${links ? 'Look first at what is in them, and where links lead: it may be the work of others. Then give it back to root, and put files in the place of links.' : 'Give it back to root, folders first.'}
${[...files]
  .sort((a, b) => Number(b.kind === 'folder') - Number(a.kind === 'folder'))
  .map(toRoot)
  .join('\n')}`,
  });
}

function toRoot({ path, kind, uid, target, leads }: HostFile): string {
  if (kind === 'folder') return folderToRoot(path);
  if (kind === 'file') return fileToRoot(path);
  const [word, fresh] = [shellWord(path), shellWord(`${path}.palisade`)];
  if (uid !== 0 || leads === null) return `ln -sfn ${shellWord(target ?? '')} ${word}`;
  const from = shellWord(leads.path);
  return folders.includes(path)
    ? `cp -RP ${from} ${fresh} && chown -Rh root:root ${fresh} && chmod -R go-w ${fresh} && rm ${word} && mv ${fresh} ${word}`
    : `install -o root -g root -m 0600 ${from} ${fresh} && mv ${fresh} ${word}`;
}

function ofReadable(files: readonly HostFile[]): Answer {
  if (files.length === 0) return fine;
  return found(fwPers04, {
    title: `Every user may read the saved rules: ${names(files)}`,
    why: 'They tell which addresses are trusted and which ports are open to whom.',
    fix: `Keep them for root.\n${files.map(({ path, leads }) => `chmod 0600 ${shellWord(leads?.path ?? path)}`).join('\n')}`,
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
