import type { ComponentChildren } from 'preact';
import { type Draft, emptyDraft, hasFlags, hasIcmp, hasPorts } from '../draft.ts';

const states = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const;
const flagNames = ['SYN', 'ACK', 'FIN', 'RST', 'PSH', 'URG'] as const;
const hooks = [
  ['input', 'to this host'],
  ['forward', 'through this host'],
  ['output', 'from this host'],
] as const;

interface TraceFormProps {
  draft: Draft;
  ownAddress: string;
  onChange: (draft: Draft) => void;
  onAsk: () => void;
}

/** The packet's fields. What its protocol does not have is disabled, not hidden, so that nothing moves. */
export function TraceForm({ draft, ownAddress, onChange, onAsk }: TraceFormProps) {
  type Text = { [Field in keyof Draft]: Draft[Field] extends string ? Field : never }[keyof Draft];
  const set = (change: Partial<Draft>): void => onChange({ ...draft, ...change });
  const text = (field: Text, placeholder: string, more: object = {}) => (
    <input
      name={field}
      value={draft[field]}
      placeholder={placeholder}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => set({ [field]: event.currentTarget.value })}
      {...more}
    />
  );
  const number = (field: Text, placeholder: string, max: number, more: object = {}) =>
    text(field, placeholder, { type: 'number', min: 0, max, step: 1, inputMode: 'numeric', ...more });
  const ports = hasPorts(draft);

  return (
    <form
      class="trace-form"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk();
      }}
    >
      <Field label="Way" wide>
        <select name="hook" value={draft.hook} onChange={(event) => set({ hook: event.currentTarget.value as Draft['hook'] })}>
          {hooks.map(([hook, says]) => (
            <option key={hook} value={hook}>
              {hook}: {says}
            </option>
          ))}
        </select>
      </Field>
      <Field label="State">
        <select
          name="state"
          value={draft.state}
          onChange={(event) => set({ state: event.currentTarget.value as Draft['state'] })}
        >
          {states.map((state) => (
            <option key={state}>{state}</option>
          ))}
        </select>
      </Field>
      <Field label="Source" wide>
        {text('src', '203.0.113.9', { required: true })}
      </Field>
      <Field label="Source port">{number('sport', '40000', 65_535, { disabled: !ports })}</Field>
      <Field label="Destination" wide>
        {text('dst', ownAddress === '' ? '198.51.100.10' : ownAddress, { required: ownAddress === '' || draft.hook !== 'input' })}
      </Field>
      <Field label="Port">{number('dport', '22', 65_535, { disabled: !ports, required: ports })}</Field>
      <Field label="Protocol">
        {text('proto', 'tcp', { required: true, list: 'protocols' })}
        <datalist id="protocols">
          {['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'gre', 'esp', 'ah', 'igmp'].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
      <Field label="In">{text('in', 'the only one', { disabled: draft.hook === 'output' })}</Field>
      <Field label="Out">{text('out', '–', { disabled: draft.hook === 'input' })}</Field>
      <details class="wide-row">
        <summary>More fields</summary>
        <div class="more-fields">
          <Field label="ICMP type">{number('icmpType', 'echo-request', 255, { disabled: !hasIcmp(draft) })}</Field>
          <Field label="ICMP code">{number('icmpCode', '0', 255, { disabled: !hasIcmp(draft) })}</Field>
          <Field label="Mark">{number('mark', '0', 4_294_967_295)}</Field>
          <Field label="Length">{number('length', '60', 65_535)}</Field>
          <Field label="TTL">{number('ttl', '64', 255)}</Field>
          <Field label="Source MAC">{text('mac', 'not said', { pattern: '([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}' })}</Field>
          <fieldset disabled={!hasFlags(draft)}>
            <legend>TCP flags</legend>
            {flagNames.map((flag) => (
              <label key={flag} class="check">
                <input
                  type="checkbox"
                  checked={draft.flags.includes(flag)}
                  onChange={(event) =>
                    set({
                      flags: event.currentTarget.checked ? [...draft.flags, flag] : draft.flags.filter((one) => one !== flag),
                    })
                  }
                />
                {flag}
              </label>
            ))}
          </fieldset>
        </div>
      </details>
      <div class="wide-row actions">
        <button type="submit" class="primary">
          Trace
        </button>
        <button type="button" onClick={() => onChange(emptyDraft)}>
          Clear
        </button>
      </div>
    </form>
  );
}

function Field({ label, wide = false, children }: { label: string; wide?: boolean; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what the field is given as its child
    <label class={wide ? 'field wide' : 'field'}>
      <span>{label}</span>
      {children}
    </label>
  );
}
