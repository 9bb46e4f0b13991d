import { expect, it } from 'vitest';
import { nameServices } from './naming.ts';

const named = (...ports: (readonly ['tcp' | 'udp', number, string?])[]): readonly string[] =>
  nameServices(ports.map(([proto, port, process = null]) => ({ proto, port, process }))).map(({ service }) => service);

it('names what listens, by a name that means nothing else', () => {
  expect(named(['tcp', 443, 'nginx'], ['tcp', 80, 'nginx'], ['tcp', 22, 'sshd'])).toEqual(['ssh', 'http', 'https']);
  expect(named(['tcp', 53], ['udp', 53])).toEqual(['dns']);
  // DNS would open TCP too.
  expect(named(['udp', 53])).toEqual(['53/udp']);
  expect(named(['tcp', 8765])).toEqual(['8765/tcp']);
});

it('takes the process for what a port is that several use', () => {
  expect(named(['tcp', 9090, 'prometheus'])).toEqual(['prometheus']);
  expect(named(['tcp', 9090, 'cockpit-ws'])).toEqual(['cockpit']);
  expect(named(['tcp', 9090, 'java'])).toEqual(['9090/tcp']);
});
