import { failed, ok, type Result } from '../../../result.ts';

/** Where copies of snapshots go, beside this host's own folder. */
export type Destination =
  | { readonly kind: 'folder'; readonly text: string; readonly path: string }
  | {
      readonly kind: 'sftp';
      /** As it was written. */
      readonly text: string;
      /** `null`: as ssh_config(5) says, or who we are. */
      readonly user: string | null;
      readonly host: string;
      readonly port: number | null;
      /** Of the folder there; without a slash at its beginning it is below the user's home. */
      readonly path: string;
      /** Of a file with the private key. */
      readonly identity: string | null;
      /** Of a file with the keys of hosts that are known, instead of the user's own. */
      readonly knownHosts: string | null;
    };

// None of these begins with what ssh would read as an option, or is expanded by it (ssh_config(5), TOKENS).
const forms = {
  user: /^[\w.][\w.+@-]{0,63}$/,
  host: /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\])$/,
  file: /^\/[\w./@:+,=-]+$/,
} as const;

/** A control character could end a line of what the tool is told. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/;

/** `/a/folder`, or `sftp://USER@HOST:PORT/a/folder?identity=/a/key&known-hosts=/a/file`; `/~/` at its beginning is the user's home. */
export function readDestination(text: string): Result<Destination> {
  if (control.test(text)) return wrong(text, 'it holds a control character');
  if (text.startsWith('/')) return ok({ kind: 'folder', text, path: text });
  const parts = /^sftp:\/\/(?:([^@/?]*)@)?(\[[^\]/?]*\]|[^:/?]*)(?::([^/?]*))?(\/[^?]*)?(?:\?(.*))?$/.exec(text);
  if (parts === null) return wrong(text, 'it is neither a path that begins with / nor an address that begins with sftp://');
  const [, user = null, host = '', portText, where = '/', query = ''] = parts;
  if (user?.includes(':') === true) return wrong(text, 'it holds a password, which nobody should write down');
  if (user !== null && !forms.user.test(user)) return wrong(text, 'the user is none');
  if (!forms.host.test(host)) return wrong(text, 'the host is none');
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536)) return wrong(text, 'the port is none');
  const path = where.startsWith('/~/') ? where.slice(3) : where;
  if (path === '' || path === '/') return wrong(text, 'it names no folder there');
  const named: Record<string, string> = {};
  for (const one of query.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = one.split(/=(.*)/s);
    if (name !== 'identity' && name !== 'known-hosts') return wrong(text, `it takes no ${name || 'such'} word behind the ?`);
    if (!forms.file.test(value)) return wrong(text, `${name} takes the whole path of a file, of plain characters`);
    named[name] = value;
  }
  const [identity, knownHosts] = [named['identity'] ?? null, named['known-hosts'] ?? null];
  return ok({ kind: 'sftp', text, user, host, port, path, identity, knownHosts });
}

function wrong(text: string, why: string): Result<never> {
  return failed({
    code: 'usage',
    message: `a copy cannot go to ${JSON.stringify(text)}: ${why}`,
    hint: 'write the whole path of a folder, or sftp://USER@HOST:PORT/FOLDER',
  });
}
