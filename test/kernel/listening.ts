import { errnoName, inNetworkNamespace, int, libc, SOCK_CLOEXEC } from '../../src/kernel/libc.ts';
import { failed, ok } from '../../src/result.ts';
import { must } from './lab.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const IP_TRANSPARENT = 19;

/** A UDP socket that takes packets for any address (ip(7), IP_TRANSPARENT), as programs behind TPROXY open one. */
export function transparentSocket(namespacePid: number, address: readonly number[], port: number): Disposable {
  const calls = must(libc());
  const fd = must(
    inNetworkNamespace(calls, namespacePid, () => {
      const opened = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      // struct sockaddr_in: family in the machine's order, port and address in the network's.
      const name = Buffer.alloc(16);
      name.writeUInt16LE(AF_INET, 0);
      name.writeUInt16BE(port, 2);
      name.set(address, 4);
      const steps = [opened, calls.setsockopt(opened, 0, IP_TRANSPARENT, int(1)), calls.bind(opened, name)];
      const wrong = steps.find((answer) => answer < 0);
      if (wrong === undefined) return ok(opened);
      return failed({ code: 'unread', message: `no transparent socket: ${errnoName(wrong)}`, hint: 'run the tests as root' });
    }),
  );
  return { [Symbol.dispose]: () => void calls.close(fd) };
}
