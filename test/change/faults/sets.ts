import type { Run, RunRequest } from '../../../src/kernel/index.ts';
import { type Backend, tool } from '../changing.fixture.ts';
import { judge, policies, settled, wholeOf } from './judge.ts';
import type { Between, Place } from './place.ts';
import type { Trials } from './trial.ts';

/** Something is done before the first program that palisade runs so. */
function before(is: (request: RunRequest) => boolean, act: () => Promise<unknown>): Between {
  let done = false;
  return (run) => async (request) => {
    if (!done && is(request)) {
      done = true;
      await act();
    }
    return run(request);
  };
}

async function nameOf(backend: Backend, family: 4 | 6): Promise<string> {
  const name = (await wholeOf(backend)).now.sets.find((line) => line.startsWith(`create PAL${family}-`))?.split(' ')[1];
  if (name === undefined) throw new Error('the new policy has no set');
  return name;
}

/** Somebody's own rule asks an old set of ours: the set stays whole, and the change is made. */
async function asked(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const name = (await wholeOf(backend)).old.sets.find((line) => line.startsWith('create PAL4-'))?.split(' ')[1] ?? '';
  const rule = `-A TENANT -m set --match-set ${name} src -j DROP`;
  await tool(place.ns, [`iptables-${backend}`, ...rule.split(' ')] as [string, ...string[]]);
  const said = await place.run('apply', { policy: policies.now });
  const wrong = await judge(place, { is: 'now', said, added: [{ line: rule, family: 4 }], leftSets: true });
  const kept = (await wholeOf(backend)).old.sets.filter((line) => line.includes(name) && line.startsWith('add'));
  const sets = await place.sets();
  return [...wrong, ...kept.filter((line) => !sets.includes(line)).map((line) => `the set that somebody asks lacks ${line}`)];
}

/** A set of the name that is wanted is there, and holds something else: it is not ours to change. */
async function taken(backend: Backend, when: 'before' | 'meanwhile'): Promise<readonly string[]> {
  await using place = await settled(backend);
  const name = await nameOf(backend, 6);
  const take = async (): Promise<void> => {
    await tool(place.ns, ['ipset', 'create', name, 'hash:net', 'family', 'inet6']);
    await tool(place.ns, ['ipset', 'add', name, '2001:db8:ffff::/48']);
  };
  if (when === 'before') await take();
  const between =
    when === 'before'
      ? undefined
      : before((request) => isStep(request, 'rename') && textOf(request).includes(` ${name}\n`), take);
  const said = await place.run('apply', { policy: policies.now, ...(between !== undefined && { between }) });
  const wrong = await judge(place, { is: 'old', said, says: /somebody changed the set|could not be made/, leftSets: true });
  const sets = await place.sets();
  return sets.includes(`add ${name} 2001:db8:ffff::/48`) ? wrong : [...wrong, 'the set that somebody made is gone'];
}

/** A new set is taken away before rules ask it. */
async function destroyed(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const name = await nameOf(backend, 4);
  const between = before(
    ({ argv }) => argv.includes(`iptables-${backend}-restore`),
    () => tool(place.ns, ['ipset', 'destroy', name]),
  );
  const said = await place.run('apply', { policy: policies.now, between });
  return await judge(place, { is: 'old', said, says: new RegExp(name) });
}

/** All new sets are filled at once, then counted, then named. */
type Step = 'fill' | 'count' | 'rename';

const textOf = ({ input }: RunRequest): string => String(input ?? '');

function isStep(request: RunRequest, step: Step): boolean {
  const [program, verb, flag] = request.argv;
  if (program !== 'ipset') return false;
  if (step === 'count') return verb === 'list' && flag === '-t';
  return verb === 'restore' && textOf(request).startsWith(step === 'fill' ? 'create ' : 'rename ');
}

/** What makes sets fails, at one of its steps, and of the second set where it is asked for each. */
async function fails(backend: Backend, step: Step): Promise<readonly string[]> {
  await using place = await settled(backend);
  let met = 0;
  const between: Between = (run: Run) => (request) => {
    if (!isStep(request, step)) return run(request);
    met += 1;
    if (step === 'count') return run({ ...request, argv: ['ipset', 'list', '-t', 'NOBODYS-SET'] });
    const [first = '', ...rest] = textOf(request).split('\n');
    const lines =
      step === 'fill' ? [first, ...rest, 'add NOBODYS-SET 192.0.2.1', ''] : [first, 'rename NOBODYS-SET OTHER', ...rest];
    return run({ ...request, input: lines.join('\n') });
  };
  const said = await place.run('apply', { policy: policies.now, between });
  return [
    ...(await judge(place, { is: 'old', said, says: /could not be made/ })),
    ...(met === 0 ? ['ipset was never asked'] : []),
  ];
}

/** What a killed palisade left half made is taken away by the next, also under a name that it wants itself. */
async function halfMade(backend: Backend): Promise<readonly string[]> {
  await using place: Place = await settled(backend);
  for (const name of [`PAL-new-${process.pid}-0`, 'PAL-new-1-3']) await tool(place.ns, ['ipset', 'create', name, 'hash:ip']);
  const said = await place.run('apply', { policy: policies.now });
  return await judge(place, { is: 'now', said });
}

export const sets: Trials = (backend) => [
  { does: 'somebody’s rule asks a set of ours', judge: () => asked(backend) },
  { does: 'somebody has made a set of the wanted name', judge: () => taken(backend, 'before') },
  {
    does: 'somebody makes a set of the wanted name meanwhile',
    quick: backend === 'legacy',
    judge: () => taken(backend, 'meanwhile'),
  },
  { does: 'somebody destroys a new set meanwhile', judge: () => destroyed(backend) },
  { does: 'half-made sets are left of a killed palisade', judge: () => halfMade(backend) },
  ...(['fill', 'count', 'rename'] as const).map((step) => ({
    does: `ipset fails to ${step} what is new`,
    judge: () => fails(backend, step),
  })),
];
