import { z } from 'zod';
import { type BackupPartJson, backupPart } from './backup-shape.ts';
import { readingInput } from './reading.ts';
import { type Context, type Outcome, verb } from './verb.ts';

const keep = (what: string) =>
  z.int().min(0).max(10_000).optional().describe(`prune, schedule: ${what}`).meta({ value: 'NUMBER' });

const every = ['hourly', 'daily', 'weekly'] as const;

const input = z.object({
  what: z
    .enum(['create', 'list', 'show', 'diff', 'verify', 'restore', 'prune', 'export', 'import', 'schedule', 'keygen'])
    .default('list')
    .describe('What to do')
    .meta({ value: 'WHAT', positional: true }),
  names: z
    .array(z.string())
    .default([])
    .describe('Snapshots, each by its ID or the beginning of it, a path, a tag, a time, or latest; import: files')
    .meta({ value: 'NAME', positional: true }),
  tag: z.string().min(1).max(100).optional().describe('create, import: a word to find it again by; it is never pruned'),
  to: z.string().optional().describe('export: the folder that takes the files').meta({ value: 'DIR', path: true }),
  copyTo: z
    .array(z.string())
    .default([])
    .describe('create, schedule: put a copy there, read it back and compare; a folder, or sftp://USER@HOST:PORT/FOLDER')
    .meta({ value: 'WHERE', path: true }),
  every: z.enum(every).optional().describe('schedule: take one in each hour, day or week').meta({ value: 'TIME' }),
  jitter: z
    .int()
    .min(0)
    .max(86_400)
    .optional()
    .describe('schedule: begin within so many seconds, each machine at its own time (default: 15 minutes, 2 hours, 6 hours)')
    .meta({ value: 'SECONDS' }),
  remove: z.boolean().default(false).describe('schedule: take none by itself any more'),
  due: z
    .enum([...every, 'now'])
    .optional()
    .describe('create: do what the schedule does, if it is time')
    .meta({ value: 'TIME' }),
  key: z
    .string()
    .optional()
    .describe('verify, restore: the public key that must have signed it')
    .meta({ value: 'FILE', path: true }),
  prove: z.boolean().default(false).describe('verify: load it into a namespace once more, and compare'),
  only: z.enum(['own']).optional().describe('restore: only what is palisade’s, and leave what others have'),
  timeout: z.int().min(5).max(3600).default(60).describe('restore: seconds until it undoes itself').meta({ value: 'SECONDS' }),
  yes: z.boolean().default(false).describe('restore: confirm it at once, if everything is as it was to be'),
  unsigned: z.boolean().default(false).describe('restore: also what nobody signed whom this host knows'),
  dryRun: z.boolean().default(false).describe('prune: only say what would go'),
  keepLast: keep('so many of the newest stay'),
  keepHourly: keep('the last of each hour, of so many hours'),
  keepDaily: keep('the last of each day, of so many days'),
  keepWeekly: keep('the last of each week, of so many weeks'),
  keepMonthly: keep('the last of each month, of so many months'),
  most: z.int().min(1).max(10_000).default(50).describe('diff: so many kinds of packets of each way').meta({ value: 'NUMBER' }),
  backend: readingInput.backend,
});

export const backup = verb({
  name: 'backup',
  group: 'keep',
  summary: 'snapshots of the whole firewall: take, list, compare, verify, restore, write out, read in',
  description: `A snapshot is one file that holds the rules of both families and backends with their counters, ipsets with members and
timeouts, lists of recent, tables of nft that iptables did not make, settings of the kernel and versions of the tools. Its ID is the SHA-256 of what it holds: no
byte can change unseen. Each is proved when it is taken: loaded into a namespace of its own, printed back and compared byte for byte.
Every change that palisade makes takes one before and one after.
create takes one now. list, show and verify say what there is, what one holds, and whether it is as it was written. diff compares two, or one with this host as it is:
which lines, which members of sets, and which packets are treated differently.
restore puts one back, the whole host or with --only own what of it is palisade's: tables of both families with their counters, sets with their members
and how long each has left, and the addresses in lists of recent. The way there and back is rehearsed in a namespace first; then it is made as
palisade apply makes a change, and undone unless it is confirmed. Where sets change that rules ask, no packet meets a mixture of old and new. Rules of one backend are
loaded by the other only with --backend, and if no packet is treated otherwise. prune takes away what no period keeps, never
what was last confirmed. export writes rules.v4, rules.v6 and ipset.conf; import makes a snapshot of such files. keygen makes an Ed25519 key: from then on
snapshots of this host are signed; and what journal keygen makes.
schedule has the machine take one in each hour, day or week of UTC, by a timer of systemd's, or by cron where systemd is not process 1; prune
what no period keeps; and seal the journal where a key for that was made. What was missed while the machine was off is made up. Without --every it says what is
done, and when it was last. What fails is noted in the journal and logged as an error, and the unit fails; where cron asks, it is tried
again after an hour.
Copies go into a folder, or to another host by the system's sftp with the keys and hosts that ssh knows for the user that palisade runs as
(?identity=/FILE and &known-hosts=/FILE name others); nobody is asked for a password, and a host that is not known is refused. Each copy
is read back and compared before it gets its name. One that fails is an error; the snapshot here stays. What --copy-to and the flags of prune do not
say, config.yaml does (backup: copies, keep), for create, for prune, and whenever the schedule takes one.`,
  input,
  output: backupPart,
  streams: true,
  exits: {
    0: 'done',
    1: 'a snapshot is damaged, not proved or not copied, the schedule is not kept, or the two differ',
    2: 'no snapshot or file is named so, or it cannot be read',
    3: 'the rules of this host could not be read',
    4: 'nothing was kept, nothing restored, or the schedule not changed: the host is as it was',
  },
  examples: [
    { command: 'palisade backup create --tag before-upgrade', says: 'take one now' },
    {
      command: 'palisade backup schedule --every daily --copy-to sftp://backup@other.example/srv/firewall',
      says: 'one each day, with a copy on another host',
    },
    { command: 'palisade backup diff latest live', says: 'what is other now?' },
    { command: 'palisade backup restore before-upgrade', says: 'put it back, and wait for palisade confirm' },
    { command: 'palisade backup export latest --to /root/rules', says: 'as files for people and for netfilter-persistent' },
  ],
  async run(context, asked) {
    const [least, most] = takes[asked.what];
    const count = asked.names.length;
    if (count < least)
      return refused(`backup ${asked.what} needs ${asked.what === 'import' ? 'a file' : 'the name of a snapshot'}`);
    if (count > most) return refused(`backup ${asked.what} takes ${most === 0 ? 'no name' : `at most ${most}`}`);
    const { tag } = asked;
    if (tag !== undefined && !isTag(tag))
      return refused(`nobody could name a snapshot by the tag ${JSON.stringify(tag)}: it would be taken for something else`);
    return await did(context, asked);
  },
});

type Input = z.output<typeof input>;

/** Not what names a snapshot otherwise, or a file (see `backing-up/chosen`). */
function isTag(tag: string): boolean {
  return !/^(?:latest|live|[0-9a-f]{6,64})$|[/\p{Cc}]|^\s|\s$|\.snapshot$/u.test(tag);
}

/** How many names each takes. */
const takes: Readonly<Record<Input['what'], readonly [least: number, most: number]>> = {
  create: [0, 0],
  list: [0, 0],
  show: [1, 1],
  diff: [1, 2],
  verify: [0, Number.POSITIVE_INFINITY],
  restore: [1, 1],
  prune: [0, 0],
  export: [1, 1],
  import: [1, 3],
  schedule: [0, 1],
  keygen: [0, 0],
};

function refused(message: string): Outcome<BackupPartJson> {
  return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'palisade help backup says what it takes' }] };
}

async function did(context: Context, asked: Input): Promise<Outcome<BackupPartJson>> {
  const verbs = await import('./backing-up/index.ts');
  const [first = '', second = 'live'] = asked.names;
  const { backend, most, tag, copyTo } = asked;
  const jitterMs = asked.jitter === undefined ? null : asked.jitter * 1000;
  const said = {
    last: asked.keepLast,
    hourly: asked.keepHourly,
    daily: asked.keepDaily,
    weekly: asked.keepWeekly,
    monthly: asked.keepMonthly,
  };
  const named = Object.entries(said).filter(([, most]) => most !== undefined);
  const periods: Context['settings']['backup']['keep'] = { ...context.settings.backup.keep, ...Object.fromEntries(named) };
  switch (asked.what) {
    case 'create':
      if (asked.due !== undefined) return await verbs.createDue(context, { every: asked.due, jitterMs, copyTo, periods });
      return await verbs.create(context, { tag, copyTo });
    case 'list':
      return await verbs.list(context);
    case 'show':
      return await verbs.show(context, first);
    case 'diff':
      return await verbs.compare(context, [first, second], { backend, most });
    case 'verify':
      return await verbs.verify(context, asked.names, asked);
    case 'restore':
      return await (await import('./restoring/index.ts')).restore(context, first, asked);
    case 'prune':
      return await verbs.prune(context, periods, asked.dryRun);
    case 'schedule':
      if (first !== '' && first !== 'show') return refused(`backup schedule takes no ${first}`);
      if (asked.remove && asked.every !== undefined) return refused('--every and --remove exclude each other');
      if (asked.remove) return await verbs.unschedule(context);
      if (asked.every === undefined) return await verbs.scheduled(context);
      return await verbs.schedule(context, {
        every: asked.every,
        jitterMs,
        copyTo,
        keeping: named.flatMap(([name, most]) => [`--keep-${name}`, String(most)]),
      });
    case 'export':
      if (asked.to === undefined) return refused('backup export needs --to DIR');
      return await verbs.exportTo(context, first, { folder: asked.to, backend });
    case 'import':
      return await verbs.importFrom(context, asked.names, { backend, tag });
    case 'keygen':
      return await verbs.keygen(context);
  }
}
