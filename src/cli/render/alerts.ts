import type { AlertsPartJson } from '../../verbs/index.ts';
import { oneLine } from './safe.ts';
import { clock, count } from './simulate.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords, severityStyles } from './words.ts';

/** A line a channel, and two a message. */
export function part(said: AlertsPartJson, view: View): string {
  switch (said.kind) {
    case 'channel':
      return channel(said, view);
    case 'message':
      return message(said, view);
    case 'said':
      return paragraph(
        `${said.word === 'retry' ? 'To be tried again' : 'To be taken away'}: ${count(said.count)} ${said.count === 1 ? 'message' : 'messages'}${said.sender === null ? '. Nobody sends now: it is done once palisade up runs.' : `, by ${said.sender}.`}`,
        view,
      );
    case 'tested':
      return paragraph(
        said.delivered
          ? `${said.channel} took the test ${said.id}${said.sender === null ? ', sent by this command: palisade up sends none now' : ''}.`
          : `${said.channel} did not take the test: ${oneLine(said.why ?? '')}.`,
        view,
      );
  }
}

function channel(said: Extract<AlertsPartJson, { kind: 'channel' }>, view: View): string {
  const { channel: name, type, waiting, dead, delivered, lastDelivered, failing } = said;
  const notes = [
    `${count(delivered)} delivered${lastDelivered === null ? '' : `, the last at ${clock(lastDelivered)}Z`}`,
    ...(waiting > 0 ? [`${count(waiting)} wait`] : []),
    ...(dead > 0 ? [`${count(dead)} given up`] : []),
  ];
  const word = failing === null ? view.paint('bold', name) : paintWords(severityStyles.high, name, view);
  const fault = failing === null ? '' : paragraph(`does not get through: ${oneLine(failing)}`, view, 2);
  return paragraph(`${word} (${type}): ${notes.join('; ')}`, view) + fault;
}

function message(said: Extract<AlertsPartJson, { kind: 'message' }>, view: View): string {
  const { id, channel: name, state, severity, title, at, attempts, next, ended, why } = said;
  const word = paintWords(severityStyles[severity], severity.padEnd(8), view);
  const notes = [
    state === 'dead'
      ? 'given up'
      : state === 'waiting' && attempts > 0
        ? 'waits to be tried again'
        : state === 'waiting'
          ? 'waits'
          : state,
    ...(ended === null ? [] : [`at ${clock(ended)}Z`]),
    ...(next === null || attempts === 0 ? [] : [`at ${clock(next)}Z`]),
    ...(attempts > 1 ? [`after ${count(attempts)} attempts`] : []),
  ];
  const fault = why === null ? '' : `; ${oneLine(why)}`;
  return (
    paragraph(`${clock(at)}Z  ${word}  ${oneLine(title)}`, view) +
    paragraph(view.paint('dim', `${id} to ${name}: ${notes.join(' ')}${fault}`), view, 2)
  );
}
