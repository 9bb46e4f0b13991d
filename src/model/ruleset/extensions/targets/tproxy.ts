import { givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { hostValue, readAddress } from '../../values/address.ts';
import { markValue, readMark } from '../../values/mark.ts';
import { portNumber, readPort } from '../../values/port.ts';
import { option, pick } from '../pick.ts';

/** net/netfilter/xt_TPROXY.c: marks and hands over to a local socket, or drops when there is none. */
export const TPROXY: Target = {
  kind: 'target',
  name: 'TPROXY',
  families: [4, 6],
  options: options(['*--on-port PORT', portNumber], ['--on-ip ADDRESS', hostValue], ['--tproxy-mark VALUE', markValue]),
  saved: (use, _backend, spelled) => [
    ...pick(spelled, '--on-port'),
    pick(spelled, '--on-ip')[0] ?? option('--on-ip', use.family === 4 ? '0.0.0.0' : '::'),
    option('--tproxy-mark', maskedMark(givenValue(use, '--tproxy-mark') ?? '0/0')),
  ],

  meaning(use) {
    const { value, mask } = readMark(givenValue(use, '--tproxy-mark') ?? '0/0') ?? { value: 0, mask: 0 };
    const address = readAddress(hostValue.saved(givenValue(use, '--on-ip') ?? '', use.family) ?? '', use.family) ?? 0n;
    const port = readPort(givenValue(use, '--on-port') ?? '', 'guided') ?? 0;
    return { kind: 'deliver', address: address === 0n ? null : address, port, mask, value };
  },
};

/** Value and mask, both always written. */
function maskedMark(text: string): string {
  const read = readMark(text);
  return `0x${(read?.value ?? 0).toString(16)}/0x${(read?.mask ?? 0).toString(16)}`;
}
