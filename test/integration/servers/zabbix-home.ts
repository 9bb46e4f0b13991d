import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Where Zabbix's programs are: on this machine, or in a Debian that is a folder. Both see the same network and the same `folder` of data. */
export interface Home {
  /** What starts a program as a user. */
  argv(user: string, argv: readonly string[], options?: { readonly cwd?: string; readonly etc?: string }): readonly string[];
  idOf(user: string): { readonly uid: number; readonly gid: number };
  /** The programs of PostgreSQL, as they are called there. */
  readonly postgres: string;
  /** Where the SQL of a new database is, as it is called here. */
  readonly sql: string;
}

const script = (lines: readonly string[]): readonly string[] => [
  ...['unshare', '-m', '--propagation', 'private', 'sh', '-c'],
  lines.join(' && '),
];

const quoted = (argv: readonly string[]): string => argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

/** The ids of a user, as a command before `id` sees them. */
function idsOf(user: string, ...before: readonly string[]): { readonly uid: number; readonly gid: number } {
  const [program = 'id', ...rest] = [...before, 'id'];
  const ask = (flag: string): number => Number(spawnSync(program, [...rest, flag, user], { encoding: 'utf8' }).stdout);
  return { uid: ask('-u'), gid: ask('-g') };
}

/** Debian's packages on this machine. `etc` stands in for /etc/zabbix, in a mount namespace that nobody else sees. */
export const thisMachine: Home = {
  argv(user, argv, { cwd = '/', etc } = {}) {
    const as = [`exec setpriv --reuid=${user} --regid=${user} --init-groups -- ${quoted(argv)}`];
    return script([`cd ${quoted([cwd])}`, ...(etc === undefined ? [] : [`mount --bind ${quoted([etc])} /etc/zabbix`]), ...as]);
  },
  idOf: (user) => idsOf(user),
  postgres: '/usr/lib/postgresql/15/bin',
  sql: '/usr/share/zabbix-server-pgsql',
};

/** A Debian 13 in a folder, which is not written to but for the places where things are mounted. `data` is where it is here, there too. */
export function inRoot(root: string, data: string): Home {
  return {
    argv(user, argv, { cwd = '/', etc } = {}) {
      const there = join(root, data);
      return script([
        `mount -t proc proc ${quoted([join(root, 'proc')])}`,
        `mount -t tmpfs tmpfs ${quoted([join(root, 'tmp')])}`,
        `mkdir -p ${quoted([there])}`,
        `mount --bind ${quoted([data])} ${quoted([there])}`,
        `mount -t tmpfs tmpfs ${quoted([join(root, 'dev')])}`,
        `mkdir ${quoted([join(root, 'dev/shm')])}`,
        ...['null', 'zero', 'urandom', 'random'].flatMap((name) => [
          `: > ${quoted([join(root, 'dev', name)])}`,
          `mount --bind /dev/${name} ${quoted([join(root, 'dev', name)])}`,
        ]),
        `chmod 1777 ${quoted([join(root, 'dev/shm')])}`,
        ...(etc === undefined ? [] : [`mount --bind ${quoted([etc])} ${quoted([join(root, 'etc/zabbix')])}`]),
        `exec chroot --userspec=${user}:${user} ${quoted([root])} env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c ${quoted([`cd '${cwd}' && exec "$@"`])} sh ${quoted(argv)}`,
      ]);
    },
    idOf: (user) => idsOf(user, 'chroot', root),
    postgres: '/usr/lib/postgresql/17/bin',
    sql: join(root, 'usr/share/zabbix-server-pgsql'),
  };
}
