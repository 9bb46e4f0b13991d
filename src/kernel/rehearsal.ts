import type { Packet } from '../model/packet/index.ts';
import { failed, ok, type Result } from '../result.ts';
import { type Crossing, openCrossing } from './crossing.ts';
import type { Kernel } from './kernel.ts';
import { load, type RehearsalInput, type RulesetTexts } from './load.ts';
import type { Namespace } from './namespace.ts';
import type { Observed } from './observed.ts';
import { NamespaceRefused } from './refusal.ts';
import { restoreSets } from './restore.ts';
import { setStage } from './stage.ts';

/** A host's rules on the running kernel, in a namespace of their own. It ends when it is disposed of, or when we end. */
export interface Rehearsal extends AsyncDisposable {
  readonly namespace: Namespace;
  /** What could not be made as on the host (a link, an address, a route), a clause each. */
  readonly unstaged: readonly string[];
  /** What the kernel prints back, of each family that was given: the canonical form of the rules. */
  readBack(): Promise<Result<RulesetTexts>>;
  /**
   * Sends packets through the rules, in order, and says what became of each. An ESTABLISHED packet is sent in a
   * connection that was opened before the rules were there.
   *
   * With `rules`, also which rules each met: slower, and exact for rules that count or limit too, since the kernel's
   * own tracing says it.
   */
  send(packets: readonly Packet[], options?: { readonly rules?: boolean }): Promise<Result<readonly Observed[]>>;
}

/**
 * Loads rules where they do no harm, and says whether the kernel takes them. Problems name the rule; see `restore`.
 * 30 milliseconds or so for what an ordinary server has.
 */
export async function rehearse(kernel: Kernel, input: RehearsalInput): Promise<Result<Rehearsal>> {
  await using made = new AsyncDisposableStack();
  try {
    const neighbour = input.packets === true ? made.use(await kernel.namespace({ bare: true })) : null;
    const namespace = made.use(await kernel.namespace(neighbour === null ? { bare: true } : { bare: true, beside: neighbour }));
    if (neighbour !== null) await quieten(namespace, neighbour);
    const stage = {
      links: input.links ?? [],
      addresses: input.addresses ?? [],
      routes: input.routes ?? [],
      rules: input.rules ?? [],
    };
    const staged = setStage(namespace, stage, neighbour);
    // Rules only name links, and the kernel lets most of a commit's time pass by waiting. But one target looks its link up.
    if (namesLinkAtOnce(input.rulesets)) await staged;
    let reading: Partial<Record<4 | 6, Promise<Result<RulesetTexts>>>> = {};
    const [unstaged, loaded] = await Promise.all([
      staged,
      loadAfterSets(namespace, input, (family) => {
        if (input.readsBack === true) reading[family] = readBack(namespace, input, family);
      }),
    ]);
    if (!loaded.ok) {
      // None of ours may still run in the namespace when it goes.
      await Promise.all(Object.values(reading));
      return loaded;
    }
    const held = made.move();
    let crossing: Result<Crossing> | undefined;
    return ok({
      namespace,
      unstaged,
      async readBack() {
        const [four, six] = await Promise.all([
          reading[4] ?? readBack(namespace, input, 4),
          reading[6] ?? readBack(namespace, input, 6),
        ]);
        if (!four.ok) return four;
        return six.ok ? ok({ ...four.value, ...six.value }) : six;
      },
      async send(packets, options = {}) {
        if (neighbour === null) return failed(noLinks);
        // Its counters will be others.
        reading = {};
        crossing ??= await openCrossing({ namespace, neighbour, links: stage.links, backend: input.backend });
        if (!crossing.ok) return crossing;
        held.use(crossing.value);
        return crossing.value.send(packets, { rules: options.rules === true, input });
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    });
  } catch (error) {
    if (error instanceof NamespaceRefused) return failed(error.problem);
    throw error;
  }
}

/** What the kernel would print of these rules if they were its own, by asking it. */
export async function canonical(kernel: Kernel, input: Omit<RehearsalInput, 'packets'>): Promise<Result<RulesetTexts>> {
  const rehearsed = await rehearse(kernel, { ...input, readsBack: true });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  return await rehearsal.readBack();
}

async function loadAfterSets(namespace: Namespace, input: RehearsalInput, taken: (family: 4 | 6) => void): Promise<Result<void>> {
  const sets = await restoreSets(namespace, input.sets ?? '', input.files?.sets);
  return sets.ok ? load(namespace, input, taken) : sets;
}

/** net/ipv4/netfilter/ipt_CLUSTERIP.c, in kernels before 6.3, refuses rules whose link is not there. */
const namesLinkAtOnce = ({ 4: text = '' }: RulesetTexts): boolean => text.includes('CLUSTERIP');

/** One family, as its own tool prints it; nothing of a family that was not given. */
async function readBack(
  namespace: Namespace,
  { rulesets, backend, counters = false }: RehearsalInput,
  family: 4 | 6,
): Promise<Result<RulesetTexts>> {
  if (rulesets[family] === undefined) return ok({});
  const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-save`;
  const result = await namespace.run({ argv: counters ? [tool, '-c'] : [tool], timeoutMs: 90_000, maxBytes: 256 * 1024 * 1024 });
  if (result.kind === 'exited' && result.status === 0) return ok({ [family]: result.stdout });
  const why = result.kind === 'exited' ? result.stderr.trim() : result.kind;
  return failed({
    code: 'unread',
    message: `${tool} does not print the rules back (${why})`,
    hint: 'see whether it works by hand',
  });
}

/**
 * Settings of a lab: what comes in is not judged by anything but rules. Before the links are there, so that they
 * begin with them.
 */
async function quieten(namespace: Namespace, neighbour: Namespace): Promise<void> {
  const each = (setting: string): string[] => ['all', 'default', 'lo'].map((name) => setting.replace('*', name));
  const settings = [
    'net.ipv4.ip_forward=1',
    'net.ipv6.conf.all.forwarding=1',
    ...each('net.ipv4.conf.*.rp_filter=0'),
    ...each('net.ipv4.conf.*.accept_local=1'),
    'net.ipv4.conf.lo.route_localnet=1',
    ...each('net.ipv4.conf.*.send_redirects=0'),
    ...each('net.ipv6.conf.*.router_solicitations=0'),
    ...each('net.ipv6.conf.*.accept_dad=0'),
    'net.ipv6.conf.default.addr_gen_mode=1',
    // UDP-Lite's checksums are computed as if they were UDP's; ids stand where sequence numbers were.
    'net.netfilter.nf_conntrack_checksum=0',
    'net.netfilter.nf_conntrack_tcp_be_liberal=1',
  ];
  await Promise.all([
    namespace.run({ argv: ['sysctl', '-e', '-q', '-w', ...settings] }),
    neighbour.run({
      argv: ['sysctl', '-e', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'],
    }),
  ]);
}

const noLinks = {
  code: 'usage',
  message: 'this rehearsal has no links to put packets on',
  hint: 'rehearse with `packets: true`',
} as const;
