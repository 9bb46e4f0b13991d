/**
 * `npm run soak -- ansible`: the Ansible module on a firewall of its own, as Ansible runs it: check mode, the change, the same again, policies
 * that palisade refuses, another policy, and nothing of palisade any more.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Answer, machine, policy } from '../ansible/playing.ts';
import setup from '../namespace-guard.ts';

await setup();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
let [passed, failed] = [0, 0];
function must(what: string, is: unknown, wanted: unknown): void {
  const holds = isDeepStrictEqual(is, wanted);
  if (holds) passed += 1;
  else failed += 1;
  say(`${holds ? 'ok  ' : 'FAIL'}  ${what}${holds ? '' : `: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`}`);
}
const brief = ({ status, changed }: Answer): string => `${status === 0 ? 'ok' : 'failed'}${changed === true ? ', changed' : ''}`;
const file = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null);

await using there = await machine();
const { path } = there;
must('check mode says that it would change', brief(await there.task({ content: policy }, '--check', '--diff')), 'ok, changed');
must('and has written no policy', file(path), null);
must('and no rule', await there.rules(), '');

const made = await there.task({ content: policy });
must('it changes', brief(made), 'ok, changed');
must(
  'and confirms',
  made.parts?.map(({ kind }) => kind),
  ['changed', 'confirmed'],
);
must('the policy stands', file(path), policy);
const rules = await there.rules();
must('and its rules', rules.includes('-A PAL-IN -s 192.0.2.7/32'), true);

must('again it is ok', brief(await there.task({ content: policy })), 'ok');
must('without its text too', brief(await there.task({})), 'ok');
must('in check mode too', brief(await there.task({ content: policy }, '--check')), 'ok');

const broken = await there.task({ content: policy.replace('ssh', 'shs') });
must('a policy that cannot be read fails', brief(broken), 'failed');
must('with what palisade says of it', broken.msg, '-:4:14: "shs" is no service; did you mean "ssh"?');
for (const flags of [['--check'], []] as const) {
  const refused = await there.task({ content: policy.replace(', from: partners', '') }, ...flags);
  must('a policy whose tests fail fails', brief(refused), 'failed');
  must('and says which', refused.msg?.includes('a test of the policy fails: anyone except partners cannot reach ssh'), true);
}
const unsafe = join(dirname(path), 'unsafe');
mkdirSync(unsafe);
chmodSync(unsafe, 0o777);
const other = { content: policy.replace('ssh', '[ssh, http]'), state_dir: unsafe };
must('a change that palisade does not make fails', brief(await there.task(other)), 'failed');
must('where there was no policy too', brief(await there.task({ ...other, path: `${path}.new` })), 'failed');
must('and there is none', file(`${path}.new`), null);
must('and the policy is what it was', file(path), policy);
must('and so are the rules', await there.rules(), rules);

const said = `${policy}# another word\n`;
must('a comment changes the policy', brief(await there.task({ content: said })), 'ok, changed');
must('alone', [file(path), await there.rules()], [said, rules]);
must(
  'another rule changes both',
  brief(await there.task({ content: policy.replace('ssh', 'http').replace('tests:', 'outgoing: []\ntests:') })),
  'ok, changed',
);
must('and is in force', (await there.rules()).includes('--dport 80'), true);

must('away in check mode it would change', brief(await there.task({ state: 'absent' }, '--check')), 'ok, changed');
must('away it changes', brief(await there.task({ state: 'absent' })), 'ok, changed');
must('and nothing is left', await there.rules(), '');
must('again it is ok', brief(await there.task({ state: 'absent' })), 'ok');
must(
  'a palisade that is not there is said',
  (await there.task({ executable: 'no-palisade' })).msg,
  'palisade is not on this host: no-palisade is no program',
);
say(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
