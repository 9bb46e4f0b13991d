import { type Child, makeLinks, type Namespace, NamespaceRefused, start } from '../../kernel/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { Context } from '../verb.ts';
import { guideCommands, labLogCommand } from './guide.ts';

/** Three hosts on one machine: a server behind the guide's firewall, a client beside it, an attacker outside. */
export interface LabNetwork extends AsyncDisposable {
  readonly server: Namespace;
}

/** Documentation addresses only (RFC 5737, RFC 3849), and the guide's own 192.168.1.50. */
const plan = [
  {
    person: 'attacker',
    link: 'eth0',
    own: ['198.51.100.10/24', '2001:db8::10/64'],
    theirs: ['198.51.100.66/24', '2001:db8::66/64'],
  },
  { person: 'client', link: 'eth1', own: ['192.168.1.1/24'], theirs: ['192.168.1.50/24'] },
] as const;

/**
 * Builds it in namespaces of its own; everything ends with the returned value, or with this process.
 * `actor` gives the program that plays one of its people.
 */
export async function labNetwork(context: Context, actor: (person: string) => readonly string[]): Promise<Result<LabNetwork>> {
  const stack = new AsyncDisposableStack();
  try {
    const server = stack.use(await context.kernel.namespace());
    for (const { person, link, own, theirs } of plan) {
      const peer = { namespace: stack.use(await context.kernel.namespace({ beside: server })), name: 'eth0', addresses: theirs };
      await makeLinks(server, [{ name: link, addresses: own, peer }]);
      stack.use(inside(peer.namespace, actor(person)));
    }
    for (const argv of [...guideCommands, labLogCommand]) {
      const result = await server.run({ argv, signal: context.signal });
      if (result.kind === 'exited' && result.status === 0) continue;
      const said =
        result.kind === 'exited'
          ? result.stderr.trim().split('\n')[0]
          : result.kind === 'missing'
            ? 'it is not installed'
            : result.kind;
      await stack.disposeAsync();
      return failed({
        code: 'no-namespace',
        message: `the network could not be made: ${argv.join(' ')}: ${said}`,
        hint: 'install iptables and iproute2, or run palisade as root to look at this host',
      });
    }
    const listening = stack.use(inside(server, actor('server')));
    // Its first line says that it listens; without it the exposure would be read too early.
    for await (const _ of listening.lines) break;
    return ok({ server, [Symbol.asyncDispose]: () => stack.disposeAsync() });
  } catch (error) {
    await stack.disposeAsync();
    if (error instanceof NamespaceRefused) return failed(error.problem);
    throw error;
  }
}

function inside(namespace: Namespace, argv: readonly string[]): Child {
  const [tool, ...args] = [...namespace.enter, ...argv] as [string, ...string[]];
  return start({ argv: [tool, ...args], env: namespace.env });
}
