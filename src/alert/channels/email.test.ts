import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Certificates, makeCertificates } from '../../../test/alert/certificates.ts';
import { email } from './email.ts';
import { contextOf, messageOf, resolvedScan, scan } from './message.fixture.ts';
import { type Mail, type SmtpFaults, type SmtpSink, startSmtp } from './smtp.fixture.ts';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates[Symbol.dispose]());
vi.setConfig({ maxConcurrency: 40 });

function opened(sink: SmtpSink, more: Record<string, unknown> = {}) {
  const said = {
    host: 'localhost',
    port: sink.port,
    ca: certificates.ca,
    from: 'palisade <palisade@example.net>',
    to: ['root@example.net', 'Night watch <night@example.net>'],
    'timeout-seconds': 20,
    ...more,
  };
  const sender = email.open(email.settings.parse(said), contextOf());
  return (message = messageOf()) => sender.send(message, new AbortController().signal);
}

function header(mail: Mail | undefined, name: string): string | undefined {
  const head = mail?.text.split('\r\n\r\n')[0]?.replace(/\r\n[ \t]+/g, ' ') ?? '';
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
}

describe.concurrent('a mail', () => {
  test('goes by STARTTLS, to everybody, and says what happened', async () => {
    await using sink = await startSmtp(certificates.good);
    expect(await opened(sink, { user: 'me', password: 'secret' })()).toEqual({ kind: 'delivered' });
    const [mail] = sink.mails;
    expect(mail).toMatchObject({
      from: 'palisade@example.net',
      to: ['root@example.net', 'night@example.net'],
      isEncrypted: true,
      login: '\0me\0secret',
    });
    expect(header(mail, 'From')).toBe('palisade <palisade@example.net>');
    expect(header(mail, 'Subject')).toBe('[web1.example.net] High: 203.0.113.9 tried 400 ports of 198.51.100.10');
    expect(header(mail, 'Auto-Submitted')).toBe('auto-generated');
    expect(header(mail, 'List-Id')).toBe('<alerts.web1.example.net>');
    expect(header(mail, 'Date')).toBe('Sun, 22 Nov 2026 10:15:00 +0000');
    expect(header(mail, 'Content-Type')).toContain('multipart/alternative');
    expect(mail?.text).toContain('What to do: Shut it out: palisade ban 203.0.113.9 --for 1h');
    expect(await sink.open()).toBe(0);
  });

  test('about the same incident is in one thread, and is the same at every attempt', async () => {
    await using sink = await startSmtp(certificates.good);
    const send = opened(sink);
    await send(messageOf());
    await send(messageOf());
    await send(messageOf([resolvedScan], { id: '01KAQ0000000000000000000AC', sequence: 1 }));
    await send(messageOf([scan, resolvedScan], { id: '01KAQ0000000000000000000AD', kind: 'digest', sequence: 2, more: 3 }));
    await send(messageOf([], { id: '01KAQ0000000000000000000AE', kind: 'test', title: 'A test' }));
    const [first, again, second, digest, trial] = sink.mails;
    const root = header(first, 'Message-ID');
    expect(root).toMatch(/^<thread\.[0-9a-f]{32}@web1\.example\.net>$/);
    expect(header(again, 'Message-ID')).toBe(root);
    expect(header(first, 'References')).toBeUndefined();
    for (const mail of [second, digest]) {
      expect(header(mail, 'In-Reply-To')).toBe(root);
      expect(header(mail, 'References')).toBe(root);
      expect(header(mail, 'Message-ID')).toMatch(/^<message\./);
    }
    expect(header(second, 'Subject')).toContain('Resolved');
    expect(header(digest, 'Subject')).toContain('Digest');
    expect(digest?.text).toContain('3 more are not listed here.');
    expect(header(trial, 'References')).toBeUndefined();
    expect(header(trial, 'Message-ID')).not.toBe(root);
  });

  test('is not sent where there is no TLS, no right certificate, or where a password would be seen', async () => {
    await using bare = await startSmtp();
    expect(await opened(bare)()).toMatchObject({ kind: 'again', why: expect.stringContaining('no STARTTLS') });
    expect(await opened(bare, { tls: 'none', user: 'me', password: 's' })()).toMatchObject({
      kind: 'again',
      why: expect.stringContaining('password'),
    });
    expect(bare.mails).toEqual([]);
    expect(await opened(bare, { tls: 'none' })()).toEqual({ kind: 'delivered' });
    for (const [kind, why] of [
      ['misnamed', 'another name'],
      ['expired', 'run out'],
      ['stranger', 'nobody that is trusted'],
    ] as const) {
      await using sink = await startSmtp(certificates[kind]);
      expect(await opened(sink)()).toMatchObject({ kind: 'again', why: expect.stringContaining(why) });
      expect(sink.mails).toEqual([]);
      expect(await opened(sink, { insecure: true })()).toEqual({ kind: 'delivered' });
      expect(await sink.open()).toBe(0);
    }
    await using injecting = await startSmtp(certificates.good);
    injecting.faults = { injects: true };
    expect(await opened(injecting)()).toEqual({ kind: 'delivered' });
    expect(injecting.mails[0]?.isEncrypted).toBe(true);
  });

  test('goes over TLS from the start, too', async () => {
    await using sink = await startSmtp(certificates.good, true);
    expect(await opened(sink, { tls: 'implicit' })()).toEqual({ kind: 'delivered' });
    await using wrong = await startSmtp(certificates.expired, true);
    expect(await opened(wrong, { tls: 'implicit' })()).toMatchObject({ kind: 'again', why: expect.stringContaining('run out') });
    expect(await opened(wrong, { tls: 'implicit', insecure: true })()).toEqual({ kind: 'delivered' });
    expect([await sink.open(), await wrong.open()]).toEqual([0, 0]);
  });

  test('that one recipient cannot get now goes to that one later, and to nobody twice', async () => {
    await using sink = await startSmtp(certificates.good);
    const send = opened(sink);
    sink.faults = { recipients: { 'night@example.net': '450 4.7.1 greylisted, come again' } };
    expect(await send()).toMatchObject({ kind: 'again', why: expect.stringContaining('greylisted') });
    expect(await send()).toMatchObject({ kind: 'again' });
    sink.faults = {};
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(sink.mails.map(({ to }) => to)).toEqual([['root@example.net'], ['night@example.net']]);
    sink.faults = { recipients: { 'night@example.net': '550 5.1.1 nobody of that name' } };
    expect(await send(messageOf([scan], { id: 'another' }))).toMatchObject({
      kind: 'delivered',
      receipt: expect.stringContaining('nobody of that name'),
    });
  });
});

test.concurrent.each<[string, SmtpFaults, string, string]>([
  ['refuses everybody', { answers: { RCPT: '550 5.7.1 go away \u001b[31m' } }, 'refused', 'go away \\x1b[31m'],
  ['will not have the text', { answers: { END: '554 5.7.1 spam' } }, 'refused', 'spam'],
  ['will not have the sender', { answers: { MAIL: '550 5.1.8 who?' } }, 'refused', 'who?'],
  ['has no room now', { answers: { END: '452 4.3.1 disk full' } }, 'again', 'disk full'],
  ['is busy', { answers: { EHLO: '421 4.3.2 busy' } }, 'again', 'busy'],
  ['knows no such login', { answers: { AUTH: '535 5.7.8 bad login' } }, 'again', 'bad login'],
  ['wants a login first', { answers: { MAIL: '530 5.7.0 log in' } }, 'again', 'log in'],
  ['hangs up with the mail in its hands', { hangUp: true }, 'again', ''],
  ['never says a word', { mute: true }, 'again', 'within 1 second'],
  ['answers with garbage', { answers: { EHLO: 'HTTP/1.1 200 OK' } }, 'again', ''],
])('a server that %s', async (_, faults, kind, why) => {
  await using sink = await startSmtp(certificates.good);
  sink.faults = faults;
  const delivery = await opened(sink, {
    user: 'me',
    password: 'secret',
    ...(faults.mute === true && { 'timeout-seconds': 1 }),
  })();
  expect(delivery).toMatchObject({ kind, why: expect.stringContaining(why) });
  expect(JSON.stringify(delivery)).not.toMatch(/\\u001b|secret/);
  expect(await sink.open()).toBe(0);
});

test('a server that never says goodbye has the mail, and no connection of ours', async () => {
  await using sink = await startSmtp(certificates.good);
  sink.faults = { clinging: true };
  expect(await opened(sink)()).toEqual({ kind: 'delivered' });
  expect(await sink.open()).toBe(0);
});

test.each(['a@b\r\nBcc: c@d', 'a@b, c@d', '"x" <a@b>', 'a@b\0', 'nobody', '<a@b> c'])('%j is no address', (to) => {
  expect(email.settings.safeParse({ host: 'h', from: 'a@b.example', to: [to] }).success).toBe(false);
});
