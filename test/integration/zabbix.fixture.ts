import { systemClock } from '../../src/clock.ts';
import type { HostState, StateRead } from '../../src/monitor/index.ts';
import { zabbix as reporter } from '../../src/monitor/reporters/zabbix.ts';
import { readAt } from '../../src/monitor/state/state.fixture.ts';
import { type AgentMode, templateName, templateOf } from '../../src/monitor/zabbix/template.ts';
import type { Zabbix } from './servers/zabbix.ts';

export const server = '127.0.0.1:10051';

/** The same state, read now. */
export function now(state: HostState): StateRead {
  const at = Math.floor(Date.now() / 1000);
  const { backup, log } = state;
  return {
    ok: true,
    state: {
      ...state,
      ...{ at, until: at + 180 },
      backup:
        backup.known && backup.value.last !== null
          ? { known: true, value: { ...backup.value, last: { ...backup.value.last, at: at - (readAt - backup.value.last.at) } } }
          : backup,
      log: log.known ? { known: true, value: { ...log.value, last: at } } : log,
    },
  };
}

export function unreadableState(): StateRead {
  const hint = 'start palisade up as root';
  return { ok: false, problem: { code: 'unread', message: 'nobody publishes the state of this host', hint } };
}

type Settings = Readonly<Record<string, unknown>>;

/** What is published, and the agents that bring it. */
export interface Reporting extends AsyncDisposable {
  shown(): StateRead;
  publish(next: StateRead): void;
  /** Has an agent bring what is published, or a state of its own, until the signal aborts. */
  report(host: string, settings?: Settings, signal?: AbortSignal, own?: () => StateRead): Promise<void>;
  /** What agents have said, each line behind its host. */
  readonly said: readonly string[];
}

export function createReporting(): Reporting {
  const end = new AbortController();
  const running: Promise<void>[] = [];
  const said: string[] = [];
  const waiting: (() => void)[] = [];
  let shown: StateRead = unreadableState();
  return {
    said,
    shown: () => shown,
    publish(next) {
      shown = next;
      for (const wake of waiting.splice(0)) wake();
    },
    report(host, settings = {}, signal = end.signal, own = () => shown) {
      const done = reporter.run(
        reporter.settings.parse({ server, 'refresh-seconds': 1, host, ...settings }),
        {
          clock: systemClock,
          host,
          state: async () => own(),
          changed: (forMs) =>
            new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, forMs);
              waiting.push(() => {
                clearTimeout(timer);
                resolve();
              });
            }),
          say: (text) => said.push(`${host}: ${text}`),
        },
        signal,
      );
      running.push(done);
      return done;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await Promise.all(running);
    },
  };
}

interface Shown {
  readonly lastvalue: string;
  readonly state: string;
  readonly error: string;
  readonly name: string;
}

interface Stored {
  readonly clock: string;
  readonly ns: string;
  readonly value: string;
}

interface Problem {
  readonly name: string;
  readonly severity: string;
  readonly tags: readonly { readonly tag: string; readonly value: string }[];
}

/** What a server is asked, and told, by an administrator. */
export function administrator(zabbix: () => Zabbix) {
  const api = <T>(method: string, params: unknown): Promise<T> => zabbix().api<T>(method, params);
  const templateIds = (mode: AgentMode) =>
    api<{ readonly templateid: string }[]>('template.get', { output: ['templateid'], filter: { host: [templateName(mode)] } });
  const problems = async (host: string): Promise<readonly Problem[]> => {
    const hosts = await api<{ readonly hostid: string }[]>('host.get', { output: ['hostid'], filter: { host: [host] } });
    return api('problem.get', { output: ['name', 'severity'], selectTags: 'extend', hostids: [hosts[0]?.hostid] });
  };
  return {
    problems,
    templateIds,
    importTemplate(mode: AgentMode): Promise<unknown> {
      const both = { createMissing: true, updateExisting: true };
      const rules = {
        templates: both,
        valueMaps: both,
        items: both,
        discoveryRules: both,
        triggers: both,
        templateDashboards: both,
      };
      return api('configuration.import', {
        format: 'yaml',
        source: templateOf('6.0', mode),
        rules: { groups: { createMissing: true }, ...rules },
      });
    },
    async makeHost(host: string, more: Settings = {}, mode: AgentMode = 'active'): Promise<void> {
      await api('host.create', { host, groups: [{ groupid: '2' }], templates: await templateIds(mode), ...more });
    },
    async values(host: string): Promise<ReadonlyMap<string, Shown>> {
      const output = ['key_', 'lastvalue', 'state', 'error', 'name'];
      const found = await api<(Shown & { readonly key_: string })[]>('item.get', { output, host });
      return new Map(found.map((item) => [item.key_, item]));
    },
    names: async (host: string): Promise<readonly string[]> => (await problems(host)).map(({ name }) => name).sort(),
    /** `type` 2: logs; 3: whole numbers. */
    async history(host: string, key: string, type: 2 | 3): Promise<readonly Stored[]> {
      const [item] = await api<{ readonly itemid: string }[]>('item.get', { host, filter: { key_: key } });
      return api('history.get', { history: type, itemids: [item?.itemid], output: 'extend' });
    },
  };
}
