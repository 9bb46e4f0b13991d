import { describe, expect, it } from 'vitest';
import { installBans, type ReadRulesets, removeBans } from '../../src/change/index.ts';
import { contactsWith, exchangeBanSet, type Kernel, type Namespace, start } from '../../src/kernel/index.ts';
import { emptyRuleset, parseRuleset } from '../../src/model/ruleset/index.ts';
import { ok } from '../../src/result.ts';
import { type Backend, kernel, must, saved, tool } from './changing.fixture.ts';

/** The kernel as somebody in the namespace has it. */
function inside(ns: Namespace): Kernel {
  return { ...kernel, run: ns.run };
}

function readIn(ns: Namespace, backend: Backend): ReadRulesets {
  const of = async (family: 4 | 6) => {
    const text = await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-save`]);
    return text.trim() === '' ? emptyRuleset(family, 'none') : must(parseRuleset(text, { family, file: 'now' }));
  };
  return async () => ok({ 4: await of(4), 6: await of(6) });
}

/** Others' rules: fail2ban's jump comes first, a policy of ours, Docker's chain, and a way through. */
const rules = (family: 4 | 6) => `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:DOCKER-USER - [0:0]
:f2b-sshd - [0:0]
:PAL-IN - [0:0]
-A INPUT -j f2b-sshd
-A INPUT -j PAL-IN
-A FORWARD -j DOCKER-USER
-A FORWARD -i eth0 -j ACCEPT
-A DOCKER-USER -j RETURN
-A f2b-sshd -s ${family === 4 ? '192.0.2.66/32' : '2001:db8::66/128'} -j DROP
-A PAL-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT
-A PAL-IN -p ${family === 4 ? 'icmp' : 'ipv6-icmp'} -j ACCEPT
COMMIT
`;

/** Opens a connection, or has one that is there carry a byte there and back: says whether it came to that within a quarter of a second. */
const client = `
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
const open = new Map();
let last = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const [word, name, localAddress, host, port] = line.split(' ');
  const socket = word === 'open' ? connect({ localAddress, host, port }) : open.get(name);
  open.set(name, socket);
  socket.removeAllListeners().on('error', () => undefined);
  if (word !== 'open') socket.write('x');
  const came = new Promise((resolve) => socket.once(word === 'open' ? 'connect' : 'data', () => resolve('yes')));
  const answer = Promise.race([came, new Promise((resolve) => setTimeout(resolve, 200, 'no'))]);
  last = last.then(() => answer).then(console.log);
}`;
const server = `
import { createServer } from 'node:net';
createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(22, '::', () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit());`;

function speak(ns: Namespace, program: string) {
  const child = start({ argv: [...ns.enter, process.execPath, '--no-warnings', '--input-type=module', '-e', program] });
  const lines = child.lines[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value;
  return {
    next,
    /** All of them at one time. */
    ask: async (...asked: readonly string[]) => {
      for (const line of asked) child.say(line);
      const answers: string[] = [];
      for (const _ of asked) answers.push(await next());
      return answers.join(' ');
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

describe.each(['nft', 'legacy'] as const)('%s', (backend) => {
  it('who is shut out begins nothing, goes on with what he had, and never counts where he is never shut out', {
    timeout: 60_000,
  }, async () => {
    await using host = await kernel.namespace();
    await using far = await kernel.namespace();
    await using box = await kernel.namespace();
    await tool(host, [
      'sh',
      '-ec',
      `
      ip link add eth0 type veth peer name eth0 netns /proc/${far.pid}/ns/net; ip link add br0 type veth peer name eth0 netns /proc/${box.pid}/ns/net
      for a in 192.0.2.1/24 2001:db8::1/64; do ip addr add $a dev eth0 $(case $a in *:*) echo nodad;; esac); done; ip addr add 10.9.0.1/24 dev br0; ip link set eth0 up; ip link set br0 up
      sysctl -qw net.ipv4.ip_forward=1`,
    ]);
    await tool(far, [
      'sh',
      '-ec',
      'for a in 2 3 4 5; do ip addr add 192.0.2.$a/24 dev eth0; ip addr add 2001:db8:0:$a::2/64 dev eth0 nodad; done; ip link set eth0 up; ip route add 10.9.0.0/24 via 192.0.2.1; ip route add 2001:db8::/64 dev eth0',
    ]);
    await tool(host, ['ip', '-6', 'route', 'add', '2001:db8::/32', 'dev', 'eth0']);
    await tool(box, ['sh', '-ec', 'ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.9.0.1']);
    for (const family of [4, 6] as const)
      await tool(host, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`], rules(family));
    const before = `${await saved(host, backend, 4)}${await saved(host, backend, 6)}`;
    await using serving = speak(host, server);
    await using boxed = speak(box, server);
    await using peer = speak(far, server);
    for (const one of [serving, boxed, peer]) expect(await one.next()).toBe('ready');
    await using talk = speak(far, client);
    await using ours = speak(host, client);

    const read = readIn(host, backend);
    must(await exchangeBanSet(host.run, 'never', { 4: ['192.0.2.3'], 6: ['2001:db8:0:3::2'] }));
    expect(must(await installBans(inside(host), backend, read))).toBe(true);
    const installed = `${await saved(host, backend, 4)}${await saved(host, backend, 6)}`;
    expect(installed).toMatch(/-A INPUT -j PALISADE-BAN\n-A INPUT -j f2b-sshd\n-A INPUT -j PAL-IN\n/);
    expect(installed).toMatch(/-A FORWARD -j PALISADE-BAN\n-A FORWARD -j DOCKER-USER\n/);
    expect(installed).toMatch(/-A DOCKER-USER -j PALISADE-BAN\n-A DOCKER-USER -j RETURN\n/);
    expect(installed).toMatch(/-A PREROUTING -j PALISADE-SHUT\n/);
    expect(must(await installBans(inside(host), backend, read))).toBe(false);
    expect(`${await saved(host, backend, 4)}${await saved(host, backend, 6)}`).toBe(installed);

    // Everybody has a connection; then .2 and .3 are put into the sets by hand, .4 into that of the proven, .5 is on a list.
    const each = (word: (last: number) => string): readonly string[] => [2, 3, 4, 5].map(word);
    const olds = each((last) => `open old${last} 192.0.2.${last} 192.0.2.1 22`);
    const sixes = each((last) => `open six${last} 2001:db8:0:${last}::2 2001:db8::1 22`);
    expect(await talk.ask(...olds, ...sixes)).toBe('yes yes yes yes yes yes yes yes');
    expect(await ours.ask('open out 192.0.2.1 192.0.2.2 22')).toBe('yes');
    // A connection of ours to one of them; a handshake of each with one port here, of one with the same port of two addresses, and twice.
    expect(await talk.ask('open box3 192.0.2.3 10.9.0.2 22', 'open more3 192.0.2.3 192.0.2.1 22')).toBe('yes yes');
    const contacts = ['192.0.2.2 ', '192.0.2.3 ', '2001:0db8:0000:0002:', '192.0.2.22 '];
    expect(await contactsWith(host.run, contacts)).toEqual([
      { isOurs: true, reached: 1 },
      { isOurs: false, reached: 1 },
      { isOurs: false, reached: 1 },
      { isOurs: false, reached: 0 },
    ]);
    await tool(host, [
      'sh',
      '-ec',
      `
      for l in 2 3; do ipset add PALISADE-BAN4 192.0.2.$l; ipset add PALISADE-BAN6 2001:db8:0:$l::/64; done
      ipset add PALISADE-SHUT4 192.0.2.3; ipset add PALISADE-SHUT4 192.0.2.4; ipset add PALISADE-SHUT6 2001:db8:0:4::/64; ipset add PALISADE-LIST4 192.0.2.5/32`,
    ]);
    const news = (target: string) => each((last) => `open new${last} 192.0.2.${last} ${target} 22`);
    expect(await talk.ask(...news('192.0.2.1'), ...news('10.9.0.2'))).toBe('no yes no no no yes no no');
    expect(await talk.ask(...each((last) => `open n${last} 2001:db8:0:${last}::2 2001:db8::1 22`))).toBe('no yes no yes');
    expect(await talk.ask(...each((last) => `go old${last}`), ...each((last) => `go six${last}`))).toBe(
      'yes yes no yes yes yes no yes',
    );
    // What we have and what we begin, to somebody whose address may be forged.
    expect(await ours.ask('go out', 'open again 192.0.2.1 192.0.2.2 22')).toBe('yes yes');

    // Docker starts again, and puts its jump first; somebody doubles ours, and takes rules away.
    await tool(host, [
      'sh',
      '-ec',
      `iptables-${backend} -D FORWARD -j DOCKER-USER; iptables-${backend} -I FORWARD -j DOCKER-USER; iptables-${backend} -A INPUT -j PALISADE-BAN; ip6tables-${backend} -t raw -F PALISADE-SHUT`,
    ]);
    expect(must(await installBans(inside(host), backend, read))).toBe(true);
    expect(`${await saved(host, backend, 4)}${await saved(host, backend, 6)}`).toBe(installed);

    expect(must(await removeBans(inside(host), backend, read))).toBe(true);
    expect(`${await saved(host, backend, 4)}${await saved(host, backend, 6)}`).toBe(before);
    expect(await tool(host, ['ipset', 'list', '-n'])).toBe('');
  });
});
