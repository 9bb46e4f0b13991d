import { contains, formatAddress, type Ranges } from '../../model/net/index.ts';
import type { AddressField, Constraint, NumberField } from '../../model/packet/index.ts';
import { typesMatch } from './addresstype.ts';
import { membership } from './membership.ts';
import { memberCuts, type Narrowing, narrowing, typeCuts } from './narrowing.ts';
import { addressOf, bitsOf, numberOf, type Passage } from './passage.ts';
import { intersect, possible, subtract } from './possible.ts';
import type { Surroundings } from './surroundings.ts';
import { settleOwner } from './unsaid.ts';
import { isUnsaid, unsaidText } from './unsaid-text.ts';

/** What the packet alone does not answer. */
export interface Question {
  /** Equal keys have equal answers. */
  readonly key: string;
  /** For people: the match as it stands in the rule. */
  readonly text: string;
  /** Draws the consequence of the answer for what is known of the packet. */
  readonly learn?: (answer: boolean) => void;
  /** The kernel chooses, among values that a translation allows; no match of a rule answers. */
  readonly chooses?: true;
}

/** What a constraint is evaluated against. */
export interface Scene {
  readonly passage: Passage;
  readonly surroundings: Surroundings;
  /** Names this visit to this rule: a stateful match answers each visit for itself. */
  readonly visit: () => string;
  readonly answers: ReadonlyMap<string, boolean>;
  /** Takes what had to be taken for granted, as a sentence. */
  readonly note: (sentence: string) => void;
}

/**
 * True, false, or the first question it hangs on, in the order of the rule. The order of a rule's matches does not
 * matter otherwise: one that is false makes the rule false whatever the others would say.
 */
export function truth(constraint: Constraint, scene: Scene): boolean | Question {
  switch (constraint.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'all': {
      let open: Question | null = null;
      for (const part of constraint.of) {
        const answer = truth(part, scene);
        if (answer === false) return false;
        if (answer !== true) open ??= answer;
      }
      return open ?? true;
    }
    case 'any': {
      let open: Question | null = null;
      for (const part of constraint.of) {
        const answer = truth(part, scene);
        if (answer === true) return true;
        if (answer !== false) open ??= answer;
      }
      return open ?? false;
    }
    case 'not': {
      const answer = truth(constraint.of, scene);
      return typeof answer === 'boolean' ? !answer : answer;
    }
    case 'address':
      return addressIn(constraint.field, constraint.ranges, scene);
    case 'number':
      return numberIn(constraint.field, constraint.ranges, scene);
    case 'bits':
      return ((bitsOf(scene.passage, constraint.field) & constraint.mask) ^ constraint.value) === 0;
    case 'anyBit':
      return (bitsOf(scene.passage, constraint.field) & constraint.mask) !== 0;
    case 'interface': {
      const name = (constraint.field === 'in' ? scene.passage.in : scene.passage.out) ?? '';
      return constraint.prefix ? name.startsWith(constraint.name) : name === constraint.name;
    }
    case 'addressType': {
      const limit = constraint.on === null ? '' : ` --limit-iface-${constraint.on}`;
      const text = `-m addrtype --${constraint.field}-type ${constraint.types.join(',')}${limit}`;
      const { passage, surroundings } = scene;
      const answer = (one: Passage): boolean | null => typesMatch(constraint, one, surroundings);
      if (typeof passage[constraint.field] === 'bigint') return answer(passage) ?? ask(text, scene);
      const cuts = typeCuts(constraint.field, passage.packet.family, surroundings);
      return narrowed(narrowing(passage, cuts, answer), text, scene);
    }
    case 'member': {
      const set = scene.surroundings.sets?.get(constraint.set);
      if (set?.volatile === true) {
        scene.note(`the set ${constraint.set} is taken as it was when it was read; its members come and go`);
      }
      const text = `-m set --match-set ${constraint.set} ${constraint.dimensions.join(',')}`;
      const { passage, surroundings } = scene;
      if (set === undefined || isSettled(passage)) return membership(constraint, passage, surroundings) ?? ask(text, scene);
      const cuts = memberCuts(set, constraint.dimensions, passage, surroundings.sets);
      return narrowed(
        narrowing(passage, cuts, (one) => membership(constraint, one, surroundings)),
        text,
        scene,
      );
    }
    case 'opaque':
      return constraint.nature === 'pure'
        ? ask(constraint.text, scene)
        : answered({ key: `${constraint.text} @ ${scene.visit()}`, text: constraint.text }, scene);
  }
}

/** Whether the match drops the packet by itself, as hashlimit does when its table is full. */
export function dropsItself(constraint: Extract<Constraint, { kind: 'opaque' }>, scene: Scene): boolean | Question {
  const text = `${constraint.text} (drops the packet itself)`;
  return answered({ key: `${text} @ ${scene.visit()}`, text }, scene);
}

/** A question whose answer is the same wherever it is asked of the same bytes. */
function ask(text: string, scene: Scene): boolean | Question {
  const { rewrites } = scene.passage;
  return answered({ key: rewrites === 0 ? text : `${text} after ${rewrites} changes`, text }, scene);
}

export function answered(question: Question, scene: Scene): boolean | Question {
  return scene.answers.get(question.key) ?? question;
}

function addressIn(field: AddressField, set: Ranges<bigint>, scene: Scene): boolean | Question {
  const { passage } = scene;
  const value = addressOf(passage, field);
  if (typeof value === 'bigint') return contains(set, value);
  const { family } = passage.packet;
  if (value === undefined)
    return ask(
      originalText(field, set, (address) => formatAddress({ family, value: address })),
      scene,
    );
  const inside = intersect(value, set);
  const outside = subtract(value, set);
  if (inside.length === 0) return false;
  if (outside.length === 0) return true;
  const learn = (answer: boolean): void => {
    passage[field === 'src' ? 'src' : 'dst'] = possible(answer ? inside : outside);
  };
  return chosen('address', inside, (address) => formatAddress({ family, value: address }), passage, learn);
}

function isSettled({ src, dst, sport, dport }: Passage): boolean {
  return ![src, dst, sport, dport].some((value) => typeof value === 'object' && value !== null);
}

/** The answer, or which of the possible addresses and ports it hangs on. */
function narrowed(found: boolean | null | Narrowing, text: string, scene: Scene): boolean | Question {
  if (found === null) return ask(text, scene);
  if (typeof found === 'boolean') return found;
  const { passage } = scene;
  if (found.what === 'port') {
    const { field, inside, outside } = found;
    return chosen('port', inside, String, passage, (answer) => {
      passage[field] = possible(answer ? inside : outside);
    });
  }
  const { field, inside, outside } = found;
  const { family } = passage.packet;
  return chosen(
    'address',
    inside,
    (address) => formatAddress({ family, value: address }),
    passage,
    (answer) => {
      passage[field] = possible(answer ? inside : outside);
    },
  );
}

function numberIn(field: NumberField, set: Ranges<number>, scene: Scene): boolean | Question {
  const { passage } = scene;
  const value = numberOf(passage, field);
  if (value === null) return false;
  if (typeof value === 'number') return contains(set, value);
  if (value === undefined) return ask(originalText(field, set, String), scene);
  const inside = intersect(value, set);
  const outside = subtract(value, set);
  if (inside.length === 0) return false;
  if (outside.length === 0) return true;
  if (isUnsaid(field)) {
    const text = unsaidText(field, set);
    const key = passage.rewrites === 0 ? text : `${text} after ${passage.rewrites} changes`;
    return {
      key,
      text,
      learn(answer) {
        passage.unsaid[field] = possible(answer ? inside : outside);
        settleOwner(passage.unsaid);
      },
    };
  }
  const learn = (answer: boolean): void => {
    passage[field === 'length' || field === 'sport' ? field : 'dport'] = possible(answer ? inside : outside);
  };
  if (field !== 'length') return chosen('port', inside, String, passage, learn);
  const text = `the packet is ${spanText(inside, String)} bytes long behind ${passage.lengthenedBy}`;
  return { key: text, text, learn };
}

/** Which of its possible destinations a translation takes. What is learned narrows them, so no answer contradicts another. */
function chosen<T extends number | bigint>(
  what: string,
  inside: Ranges<T>,
  show: (value: T) => string,
  passage: Passage,
  learn: (answer: boolean) => void,
): Question {
  const text = `the ${what} chosen by ${passage.openedBy} is ${spanText(inside, show)}`;
  return { key: text, text, learn, chooses: true };
}

const originalOptions: Readonly<Record<string, string>> = {
  origSrc: '--ctorigsrc',
  origDst: '--ctorigdst',
  origProto: '--ctproto',
  origSport: '--ctorigsrcport',
  origDport: '--ctorigdstport',
};

function originalText<T extends number | bigint>(field: string, set: Ranges<T>, show: (value: T) => string): string {
  return `-m conntrack ${originalOptions[field] ?? field} ${spanText(set, show)}`;
}

function spanText<T extends number | bigint>(set: Ranges<T>, show: (value: T) => string): string {
  return set.map(([lo, hi]) => (lo === hi ? show(lo) : `${show(lo)}-${show(hi)}`)).join(',');
}
