import type { HostState } from '../state/index.ts';
import { isChosen } from './chosen.ts';
import { type CheckMode, noOptions, unknown } from './mode.ts';
import { count, listed } from './words.ts';

type Port = Extract<HostState['exposure'], { known: true }>['value'][number];

const nameOf = ({ proto, port }: Port): string => `${port}/${proto}`;
const names = (one: Port): readonly string[] => [
  nameOf(one),
  `${one.family}:${nameOf(one)}`,
  ...(one.process === null ? [] : [one.process]),
];

export const exposure: CheckMode = {
  name: 'exposure',
  summary: 'what everybody in the world reaches here: CRITICAL for ports beyond those of --except',
  measured: 'ports_open',
  measures: { ports_open: 'ports open to everyone that are not excepted', ports_unknown: 'ports of which nobody can tell' },
  heeds: { only: 'ports', except: 'ports' },
  run({ exposure: read }, _, options) {
    if (!read.known) return unknown(read);
    const asked = read.value.filter((one) => isChosen(names(one), options));
    const open = asked.filter((one) => one.open === 'everyone');
    const unclear = asked.filter((one) => one.open === 'unknown');
    const excepted = read.value.filter(
      (one) => one.open === 'everyone' && !isChosen(names(one), { ...noOptions, except: options.except }),
    );
    const said = (all: readonly Port[]): string => listed([...new Set(all.map(nameOf))], 6);
    const beyond = options.except.length > 0 ? ' beyond those excepted' : '';
    const words = [
      open.length > 0 ? `open to everyone${beyond}: ${said(open)}` : `nothing is open to everyone${beyond}`,
      ...(unclear.length > 0 ? [`unknown: ${said(unclear)}`] : []),
    ];
    return {
      status: unclear.length > 0 ? 'UNKNOWN' : 'OK',
      text: words.join('; '),
      more: [
        ...open.map((one) => `open: IPv${one.family} ${nameOf(one)}${one.process === null ? '' : ` of ${one.process}`}`),
        ...unclear.map((one) => `unknown: IPv${one.family} ${nameOf(one)}; palisade reach says why`),
        ...(excepted.length > 0 ? [`excepted: ${count(excepted.length, 'open port')}`] : []),
        ...(open.length > 0 ? ['What is meant to be open goes into --except: 443/tcp, 6:22/tcp, nginx'] : []),
      ],
      measures: [
        { label: 'ports_open', value: open.length, unit: '', critical: '0' },
        { label: 'ports_unknown', value: unclear.length, unit: '' },
      ],
    };
  },
};
