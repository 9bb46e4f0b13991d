import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../../../test/alert/certificates.ts';
import { contextOf, messageOf, resolvedScan, scan } from './message.fixture.ts';
import { startStream } from './receiver.fixture.ts';
import { syslog } from './syslog.ts';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates[Symbol.dispose]());

function opened(port: number, more: Record<string, unknown> = {}) {
  const said = { host: 'localhost', port, ca: certificates.ca, 'timeout-seconds': 20, ...more };
  const sender = syslog.open(syslog.settings.parse(said), contextOf());
  return (message = messageOf()) => sender.send(message, new AbortController().signal);
}

/** Records out of a stream, each behind its length. */
function unframed(text: string): string[] {
  const records: string[] = [];
  for (let bytes = Buffer.from(text); bytes.length > 0; ) {
    const [, digits = ''] = /^(\d+) /.exec(bytes.subarray(0, 10).toString()) ?? [];
    const from = digits.length + 1;
    expect(bytes.length).toBeGreaterThanOrEqual(from + Number(digits));
    records.push(bytes.subarray(from, from + Number(digits)).toString());
    bytes = bytes.subarray(from + Number(digits));
  }
  return records;
}

describe.concurrent('a collector', () => {
  test.each(['tcp', 'tls'] as const)(
    'over %s gets a record an alert, and is believed when it has read to the end',
    async (transport) => {
      await using receiver = await startStream('ok', transport === 'tls' ? certificates.good : undefined);
      const send = opened(receiver.port, { transport });
      expect(await send(messageOf([scan, resolvedScan]))).toEqual({ kind: 'delivered' });
      const records = unframed(receiver.received[0] ?? '');
      expect(records).toHaveLength(2);
      expect(records[0]).toMatch(
        /^<131>1 2026-11-22T10:15:00\.000Z web1\.example\.net palisade - firing \[palisade@32473 message="/,
      );
      expect(records[0]).toContain('High: 203.0.113.9 tried 400 ports of 198.51.100.10; 400 ports within');
      expect(records[1]).toMatch(/^<133>1 \S+ \S+ palisade - resolved /);
      expect(await receiver.open()).toBe(0);
    },
  );

  test.each(['hang', 'hang-up', 'reset'] as const)('that does this is not believed: %s', async (fault) => {
    await using receiver = await startStream(fault);
    const delivery = await opened(receiver.port, { transport: 'tcp', ...(fault === 'hang' && { 'timeout-seconds': 1 }) })();
    expect(delivery.kind).toBe('again');
    // One that hangs does not even notice that we have left.
    if (fault !== 'hang') expect(await receiver.open()).toBe(0);
  });

  test('is not there, or shows a wrong certificate', async () => {
    const gone = await startStream();
    await gone[Symbol.asyncDispose]();
    for (const transport of ['tcp', 'udp'])
      expect(await opened(gone.port, { transport, host: '127.0.0.1' })()).toMatchObject({
        kind: 'again',
        why: expect.stringContaining('nobody listens'),
      });
    await using receiver = await startStream('ok', certificates.misnamed);
    expect(await opened(receiver.port)()).toMatchObject({ kind: 'again', why: expect.stringContaining('another name') });
    expect(receiver.received).toEqual([]);
  });

  test('over udp gets a datagram an alert, of no more than 2048 bytes', async () => {
    const socket = createSocket('udp4');
    const received: Buffer[] = [];
    socket.on('message', (bytes) => received.push(bytes));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const long = { ...scan, evidence: Array.from({ length: 20 }, () => 'ü'.repeat(1000)), remedy: '😀'.repeat(2000) };
    const send = opened(socket.address().port, { transport: 'udp', host: '127.0.0.1' });
    expect(await send(messageOf([long, long, scan]))).toEqual({ kind: 'delivered' });
    socket.close();
    expect(received).toHaveLength(3);
    for (const bytes of received) {
      expect(bytes.length).toBeLessThanOrEqual(2048);
      expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toContain('palisade');
    }
  });
});

test.each([
  [
    'cef',
    /^<131>1 \S+ \S+ palisade - firing - CEF:0\|palisade\|palisade\|[\d.]+\|vertical-scan\|203\.0\.113\.9 tried 400 ports of 198\.51\.100\.10\|8\|rt=1795342500000 .*src=203\.0\.113\.9 cnt=412 /,
  ],
  [
    'leef',
    /^<131>1 \S+ \S+ palisade - firing - LEEF:2\.0\|palisade\|palisade\|[\d.]+\|vertical-scan\|x5E\|devTime=1795342500000\^sev=8\^.*\^src=203\.0\.113\.9\^/,
  ],
] as const)('%s is what a SIEM reads', async (format, pattern) => {
  await using receiver = await startStream();
  expect(await opened(receiver.port, { transport: 'tcp', format })()).toEqual({ kind: 'delivered' });
  expect(unframed(receiver.received[0] ?? '')[0]).toMatch(pattern);
});
