import { describe, expect, it } from 'vitest';
import { type Chosen, chooseSources, type SourceFacts, usualFiles } from './choose.ts';

const all: SourceFacts = { nflogGroups: [5, 7, 5], kmsg: true, journal: true, files: usualFiles };

function chosen(wanted: 'auto' | readonly string[], facts: Partial<SourceFacts> = {}): readonly string[] {
  const choice = chooseSources(wanted, { ...all, ...facts });
  return choice.ok ? choice.value.sources.map(said) : choice.problems.map(({ message }) => message);
}

function said(source: Chosen): string {
  if (source.kind === 'journal')
    return `journal:${source.packets ? 'packets' : ''}${source.packets && source.logins ? '+' : ''}${source.logins ? 'logins' : ''}`;
  return 'path' in source ? `${source.kind}:${source.path}` : 'group' in source ? `nflog:${source.group}` : source.kind;
}

describe('sources', () => {
  it('are those that the host has: what LOG rules report is read once', () => {
    expect(chosen('auto')).toEqual(['nflog:5', 'nflog:7', 'kmsg', 'journal:logins']);
    expect(chosen('auto', { kmsg: false, nflogGroups: [] })).toEqual(['journal:packets+logins']);
    expect(chosen('auto', { journal: false, nflogGroups: [] })).toEqual(['kmsg', 'file:/var/log/auth.log']);
    expect(chosen('auto', { journal: false, kmsg: false })).toEqual([
      'nflog:5',
      'nflog:7',
      'file:/var/log/kern.log',
      'file:/var/log/auth.log',
    ]);
    expect(
      chosen('auto', { journal: false, kmsg: false, nflogGroups: [], files: ['/var/log/messages', '/var/log/secure'] }),
    ).toEqual(['file:/var/log/messages', 'file:/var/log/secure']);
    expect(chosen('auto', { journal: false, kmsg: false, nflogGroups: [], files: [] })).toEqual([]);
  });

  it('are those that are named, but for packets that would count twice', () => {
    expect(chosen(['journal'])).toEqual(['journal:packets+logins']);
    expect(chosen(['journal', 'kmsg', 'nflog:9'])).toEqual(['journal:logins', 'kmsg', 'nflog:9']);
    expect(chosen(['/var/log/kern.log', '/var/log/syslog', '/srv/fw2/kern.log'])).toEqual([
      'file:/var/log/kern.log',
      'file:/srv/fw2/kern.log',
    ]);
    expect(chosen(['kmsg', '/var/log/auth.log', '/var/log/kern.log', 'ulogd:/var/log/ulogd.json'])).toEqual([
      'kmsg',
      'file:/var/log/auth.log',
      'ulogd:/var/log/ulogd.json',
    ]);
    const choice = chooseSources(['journal', '/var/log/kern.log'], all);
    expect(choice.ok && choice.value.notices).toEqual([
      '/var/log/kern.log is not read: the packets in it would count a second time beside the journal. If ulogd writes it, say ulogd:/var/log/kern.log.',
    ]);
  });

  it.each(['nflog:70000', 'nflog:', 'kern.log', 'ulogd:here', 'kmsg2', ''])(
    'are refused where there are none of the name: %j',
    (name) => {
      expect(chosen(['kmsg', name])).toEqual([`watch.sources: "${name}" is no source`]);
    },
  );
});
