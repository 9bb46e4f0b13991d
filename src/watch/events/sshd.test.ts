import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../model/net/index.ts';
import { Batch, carriers, eventKinds, LineClock, LineReader, packetAt, readLines, readSshdMessage, Tries } from './index.ts';

const start = Date.UTC(2026, 10, 22);

/** What the messages of one server say, each `failed ADDRESS PORT`, `accepted …` or nothing. */
function said(messages: readonly string[], secondsBetween = 1): (string | null)[] {
  const batch = new Batch(4);
  const tries = new Tries();
  return messages.map((message, index) => {
    const bytes = Buffer.from(`..${message}!!`, 'utf8');
    batch.at[0] = start + index * secondsBetween * 1000;
    return readSshdMessage(bytes, 2, bytes.length - 2, batch, tries) ? rowOf(batch, 0) : null;
  });
}

function rowOf(batch: Batch, row: number): string {
  const { src, sport, proto, dport, prefix } = packetAt(batch, row);
  expect([proto, dport, prefix]).toEqual([6, null, 'sshd']);
  const kind = batch.kind[row] === eventKinds.failedLogin ? 'failed' : 'accepted';
  return `${kind} ${formatAddress(src)} ${sport}`;
}

const real = 'from 192.0.2.7 port 40000';
const failed = 'failed 192.0.2.7 40000';

describe('a message', () => {
  it.each([
    [`Failed password for root ${real} ssh2`, failed],
    [`Failed password for invalid user admin ${real} ssh2`, failed],
    [`Failed keyboard-interactive/pam for root ${real} ssh2`, failed],
    [`error: maximum authentication attempts exceeded for root ${real} ssh2 [preauth]`, failed],
    [`Invalid user admin ${real}`, failed],
    [`Invalid user  ${real}`, failed],
    ['Invalid user admin from 2001:db8::7 port 40000', 'failed 2001:db8::7 40000'],
    ['Invalid user admin from fe80::1%eth0 port 40000', 'failed fe80::1 40000'],
    ['Connection closed by authenticating user root 192.0.2.7 port 40000 [preauth]', failed],
    ['Connection reset by authenticating user root 192.0.2.7 port 40000 [preauth]', failed],
    ['Disconnected from authenticating user a b 192.0.2.7 port 40000 [preauth]', failed],
    [`Accepted password for root ${real} ssh2`, 'accepted 192.0.2.7 40000'],
    [`Accepted publickey for root ${real} ssh2: ED25519 SHA256:abc`, 'accepted 192.0.2.7 40000'],
  ])('counts: %s', (message, expected) => {
    expect(said([message])).toEqual([expected]);
  });

  it.each([
    `Failed none for invalid user admin ${real} ssh2`,
    `Failed publickey for root ${real} ssh2: RSA SHA256:abc`,
    `Postponed publickey for root ${real} ssh2`,
    `Partial publickey for root ${real} ssh2`,
    'Did not receive identification string from 192.0.2.7 port 40000',
    'banner exchange: Connection from 192.0.2.7 port 40000: invalid format',
    'Unable to negotiate with 192.0.2.7 port 40000: no matching key exchange method found. Their offer: x [preauth]',
    'Connection closed by 192.0.2.7 port 40000 [preauth]',
    // `Invalid user` has told of it, and here a name may reach to where sshd cuts.
    'Connection closed by invalid user x 192.0.2.7 port 40000 [preauth]',
    'Disconnected from invalid user x 192.0.2.7 port 40000 [preauth]',
    'Connection closed by 192.0.2.7 port 40000',
    'Disconnected from user root 192.0.2.7 port 40000',
    'Received disconnect from 192.0.2.7 port 40000:11: Bye Bye [preauth]',
    'Failed password for root from UNKNOWN port 65535 ssh2',
    'Failed password for root from 192.0.2.7 port 65536 ssh2',
    'Failed password for root from 192.0.2.7 ssh2',
    `Failed password for root ${real}`,
    'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root',
    '',
  ])('counts for nothing: %s', (message) => {
    expect(said([message])).toEqual([null]);
  });

  it.each([
    `Failed password for invalid user root from 1.2.3.4 port 22 ssh2 ${real} ssh2`,
    `Failed password for invalid user x\nFailed password for root from 1.2.3.4 port 22 ssh2 ${real} ssh2`,
    `Invalid user x from 1.2.3.4 port 22 ${real}`,
    `Invalid user Accepted password for root from 1.2.3.4 port 22 ssh2 ${real}`,
  ])('is read from its end: %s', (message) => {
    expect(said([message])).toEqual([failed]);
  });

  it('is none, or says who it was, wherever sshd cuts it and blanks are taken away', () => {
    // As sshd writes it: so many bytes of the name, what is not printable as four, 500 bytes in all (200 and five in a parting).
    for (const [head, tail, most, wide] of [
      ['Invalid user ', ` ${real}`, 100, 4],
      ['Failed password for invalid user ', ` ${real} ssh2`, 100, 4],
      [
        'Failed keyboard-interactive/pam for invalid user ',
        ' from 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff port 40000 ssh2',
        100,
        4,
      ],
      ['Connection closed by invalid user ', ' 192.0.2.7 port 40000 [preauth]', 187, 5],
      ['maximum authentication attempts exceeded for invalid user ', ` ${real} ssh2 [preauth]`, 100, 4],
    ] as const)
      for (const forged of [
        ' from 1.2.3.4 port 22',
        ' from 1.2.3.4 port 22 ssh2',
        ' 1.2.3.4 port 22 [preauth]',
        ' 1.2.3.4 port 22',
      ])
        for (let strange = 0; strange + forged.length <= most; strange += 1) {
          const name = `${'\\'.padEnd(wide, '0').repeat(strange)}${forged}${' '.repeat(most - strange - forged.length)}`;
          const message = `${head}${name}${tail}`.slice(0, 500).trimEnd();
          for (const answer of said([message]))
            expect([null, failed, 'failed 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff 40000']).toContain(answer);
        }
  });

  it('that says who was let in is not believed where it could mean two', () => {
    expect(said([`Accepted publickey for root ${real} ssh2: ED25519-CERT ID x from 1.2.3.4 port 22 ssh2 (serial 0)`])).toEqual([
      null,
    ]);
  });
});

describe('one try counts once', () => {
  it.each([
    ['an unknown user and a password', [`Invalid user a ${real}`, `Failed password for invalid user a ${real} ssh2`], 1],
    [
      'and two more, and the end',
      [
        `Invalid user a ${real}`,
        `Failed none for invalid user a ${real} ssh2`,
        ...Array<string>(3).fill(`Failed password for invalid user a ${real} ssh2`),
        'Connection closed by invalid user a 192.0.2.7 port 40000 [preauth]',
      ],
      3,
    ],
    [
      'a known user and too many passwords',
      [
        ...Array<string>(6).fill(`Failed password for root ${real} ssh2`),
        `error: maximum authentication attempts exceeded for root ${real} ssh2 [preauth]`,
        'Disconnecting authenticating user root 192.0.2.7 port 40000: Too many authentication failures [preauth]',
      ],
      6,
    ],
    ['no password at all', ['Connection closed by authenticating user root 192.0.2.7 port 40000 [preauth]'], 1],
    [
      'an unknown user and no password',
      [`Invalid user a ${real}`, 'Disconnected from invalid user a 192.0.2.7 port 40000 [preauth]'],
      1,
    ],
    ['two connections', [`Invalid user a ${real}`, 'Invalid user a from 192.0.2.7 port 40001'], 2],
    ['two sources', [`Invalid user a ${real}`, 'Invalid user a from 192.0.2.8 port 40000'], 2],
    [
      'keys, of which one is let in',
      [`Failed publickey for root ${real} ssh2: RSA SHA256:a`, `Accepted publickey for root ${real} ssh2: RSA SHA256:b`],
      1,
    ],
  ])('%s', (_what, messages, count) => {
    expect(said(messages).filter((answer) => answer !== null)).toHaveLength(count);
  });

  it('the same port an hour later is another connection', () => {
    expect(said([`Invalid user a ${real}`, `Invalid user b ${real}`], 3600)).toEqual([failed, failed]);
  });
});

describe('whose message it is', () => {
  const record = {
    __REALTIME_TIMESTAMP: String(start * 1000),
    _TRANSPORT: 'syslog',
    _UID: '0',
    _COMM: 'sshd',
    _SYSTEMD_UNIT: 'ssh.service',
    SYSLOG_IDENTIFIER: 'sshd',
    MESSAGE: `Failed password for root ${real} ssh2`,
  };
  const rows = (lines: readonly string[]): string[] => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const batch = new Batch(16);
    readLines(bytes, 0, bytes.length, new LineReader(new LineClock(Date.UTC(2026, 11, 1))), batch);
    return Array.from({ length: batch.length }, (_, row) => `${rowOf(batch, row)} ${batch.at[row] === start}`);
  };
  const journal = (fields: Readonly<Record<string, unknown>>): string[] => rows([JSON.stringify({ ...record, ...fields })]);

  it.each([
    {},
    { _COMM: 'sshd-session' },
    { _COMM: 'sshd-auth', _SYSTEMD_UNIT: 'sshd.service' },
    { _SYSTEMD_UNIT: 'ssh@3-192.0.2.1:22-192.0.2.7:40000.service' },
    { _SYSTEMD_UNIT: 'sshd@3.service' },
    { MESSAGE: [...Buffer.from(record.MESSAGE)] },
  ])('journald’s fields say sshd: %j', (fields) => {
    expect(journal(fields)).toEqual([`${failed} true`]);
  });

  it.each([
    { _UID: '1000' },
    { _UID: undefined },
    { _COMM: 'logger' },
    { _COMM: 'sshd2' },
    // A set-uid program that a user calls sshd runs in the user's session.
    { _SYSTEMD_UNIT: 'session-3.scope' },
    { _SYSTEMD_UNIT: 'user@1000.service' },
    { _SYSTEMD_UNIT: 'ssh.service.d' },
    { _SYSTEMD_UNIT: 'sshguard.service' },
    { _SYSTEMD_UNIT: undefined },
    { _TRANSPORT: 'kernel' },
    // Cut at line breaks, which names of users may have.
    { _TRANSPORT: 'stdout' },
  ])('or not: %j', (fields) => {
    expect(journal(fields)).toEqual([]);
  });

  it('in a file it is by the program’s name, which others can write too', () => {
    expect(
      rows([
        `Nov 22 00:00:00 fw1 sshd[700]: ${record.MESSAGE}`,
        `2026-11-22T00:00:00+00:00 fw1 sshd-session[700]: ${record.MESSAGE.replace('40000', '40001')}`,
        `Nov 22 00:00:00 fw1 sshd: ${record.MESSAGE}`,
        `Nov 22 00:00:00 fw1 app[700]: sshd[700]: ${record.MESSAGE}`,
        `Nov 22 00:00:00 fw1 kernel: ${record.MESSAGE}`,
      ]),
    ).toEqual([`${failed} true`, 'failed 192.0.2.7 40001 true']);
    expect(carriers.syslog.name).toBe('syslog');
  });
});
