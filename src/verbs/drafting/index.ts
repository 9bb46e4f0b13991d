/**
 * How a policy comes to be by questions: `interview` has one answered, by a flag, a person or what is suggested; `answers` asks the five;
 * `proof` shows that what was drafted of them holds and locks nobody out; `file` writes it. The verb `init` calls them.
 */
export { answersOf } from './answers.ts';
export { isThere, writePolicy } from './file.ts';
export { proveDraft } from './proof.ts';
