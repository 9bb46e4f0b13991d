import { expect, it } from 'vitest';
import { problemLine } from '../../../result.ts';
import { readDestination } from './destination.ts';

it('is a folder, or a folder of another host', () => {
  expect(readDestination('/mnt/backups of mine')).toMatchObject({ value: { kind: 'folder', path: '/mnt/backups of mine' } });
  const of = (text: string): unknown => {
    const read = readDestination(text);
    return read.ok ? read.value : read.problems.map(problemLine);
  };
  expect(of('sftp://me@host.example:2222/a/b?identity=/root/.ssh/id&known-hosts=/etc/k')).toEqual({
    kind: 'sftp',
    text: 'sftp://me@host.example:2222/a/b?identity=/root/.ssh/id&known-hosts=/etc/k',
    user: 'me',
    host: 'host.example',
    port: 2222,
    path: '/a/b',
    identity: '/root/.ssh/id',
    knownHosts: '/etc/k',
  });
  expect(of('sftp://[2001:db8::1]/~/b')).toMatchObject({ user: null, host: '[2001:db8::1]', port: null, path: 'b' });
});

it.each([
  ['backups', 'it is neither a path that begins with / nor an address that begins with sftp://'],
  ['scp://host/a', 'it is neither'],
  ['sftp://me:secret@host/a', 'it holds a password'],
  ['sftp://-oProxyCommand=x/a', 'the host is none'],
  ['sftp://-oProxyCommand=x@host/a', 'the user is none'],
  ['sftp://$(x)@host/a', 'the user is none'],
  ['sftp://host:0/a', 'the port is none'],
  ['sftp://host:70000/a', 'the port is none'],
  ['sftp://host', 'it names no folder there'],
  ['sftp://host/', 'it names no folder there'],
  ['sftp://host/a?password=x', 'it takes no password word'],
  ['sftp://host/a?identity=%h', 'identity takes the whole path'],
  ['sftp://host/a?identity=/a b', 'identity takes the whole path'],
  ['sftp://host/a\nrm *', 'it holds a control character'],
  ['/a\u0000b', 'it holds a control character'],
])('%j is none: %s', (text, why) => {
  const read = readDestination(text);
  expect(read.ok ? '' : read.problems.map(problemLine).join()).toContain(why);
});
