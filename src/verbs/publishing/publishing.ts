import type { Host, HostTexts } from '../../model/host/index.ts';
import { parseEstablished } from '../../model/host/index.ts';
import { problemLine } from '../../result.ts';
import type { Contact, Followed } from '../../watch/index.ts';
import { defaultAcceptedFile } from '../accepted.ts';
import { alertsStanding } from '../alerting/standing.ts';
import type { Noticed } from '../drifting/watching.ts';
import type { Context } from '../verb.ts';
import type { Told } from '../watching/told.ts';
import { createCounting } from './counting.ts';
import { exposureState } from './of-host.ts';
import { contactsOf, createOwnIncidents } from './own-incidents.ts';
import { createPublisher, type ReadHost } from './publisher.ts';

/** What `up` hands on of what it reads and hears, and what comes of it. */
export interface Publishing extends AsyncDisposable {
  /** What tools printed, before {@link read} of the same: who is connected is seen there. */
  texts(texts: HostTexts): void;
  read(read: ReadHost, spent: { readonly readMs: number; readonly auditMs: number }, intervalMs: number): Promise<void>;
  noticed(noticed: Noticed): Promise<void>;
  told(told: Told): void;
}

/** Publishes the state of a live host, and makes incidents of what it has to say itself. */
export function publishHost(
  context: Context,
  watches: { readonly log: boolean; readonly drift: boolean },
  say: (text: string) => Promise<void>,
  happened: (followed: Followed) => Promise<void>,
): Publishing {
  const publisher = createPublisher(context, watches, say, () => alertsStanding(context));
  const incidents = createOwnIncidents(context, watches, 'palisade up');
  const count = createCounting(defaultAcceptedFile, () => context.clock.now());
  let sessions: HostTexts['texts']['sessions'] | null = null;
  let saidProblems = '';

  const contactsFor = (host: Host): readonly Contact[] | null => {
    const established = sessions?.read === true ? parseEstablished(sessions.text) : undefined;
    sessions = null;
    return established === undefined ? null : contactsOf(host, established);
  };

  const tell = async (followed: readonly Followed[]): Promise<void> => {
    for (const one of followed) await happened(one);
    if (followed.length > 0) publisher.happened();
  };

  return {
    texts({ texts }) {
      ({ sessions } = texts);
    },
    async read(read, spent, intervalMs) {
      const counted = await count(read);
      const { host } = read;
      const followed = incidents.read({
        ...{ host, counted, exposure: exposureState(read), drift: publisher.drift, backup: publisher.backup() },
        contacts: contactsFor(host),
      });
      await publisher.read({ ...read, report: counted.report }, spent, intervalMs);
      await tell(followed);
      const problems = [...counted.problems, ...incidents.problems].map(problemLine).join('; ');
      if (problems !== '' && problems !== saidProblems)
        await say(`What the host has to say is not kept or judged as it should be: ${problems}.`);
      saidProblems = problems;
    },
    async noticed(noticed) {
      publisher.noticed(noticed);
      if (noticed.kind === 'looked' || noticed.kind === 'drifted') await tell(incidents.drifted(publisher.drift));
    },
    told: (told) => publisher.told(told),
    [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
  };
}
