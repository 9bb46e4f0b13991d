/**
 * What a message says, in words and as data, for any channel: one headline, lines with labels, and the JSON that programs get.
 *
 * All of it is visible text on one line each; escaping it for a place is the channel's. The channels call it.
 */
export { documentOf, messageDocument } from './document.ts';
export { plainText } from './plain-text.ts';
export { factsOf, headline, type Line, leftOut, momentOf, severityWord, stateWord } from './said.ts';
