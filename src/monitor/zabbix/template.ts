import { stringify } from 'yaml';
import { dashboardOf } from './dashboard.ts';
import { discoveries } from './discoveries.ts';
import { eventKey, eventTriggers } from './event.ts';
import { type Discovery, type Item, type Prototype, type Trigger, valueMaps } from './item.ts';
import { fieldOf, items, masterKey, readable } from './items.ts';
import { macros } from './macros.ts';
import { stableUuid } from './text.ts';

/** Of which Zabbix a template is. Later ones take those of earlier ones. */
export type TemplateVersion = '6.0' | '7.0';

/** Who asks whom: an active agent brings the state (palisade's own, or Zabbix's), or the server asks Zabbix's agent for it. */
export type AgentMode = 'active' | 'passive';

const keyOf = (field: string): string => `iptables.${field}`;

/** The template's name, as hosts are linked to it. It stays the same for ever. */
export function templateName(mode: AgentMode): string {
  return mode === 'active' ? 'Iptables by palisade' : 'Iptables by palisade passive';
}

/** Items that are in the JSON whatever the matter is. */
export const readableItems: readonly Omit<Item, 'of'>[] = [
  {
    field: readable.field,
    name: 'State is readable',
    says: 'Whether palisade could say how the firewall stands.',
    ...{ component: 'palisade', type: 'UNSIGNED', valueMap: 'no or yes' },
    triggers: [
      {
        id: 'nodata',
        name: 'Iptables: Nothing comes from palisade',
        event: 'Iptables: Nothing has come from palisade for {$IPT.NODATA}',
        expression: `nodata(@${readable.field},{$IPT.NODATA})=1`,
        priority: 'AVERAGE',
        scope: 'availability',
        closedByHand: true,
        says: 'Everything that is shown of this host may be old. See whether palisade or the agent runs, and reaches this server.',
      },
      {
        id: 'readable',
        name: 'Iptables: The state of the firewall cannot be read',
        event: `Iptables: The state of the firewall cannot be read: {?last(@${readable.problem})}`,
        expression: `last(@${readable.field})=0`,
        priority: 'HIGH',
        scope: 'availability',
        says: 'Everything that is shown of this host may be old. The problem’s text says what to do.',
      },
    ],
  },
  {
    field: readable.problem,
    name: 'Why the state is not readable',
    says: 'Why, and what to do about it; none: it is.',
    ...{ component: 'palisade', type: 'TEXT', keeps: 'changes' },
  },
];

type Form = Omit<Item, 'of'>;
type Entity = Readonly<Record<string, unknown>>;

/** Makes a template, as text to import. */
export function templateOf(version: TemplateVersion, mode: AgentMode): string {
  // Zabbix reads dates, numbers and words of YAML 1.1 out of plain text.
  const quoted = {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'QUOTE_SINGLE',
    defaultKeyType: 'PLAIN',
  } as const;
  return `# Written by npm run docs from the items of palisade. Do not edit.\n${stringify(templateTree(version, mode), quoted)}`;
}

/** The same as a tree, in the order in which Zabbix itself exports one. */
export function templateTree(version: TemplateVersion, mode: AgentMode): Entity {
  const name = templateName(mode);
  const made = maker(name, mode, version);
  const group = { uuid: stableUuid('group'), name: 'Templates/palisade' };
  const several = made.triggersOf(allTriggers()).filter(({ owner }) => owner === null);
  return {
    zabbix_export: {
      version,
      [version === '6.0' ? 'groups' : 'template_groups']: [group],
      templates: [
        {
          uuid: made.uuid('template'),
          template: name,
          name,
          description: description(mode),
          groups: [{ name: group.name }],
          items: [made.master(), ...[...readableItems, ...items].map(made.item), made.event()],
          discovery_rules: discoveries.map(made.discovery),
          tags: [
            { tag: 'class', value: 'security' },
            { tag: 'target', value: 'iptables' },
          ],
          macros: macros.map(({ name: macro, value, says }) => ({ macro, value, description: says })),
          dashboards: [dashboardOf({ template: name, uuid: made.uuid('dashboard'), version })],
          valuemaps: Object.entries(valueMaps).map(([map, words]) => ({
            uuid: made.uuid('valuemap', map),
            name: map,
            mappings: Object.entries(words).map(([value, newvalue]) => ({ value, newvalue })),
          })),
        },
      ],
      triggers: several.map(({ entity }) => entity),
    },
  };
}

function description(mode: AgentMode): string {
  const who =
    mode === 'active'
      ? 'palisade brings the state by itself (reports: zabbix in its configuration), or Zabbix’s agent does with a UserParameter for iptables.get.'
      : 'The server asks Zabbix’s agent, which has a UserParameter for iptables.get.';
  return `How the host’s iptables stand: audit, drift, counters, incidents. One master item; everything else depends on it.\n${who}\nIncidents come to iptables.event as they happen, if a channel of type zabbix is set up.`;
}

/** Every trigger that belongs to items rather than prototypes. */
function allTriggers(): readonly Trigger[] {
  return [...[...readableItems, ...items].flatMap(({ triggers = [] }) => triggers), ...eventTriggers];
}

/** The items that an expression asks. */
function fieldsIn(expression: string): ReadonlySet<string> {
  return new Set([...expression.matchAll(/@([a-z0-9.]+)/g)].map(([, field = '']) => field));
}

function maker(template: string, mode: AgentMode, version: TemplateVersion) {
  const uuid = (...what: readonly string[]): string => stableUuid(mode, ...what);
  const master = { master_item: { key: masterKey } };

  /** `@FIELD` as the item that it stands for. Names are no expressions: Zabbix puts no host for the template in them by itself. */
  const filled = (text: string, key: (field: string) => string, host = template): string =>
    text.replace(/@([a-z0-9.]+)/g, (_, field: string) => `/${host}/${key(field)}`);

  const byId = new Map(
    [...allTriggers(), ...discoveries.flatMap((one) => one.items.flatMap(({ triggers = [] }) => triggers))].map((one) => [
      one.id,
      one,
    ]),
  );

  function trigger(one: Trigger, key: (field: string) => string): Entity {
    const { id, name, event, opdata, expression, recovery, each, priority, scope, says, closedByHand, below } = one;
    const above = below === undefined ? undefined : byId.get(below);
    return {
      uuid: uuid('trigger', id),
      expression: filled(expression, key),
      ...(recovery !== undefined && { recovery_mode: 'RECOVERY_EXPRESSION', recovery_expression: filled(recovery, key) }),
      ...(each !== undefined && { correlation_mode: 'TAG_VALUE', correlation_tag: each.tag }),
      name,
      ...(event !== undefined && { event_name: filled(event, key, '{HOST.HOST}') }),
      ...(opdata !== undefined && { opdata }),
      priority,
      description: says,
      ...(each !== undefined && { type: 'MULTIPLE' }),
      ...(closedByHand === true && { manual_close: 'YES' }),
      ...(above !== undefined && { dependencies: [{ name: above.name, expression: filled(above.expression, key) }] }),
      tags: [...(each === undefined ? [] : [{ tag: each.tag, value: each.value }]), { tag: 'scope', value: scope }],
    };
  }

  /** With the one item that it asks, which then holds it; `null`: it asks several, and stands by itself. */
  const triggersOf = (all: readonly Trigger[]) =>
    all.map((one) => {
      const asked = fieldsIn(`${one.expression} ${one.recovery ?? ''}`);
      return { owner: asked.size === 1 ? ([...asked][0] ?? null) : null, entity: trigger(one, keyOf) };
    });

  const owned = (field: string, all: readonly Trigger[]): Entity => {
    const entities = triggersOf(all).flatMap(({ owner, entity }) => (owner === field ? [entity] : []));
    return entities.length === 0 ? {} : { triggers: entities };
  };

  /** What an item and a prototype have alike. */
  const common = (form: Form, key: string, path: string): Entity => ({
    name: form.name,
    type: 'DEPENDENT',
    key,
    delay: '0',
    // What a version takes unless another is said it does not export.
    ...(version === '6.0' && { history: '31d' }),
    ...(form.type !== 'UNSIGNED' && form.type !== 'FLOAT' && { trends: '0' }),
    ...(form.type !== 'UNSIGNED' && { value_type: form.type }),
    ...(form.units !== undefined && { units: form.units }),
    description: form.says,
    ...(form.valueMap !== undefined && { valuemap: { name: form.valueMap } }),
    preprocessing: [
      // Of what is not known there is nothing in the JSON: the item keeps what it had, and does not become unsupported.
      { type: 'JSONPATH', parameters: [path], error_handler: 'DISCARD_VALUE' },
      ...(form.keeps === 'rate' ? [{ type: 'CHANGE_PER_SECOND', parameters: [''] }] : []),
      ...(form.keeps === 'changes' ? [{ type: 'DISCARD_UNCHANGED_HEARTBEAT', parameters: ['1h'] }] : []),
    ],
    ...master,
    tags: [{ tag: 'component', value: form.component }],
  });

  const item = (form: Form): Entity => ({
    uuid: uuid('item', form.field),
    ...common({ ...form, name: `Iptables: ${form.name}` }, keyOf(form.field), `$['${form.field}']`),
    ...owned(form.field, form.triggers ?? []),
  });

  const keyIn =
    (discovery: Discovery) =>
    (field: string): string =>
      field.startsWith(`${discovery.noun}.`) ? `${keyOf(field)}[{#ID}]` : keyOf(field);

  /** Those that ask other items too stand beside the prototypes, as `triggersOf` has it. */
  const prototypeTriggers = (discovery: Discovery, all: readonly Trigger[], alone: boolean): Entity => {
    const entities = all
      .filter(({ expression }) => (fieldsIn(expression).size === 1) === alone)
      .map((one) => trigger(one, keyIn(discovery)));
    return entities.length === 0 ? {} : { trigger_prototypes: entities };
  };

  const prototype = (discovery: Discovery, form: Prototype<unknown>): Entity => ({
    uuid: uuid('prototype', form.field),
    ...common(
      { ...form, name: `${discovery.called}: ${form.name}` },
      keyIn(discovery)(form.field),
      `$['${discovery.noun}']['{#ID}']['${fieldOf(form.field)}']`,
    ),
    ...prototypeTriggers(discovery, form.triggers ?? [], true),
  });

  return {
    uuid,
    triggersOf,
    item,
    master: (): Entity => ({
      uuid: uuid('item', 'get'),
      name: 'Iptables: Get state',
      ...(mode === 'active' && { type: 'ZABBIX_ACTIVE' }),
      ...{ key: masterKey, history: '0', trends: '0', value_type: 'TEXT' },
      description: 'The state as one line of JSON, of which all other items are read.',
      tags: [{ tag: 'component', value: 'raw' }],
    }),
    event: (): Entity => ({
      uuid: uuid('item', 'event'),
      name: 'Iptables: Incident',
      ...{ type: 'TRAP', key: eventKey, delay: '0', ...(version === '6.0' && { history: '31d' }) },
      ...{ trends: '0', value_type: 'LOG' },
      description:
        'What becomes of incidents, as it happens: one line of JSON each. palisade’s channel of type zabbix sends them.',
      tags: [{ tag: 'component', value: 'event' }],
      ...owned('event', eventTriggers),
    }),
    discovery: (discovery: Discovery): Entity => ({
      uuid: uuid('discovery', discovery.noun),
      ...{ name: `Iptables: ${discovery.name}`, type: 'DEPENDENT', key: keyOf(`${discovery.noun}s.discovery`), delay: '0' },
      filter: {
        evaltype: 'AND',
        conditions: discovery.filters.flatMap(({ macro, matches, notMatches }, index) => [
          { macro, value: matches, formulaid: 'ACEG'[index] },
          { macro, value: notMatches, operator: 'NOT_MATCHES_REGEX', formulaid: 'BDFH'[index] },
        ]),
      },
      ...(version === '6.0' ? { lifetime: '7d' } : { enabled_lifetime_type: 'DISABLE_NEVER' }),
      description: discovery.says,
      item_prototypes: discovery.items.map((one) => prototype(discovery, one)),
      ...prototypeTriggers(
        discovery,
        discovery.items.flatMap(({ triggers = [] }) => triggers),
        false,
      ),
      ...master,
      lld_macro_paths: ['ID', ...discovery.macroNames]
        .toSorted()
        .map((macro) => ({ lld_macro: `{#${macro}}`, path: `$.${macro}` })),
      preprocessing: [{ type: 'JSONPATH', parameters: [`$['${discovery.noun}s.discovery']`], error_handler: 'DISCARD_VALUE' }],
    }),
  };
}
