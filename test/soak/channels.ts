/**
 * `npm run soak -- channels [SECONDS]`: every channel against receivers that fail in every way, all at once, with how long the event loop stood still
 * and what was left open; and mails of hostile text, read by Python's own parser of mail.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Channel, Delivery } from '../../src/alert/channel.ts';
import { attacks, harmless, messageFrom, type Texts } from '../../src/alert/channels/hostile.fixture.ts';
import { channels } from '../../src/alert/channels/index.ts';
import { contextOf, messageOf, scan } from '../../src/alert/channels/message.fixture.ts';
import {
  type Certificate,
  type HttpFault,
  type Receiver,
  type StreamFault,
  startHttp,
  startStream,
} from '../../src/alert/channels/receiver.fixture.ts';
import { type SmtpFaults, startSmtp } from '../../src/alert/channels/smtp.fixture.ts';
import { compose } from '../../src/alert/mail/index.ts';
import { makeCertificates } from '../alert/certificates.ts';
import { randomOf } from '../fuzz/random.ts';
import { createHolding } from './holding.ts';

const { say, holds, end } = createHolding();
const seconds = Number(process.argv[2] ?? 20);

const channel = (type: string): Channel => {
  const found = channels.find((one) => one.type === type);
  if (found === undefined) throw new Error(`there is no channel ${type}`);
  return found;
};

/** A reader of mail that is none of ours: header fields as somebody sees them, types of the parts, tags of the HTML. */
const reader = `
import sys, json, email, email.policy, html.parser
class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.tags = []
    def handle_starttag(self, tag, attrs): self.tags.append([tag, attrs])
    def handle_endtag(self, tag): self.tags.append('/' + tag)
    def handle_comment(self, data): self.tags.append('comment')
    def handle_pi(self, data): self.tags.append('pi')
for line in sys.stdin:
    mail = email.message_from_bytes(bytes.fromhex(line), policy=email.policy.default)
    text = mail.get_body(('plain',)).get_content().replace('\\r\\n', '\\n'); page = mail.get_body(('html',)).get_content().replace('\\r\\n', '\\n')
    tags = Tags(); tags.feed(page)
    unseen = [c for c in mail['Subject'] + text + page if (ord(c) < 32 and c != '\\n') or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069]
    names = [n for n in mail.keys()]
    print(json.dumps({'names': names, 'to': str(mail['To']), 'from': str(mail['From']), 'defects': [str(d) for d in mail.defects], 'parts': [p.get_content_type() for p in mail.walk()],
      'tags': tags.tags, 'lines': text.count('\\n'), 'unseen': unseen, 'subjectLines': len(mail['Subject'].splitlines())}))
`;

/** Where a receiver waits, and how it fails. */
interface Place {
  readonly type: string;
  readonly fault: string;
  readonly port: number;
}

const goodAnswers: Readonly<Record<string, { readonly status: number; readonly body: string }>> = {
  webhook: { status: 200, body: '' },
  slack: { status: 200, body: 'ok' },
  teams: { status: 202, body: '' },
  telegram: { status: 200, body: '{"ok":true}' },
  ntfy: { status: 200, body: '{"event":"message"}' },
  pagerduty: { status: 202, body: '{"status":"success"}' },
  alertmanager: { status: 200, body: '' },
};
const httpFaults: readonly HttpFault[] = [
  ...(['ok', 'never', 'dribble', 'garbage', 'portal', 'huge', 'cut', 'reset', 'redirect'] as const),
  ...[400, 429, 500, 503],
];
const smtpFaults: Readonly<Record<string, SmtpFaults>> = {
  ok: {},
  mute: { mute: true },
  'hang-up': { hangUp: true },
  clinging: { clinging: true },
  full: { answers: { END: '452 full' } },
  never: { answers: { RCPT: '550 no' } },
  plain: { noStartTls: true },
};
const streamFaults: readonly StreamFault[] = ['ok', 'hang', 'hang-up', 'reset'];

/** All receivers, in a thread of their own: what they do is no work of the senders. Told to stop, they say how many connections are open. */
async function receive(): Promise<void> {
  const certificate = workerData as Certificate;
  const open: { readonly place: Place; readonly receiver: Receiver }[] = [];
  for (const [type, good] of Object.entries(goodAnswers))
    for (const fault of httpFaults) {
      const receiver = await startHttp(good, certificate);
      receiver.fault = fault;
      open.push({ place: { type, fault: String(fault), port: receiver.port }, receiver });
    }
  for (const [fault, faults] of Object.entries(smtpFaults)) {
    const receiver = await startSmtp(certificate);
    receiver.faults = faults;
    open.push({ place: { type: 'email', fault, port: receiver.port }, receiver });
  }
  for (const fault of streamFaults) {
    const receiver = await startStream(fault);
    open.push({ place: { type: 'syslog', fault, port: receiver.port }, receiver });
  }
  parentPort?.postMessage(open.map(({ place }) => place));
  await once(parentPort as MessagePort, 'message');
  // One that hangs notices nothing.
  const left = open
    .filter(({ place }) => place.fault !== 'hang')
    .map(async ({ place, receiver }) => ({ place, left: await receiver.open() }));
  parentPort?.postMessage(await Promise.all(left));
}

function settingsOf({ type, port }: Place, ca: string): Record<string, unknown> {
  const url = `https://localhost:${port}`;
  const http = { ca, 'allow-private': true, 'timeout-seconds': 1 };
  switch (type) {
    case 'email':
      return { host: 'localhost', port, ca, from: 'a@b.example', to: ['c@d.example'], 'timeout-seconds': 1 };
    case 'syslog':
      return { host: 'localhost', port, transport: 'tcp', 'timeout-seconds': 1 };
    case 'telegram':
      return { url, token: '1:a', chat: 1, ...http };
    case 'ntfy':
      return { url, topic: 't', ...http };
    case 'pagerduty':
      return { url, 'routing-key': 'r', ...http };
    default:
      return { url, ...http };
  }
}

/** What a fault may be taken for. A webhook is believed by its status alone. */
function expected({ type, fault }: Place): Delivery['kind'] {
  if (fault === 'ok' || fault === 'clinging') return 'delivered';
  if (type === 'webhook' && ['portal', 'huge', 'cut'].includes(fault)) return 'delivered';
  return fault === '400' || (type === 'email' && fault === 'never') ? 'refused' : 'again';
}

/** What is not as it should be; each is one of thousands that are. */
const wrong: string[] = [];
const should = (what: string, is: boolean, seen: unknown): void => {
  if (!is && wrong.length < 20) wrong.push(`${what}: ${JSON.stringify(seen)}`);
};

async function send(): Promise<void> {
  using certificates = makeCertificates();
  const receivers = new Worker(new URL(import.meta.url), { workerData: certificates.good });
  const [places] = (await once(receivers, 'message')) as [readonly Place[]];
  const many = messageOf(Array.from({ length: 50 }, (_, number) => ({ ...scan, key: `incident-${number}` })));
  let attempts = 0;
  let late = 0;
  const attempt = async (place: Place): Promise<void> => {
    const found = channel(place.type);
    await using sender = found.open(found.settings.parse(settingsOf(place, certificates.ca)), contextOf());
    const delivery = await sender.send({ ...many, id: `id${attempts}` }, new AbortController().signal);
    attempts += 1;
    // On a busy machine a second is not always enough.
    const isLate = delivery.kind === 'again' && /within 1 second/.test(delivery.why);
    if (isLate) late += 1;
    should(`${place.type} with a receiver that does this: ${place.fault}`, isLate || delivery.kind === expected(place), delivery);
  };
  // What is loaded the first time is no stall of sending.
  await Promise.all(places.map(attempt));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const until = performance.now() + seconds * 1000;
  // A dozen at a time, as channels of a configuration may be.
  let next = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      const place = places[next % places.length];
      next += 1;
      if (place !== undefined) await attempt(place);
    }
  };
  await Promise.all(Array.from({ length: 12 }, lane));
  delay.disable();
  say(`${attempts} attempts with ${places.length} receivers, ${late} of them ended by their time`);
  say(
    `event loop of the senders: 99 % ${(delay.percentile(99) / 1e6).toFixed(1)} ms, longest ${(delay.max / 1e6).toFixed(1)} ms (to be under 50)`,
  );
  receivers.postMessage('stop');
  const [left] = (await once(receivers, 'message')) as [readonly { readonly place: Place; readonly left: number }[]];
  for (const one of left) should('no connection is left', one.left === 0, one);
  await receivers.terminate();
  holds('each channel says what became of each message, and leaves no connection', wrong.length === 0, wrong.join('\n'));
  wrong.length = 0;

  await readMails();
  end();
}

async function readMails(): Promise<void> {
  const inputs = 2000;
  const made: string[] = [];
  const twins: number[] = [];
  for (let index = 0; index < inputs; index += 1) {
    const random = randomOf(7, index);
    const texts: Texts = {
      all: Array.from({ length: 1 + random.nat(12) }, () => random.pick(attacks) + random.pick(attacks)),
      alerts: random.nat(3),
      evidence: random.nat(3),
      state: random.pick(['firing', 'acknowledged', 'resolved'] as const),
      kind: random.pick(['transition', 'digest', 'test'] as const),
    };
    for (const one of [texts, harmless(texts)])
      made.push((await compose(messageFrom(one), { from: 'a <a@b.example>', to: ['c@d.example'] })).toString('hex'));
    twins.push(index);
  }
  const read = execFileSync('python3', ['-c', reader], { input: `${made.join('\n')}\n`, maxBuffer: 1 << 28 })
    .toString()
    .trim()
    .split('\n');
  for (const index of twins) {
    should('a mail is the same as with harmless text', read[2 * index] === read[2 * index + 1], [
      read[2 * index],
      read[2 * index + 1],
    ]);
    const one = JSON.parse(read[2 * index] ?? '{}') as { defects: unknown[]; unseen: unknown[]; subjectLines: number };
    should(
      'a mail has no defect, and no text that acts',
      one.defects.length === 0 && one.unseen.length === 0 && one.subjectLines === 1,
      one,
    );
  }
  holds(`${inputs} mails of hostile text are for Python as those of harmless text`, wrong.length === 0, wrong.join('\n'));
}

if (isMainThread) await send();
else await receive();
