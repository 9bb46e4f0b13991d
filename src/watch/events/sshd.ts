import { readAddress } from './address-text.ts';
import { absent, type Batch, eventKinds } from './batch.ts';
import { decimal, find, holds, is } from './span.ts';
import type { Tries } from './tries.ts';

/** What is as long may have been cut by sshd on its way to syslog (log.c, `%.500s`), and with it the address at its end. */
const CUT = 500;

/** With which a login was tried; what else there is cannot be guessed (publickey), or is no try (none). */
const guessable = ['password', 'keyboard-interactive', 'keyboard-interactive/pam'] as const;

const partings = [
  'Connection closed by authenticating user ',
  'Connection reset by authenticating user ',
  'Disconnected from authenticating user ',
] as const;

const daemon = Uint8Array.from('sshd', (letter) => letter.charCodeAt(0));
const TCP = 6;

/**
 * Reads a message of sshd's (OpenSSH 7.5 to 10) into the row at `batch.length`, whose `at` is written: a try to log in that failed, or one
 * that did not. It does not add to the length.
 *
 * A user's name is whatever a stranger sends, also ` from 192.0.2.1 port 22 ssh2`, and with line breaks. So a message is read from its end, where address and
 * port are sshd's. sshd cuts messages at 500 bytes, and journald takes blanks from their ends: where a name could reach so far, what then stands at the
 * end would be the stranger's. It cannot where sshd takes a hundred of its bytes, of which each is four at most once it is made printable. In `Connection closed by invalid
 * user` it takes two hundred: that is not read. `Connection closed by authenticating user` names an account of this host.
 *
 * What counts: each wrong password (`Failed password`, `keyboard-interactive`); `Invalid user`, together with the first
 * wrong password of the same connection; and a connection that named a user of this host and ended without a login, if nothing else of it counted
 * (`Connection closed by`, `Connection reset by`, `Disconnected from`, `maximum authentication attempts exceeded`). What does not:
 * `Failed publickey` and its like, since keys are not guessed and honest agents offer several; `Failed none`, which every client begins with; and
 * who named no user (`Did not receive identification string`, `banner exchange`, `Unable to negotiate`), as whatever looks whether the port is open.
 */
export function readSshdMessage(bytes: Uint8Array, from: number, to: number, batch: Batch, tries: Tries): boolean {
  if (to - from >= CUT) return false;
  let end = to;
  while (end > from && (bytes[end - 1] === 32 || bytes[end - 1] === 13)) end -= 1;
  let at = holds(bytes, from, end, 'error: ') ? from + 7 : from;
  const row = batch.length;
  if (holds(bytes, at, end, 'Failed ')) {
    at += 7;
    const method = find(bytes, at, end, ' for ');
    const isGuessed = method > 0 && guessable.some((name) => is(bytes, at, method, name));
    return isGuessed && ssh2End(bytes, method + 4, end, batch) && tries.failed(batch, row);
  }
  if (holds(bytes, at, end, 'Invalid user ')) return fromEnd(bytes, at + 12, end, batch) && tries.named(batch, row);
  if (holds(bytes, at, end, 'Accepted ')) return accepted(bytes, at + 9, end, batch);
  // Said by the part that has no rights yet.
  if (holds(bytes, end - 10, end, ' [preauth]')) end -= 10;
  if (holds(bytes, at, end, 'maximum authentication attempts exceeded for '))
    return ssh2End(bytes, at + 44, end, batch) && tries.ended(batch, row);
  for (const parting of partings)
    if (holds(bytes, at, end, parting)) return peer(bytes, at + parting.length - 1, end, ' ', batch) && tries.ended(batch, row);
  return false;
}

/** `METHOD for USER from ADDRESS port PORT ssh2[: WHAT]`. Names of users that may log in hold no blank, but WHAT may hold anything. */
function accepted(bytes: Uint8Array, from: number, end: number, batch: Batch): boolean {
  let user = find(bytes, from, end, ' for ');
  if (user < 0) return false;
  user += 5;
  const told = find(bytes, user, end, ' ssh2');
  if (told < 0) return false;
  // One behind it that could be meant as well.
  if (find(bytes, told + 5, end, ' ssh2') >= 0 && find(bytes, told + 5, end, ' from ') >= 0) return false;
  if (told + 5 < end && bytes[told + 5] !== 58) return false;
  if (!fromEnd(bytes, user - 1, told, batch)) return false;
  batch.kind[batch.length] = eventKinds.acceptedLogin;
  return true;
}

/** ` USER from ADDRESS port PORT ssh2` */
function ssh2End(bytes: Uint8Array, from: number, end: number, batch: Batch): boolean {
  return holds(bytes, end - 5, end, ' ssh2') && fromEnd(bytes, from, end - 5, batch);
}

/** ` USER from ADDRESS port PORT` */
function fromEnd(bytes: Uint8Array, from: number, end: number, batch: Batch): boolean {
  return peer(bytes, from, end, ' from ', batch);
}

/** What ends in `ADDRESS port PORT` behind these words, as the row of a failed login. */
function peer(bytes: Uint8Array, from: number, end: number, words: string, batch: Batch): boolean {
  let at = end;
  while (at > from && bytes[at - 1] !== 32) at -= 1;
  const port = decimal(bytes, at, end, 65535);
  if (port < 0 || !holds(bytes, at - 6, at, ' port ')) return false;
  const addressEnd = at - 6;
  at = addressEnd;
  while (at > from && bytes[at - 1] !== 32) at -= 1;
  // A link-local address is told with its link.
  const zone = find(bytes, at, addressEnd, '%');
  const row = batch.length;
  const family = readAddress(bytes, at, zone < 0 ? addressEnd : zone, batch.src, 4 * row);
  if (family === 0 || at - words.length < from || !holds(bytes, at - words.length, at, words)) return false;
  batch.kind[row] = eventKinds.failedLogin;
  batch.family[row] = family;
  batch.dst.fill(0, 4 * row, 4 * row + 4);
  batch.proto[row] = TCP;
  batch.sport[row] = port;
  batch.dport[row] = absent;
  batch.icmpType[row] = absent;
  batch.icmpCode[row] = absent;
  batch.flags[row] = absent;
  batch.size[row] = absent;
  batch.ttl[row] = absent;
  batch.mark[row] = 0;
  batch.prefix[row] = batch.names.of(daemon, 0, daemon.length);
  batch.in[row] = 0;
  batch.out[row] = 0;
  return true;
}
