import { formatPrefix } from '../../model/net/index.ts';
import { openReading } from '../../store/index.ts';
import { createNever, networkText, sourceOf } from '../../watch/bans/index.ts';
import type { BanExplainedJson, BanRecordJson } from '../bans-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { around, readHeld, readNetwork } from './held.ts';
import { readStored, recordOf } from './listed.ts';
import { readNever } from './never.ts';

const mostIncidents = 10;

/** Why an address is shut out, or is not, and what would keep it from being. */
export async function explainBan(context: Context, word: string): Promise<Outcome<BanExplainedJson>> {
  const address = readNetwork(word);
  if (address === null) {
    const hint = 'write an address, or a network such as 198.51.100.0/24';
    return { kind: 'invalid', problems: [{ code: 'usage', message: `"${word}" is no address`, hint }] };
  }
  const now = context.clock.now();
  const { root } = await context.kernel.rights();
  const held = root ? await readHeld(context) : null;
  const bans = readStored(context, address).map((ban) => recordOf(ban, held, now));
  const { entries, problems } = await readNever(context);
  const entry = createNever(entries).meets(sourceOf(address));
  const incidents = incidentsOf(context, bans, address);
  const listed = held === null ? null : around(held.lists, address);
  const live = bans.find(({ isLive }) => isLive);
  const never = entry === null ? null : `${entry.why} (${networkText(entry.network)})`;
  const state = live !== undefined ? 'banned' : listed !== null ? 'listed' : 'free';
  const { action } = context.settings.bans;
  const keeps = [
    ...(never === null ? [] : [`It is never shut out: ${never}.`]),
    ...(action === 'off' ? ['Nobody is shut out by itself: bans.action is off.'] : []),
    ...(action === 'say' ? ['It is only said who would be shut out: bans.action is say.'] : []),
    ...incidents.flatMap(({ trusted, title }) =>
      trusted || context.settings.watch['trust-files']
        ? []
        : [`"${title}" is from files that others can write into, and bans nobody.`],
    ),
    ...incidents.flatMap(({ spoofable, title }) =>
      spoofable ? [`"${title}" could have been sent with a forged address: ten minutes at most.`] : [],
    ),
  ];
  const why =
    live !== undefined
      ? whyBanned(live, held !== null)
      : listed !== null
        ? `a list of others names ${formatPrefix(listed)}`
        : held === null && !root
          ? 'nothing is remembered of it, and only root may read who is in the kernel’s sets'
          : 'nobody has shut it out';
  const value: BanExplainedJson = { address: networkText(address), state, why, bans, incidents, never, keeps };
  // Who is never shut out could not be read whole: then it may be more than that.
  return { kind: problems.length > 0 && never === null ? 'unknown' : 'done', value };
}

function whyBanned({ source, by, until, why, reach, inKernel }: BanRecordJson, isKnown: boolean): string {
  const who = by.kind === 'incident' ? `the detector ${by.detector}` : by.kind === 'person' ? by.name : `the list ${by.name}`;
  const what = reach === 'all' ? 'all its packets are dropped' : 'connections that it begins are dropped';
  const missing = isKnown && inKernel === false ? '; but the kernel’s set does not hold it' : '';
  return `${who} shut ${source} out until ${new Date(until * 1000).toISOString().slice(0, 19)}Z, since: ${why}; ${what}${missing}`;
}

function incidentsOf(
  context: Context,
  bans: readonly BanRecordJson[],
  address: Parameters<typeof sourceOf>[0],
): BanExplainedJson['incidents'] {
  const reading = openReading(context.stateFolder);
  if (!reading.ok) return [];
  using read = reading.value;
  const named = bans.flatMap(({ by }) => (by.kind === 'incident' ? (read.incident(by.incident) ?? []) : []));
  const others = read.incidents({ source: formatPrefix(sourceOf(address)), most: mostIncidents });
  const all = new Map([...named, ...others].map((incident) => [incident.id, incident]));
  return [...all.values()]
    .slice(0, mostIncidents)
    .map(({ id, title, spoofable, trusted, evidence }) => ({ id, title, spoofable, trusted, evidence: [...evidence] }));
}
