import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { type Certificate, listening, type Receiver } from './receiver.fixture.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, without the dots that SMTP puts in. */
  readonly text: string;
  readonly isEncrypted: boolean;
  /** What was sent as AUTH PLAIN, decoded. */
  readonly login: string | null;
}

/** How a server of mail fails. `command` names the one that is answered with `answer`; recipients, an address each. */
export interface SmtpFaults {
  readonly noStartTls?: boolean;
  readonly answers?: Readonly<Record<string, string>>;
  readonly recipients?: Readonly<Record<string, string>>;
  /** Says nothing after it was connected to. */
  readonly mute?: boolean;
  /** Hangs up instead of saying that it has the mail. */
  readonly hangUp?: boolean;
  /** Never answers QUIT. */
  readonly clinging?: boolean;
  /** Answers with what was to come over TLS, before TLS begins (CVE-2021-33515). */
  readonly injects?: boolean;
}

export interface SmtpSink extends Receiver {
  readonly mails: readonly Mail[];
  faults: SmtpFaults;
}

/** A server of mail that takes everything, over STARTTLS if it has a certificate; a small reader of RFC 5321 that shares nothing with nodemailer. */
export async function startSmtp(certificate?: Certificate, isImplicit = false): Promise<SmtpSink> {
  const mails: Mail[] = [];
  const sink = { faults: {} as SmtpFaults };
  const server = createServer((socket) => {
    if (certificate !== undefined && isImplicit) converse(secured(socket, certificate), true);
    else converse(socket, false);
  });

  function converse(socket: Socket, isEncrypted: boolean, isNew = true): void {
    let rest = '';
    let from = '';
    let to: string[] = [];
    let login: string | null = null;
    let data: string[] | null = null;
    const say = (line: string): void => {
      if (socket.writable) socket.write(`${line}\r\n`);
    };
    const { faults } = sink;
    socket.on('error', () => undefined);
    if (isNew && faults.mute !== true) say('220 sink');
    const onData = (piece: Buffer): void => {
      rest += piece.toString('latin1');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data !== null) {
          if (line === '.') {
            const text = Buffer.from(data.join('\r\n'), 'latin1').toString();
            data = null;
            if (faults.hangUp === true) {
              socket.destroy();
              return;
            }
            const answer = faults.answers?.['END'];
            if (answer === undefined) mails.push({ from, to, text, isEncrypted, login });
            say(answer ?? '250 2.0.0 taken');
          } else data.push(line.startsWith('.') ? line.slice(1) : line);
          continue;
        }
        const word = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
        const told = faults.answers?.[word];
        if (told !== undefined) {
          say(told);
          continue;
        }
        if (word === 'EHLO') {
          say('250-sink');
          if (certificate !== undefined && !isEncrypted && faults.noStartTls !== true) say('250-STARTTLS');
          say('250-AUTH PLAIN');
          say('250 8BITMIME');
        } else if (word === 'STARTTLS' && certificate !== undefined && faults.noStartTls !== true) {
          say(faults.injects === true ? '220 go on\r\n250-sink\r\n250 AUTH PLAIN' : '220 go on');
          socket.off('data', onData);
          converse(secured(socket, certificate), true, false);
          return;
        } else if (word === 'AUTH') {
          login = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
          say('235 in');
        } else if (word === 'MAIL') {
          from = /<(.*)>/.exec(line)?.[1] ?? '';
          to = [];
          say('250 ok');
        } else if (word === 'RCPT') {
          const one = /<(.*)>/.exec(line)?.[1] ?? '';
          const refusal = faults.recipients?.[one];
          if (refusal === undefined) to.push(one);
          say(refusal ?? '250 ok');
        } else if (word === 'DATA') {
          data = [];
          say('354 go on');
        } else if (word === 'QUIT') {
          if (faults.clinging === true) return;
          say('221 bye');
          socket.end();
        } else say('502 what?');
      }
    };
    socket.on('data', onData);
  }

  const receiver = await listening(server);
  return {
    ...receiver,
    mails,
    get faults() {
      return sink.faults;
    },
    set faults(next) {
      sink.faults = next;
    },
  };
}

function secured(socket: Socket, certificate: Certificate): TLSSocket {
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(certificate) });
  for (const event of ['error', 'end', 'close'] as const) secure.on(event, () => socket.destroy());
  return secure;
}
