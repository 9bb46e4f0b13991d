import type { PlanJson } from '../../verbs/index.ts';
import { whole as differenceText } from './diff.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { heading, packetWords, paintWords } from './words.ts';

export function whole(plan: PlanJson, view: View): string {
  const { policy, changes, lines, sets, others, notes, refusals, unknown } = plan;
  const said = changes ? 'there is something to do' : 'the host is as it says';
  return [
    paragraph(paintWords('bold', `${policy}: ${said}.`, view), view),
    ...refusals.map(({ why, remedy }) => paragraph(`${why}; ${remedy}`, view, 0, 'would be refused: ')),
    ...notes.map((note) => paragraph(note, view, 0, 'note: ')),
    changes ? linesText(lines, sets, view) : '',
    changes ? `\n${differenceText(withoutHalfEqual(plan), view)}${straysText(plan, view)}` : '',
    testsText(plan, view),
    sessionsText(plan, view),
    proofText(plan, view),
    others.length === 0 ? '' : paragraph(`${others.join(', ')} keep rules of their own here, which stay as they are.`, view),
    ...unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'unknown: ')),
  ].join('');
}

function linesText(lines: PlanJson['lines'], { added, changed, unused }: PlanJson['sets'], view: View): string {
  const parts: string[] = [];
  for (const family of [4, 6] as const) {
    const own = lines.filter((line) => line.family === family);
    if (own.length === 0) continue;
    parts.push(heading(`IPv${family}, lines`, view));
    let table = '';
    for (const line of own) {
      if (line.table !== table) parts.push(`  *${line.table}\n`);
      table = line.table;
      const text = `  ${line.kind === 'added' ? '+' : '-'} ${line.text}`;
      parts.push(`${view.paint(line.kind === 'added' ? 'green' : 'red', text)}\n`);
    }
  }
  if (added.length > 0)
    parts.push(paragraph(`New sets: ${added.map(({ name, members }) => `${name} (${members})`).join(', ')}.`, view));
  if (changed.length > 0)
    parts.push(
      paragraph(`Sets that somebody changed, which hold something else than the policy says: ${changed.join(', ')}.`, view),
    );
  if (unused.length > 0) parts.push(paragraph(`Sets that nothing asks any more: ${unused.join(', ')}.`, view));
  return parts.join('');
}

/** A way on which new connections are treated alike, and other packets are not, is not to be called equal. */
function withoutHalfEqual({ difference, strays }: PlanJson): PlanJson['difference'] {
  const families = difference.families.map(({ family, ways, rewrites }) => {
    const others = strays.families.find((one) => one.family === family)?.ways ?? [];
    const isAlike = (hook: string): boolean => others.find((way) => way.hook === hook)?.equal === true;
    return { family, rewrites, ways: ways.filter(({ equal, hook }) => equal !== true || isAlike(hook)) };
  });
  return { ...difference, families };
}

function straysText({ strays }: PlanJson, view: View): string {
  const count = strays.families.reduce((sum, { ways }) => sum + ways.reduce((of, way) => of + way.differences.length, 0), 0);
  if (count === 0) return '';
  return paragraph(
    `Besides, ${count} kinds of packets that begin no connection (replies, strays, scans, the host to itself) are treated differently; --json lists them.`,
    view,
  );
}

function testsText({ tests }: PlanJson, view: View): string {
  if (tests.length === 0) return '';
  const failing = tests.filter(({ holds }) => !holds);
  if (failing.length === 0) return paragraph(`All ${tests.length} tests of the policy hold.`, view);
  return failing
    .map(({ text, line, packet }) =>
      paragraph(
        `${text}${line === null ? '' : ` (line ${line})`}${packet === null ? '' : `; but see ${packetWords(packet)}`}`,
        view,
        0,
        'test fails: ',
      ),
    )
    .join('');
}

function sessionsText({ sessions }: PlanJson, view: View): string {
  const safe = sessions?.filter(({ survives }) => survives) ?? [];
  if (safe.length === 0) return '';
  const peers = [...new Set(safe.map(({ peer }) => peer))].join(', ');
  return paragraph(`${peers}, who manage this host now, stay connected and can connect again.`, view);
}

function proofText({ proof }: PlanJson, view: View): string {
  const open = proof.filter(({ proved }) => !proved);
  if (open.length === 0)
    return paragraph(
      'Proved for every whole packet, with limits reached and not: the rules for what comes in, through and out mean what the policy says.',
      view,
    );
  return open.map(({ family, way, why }) => paragraph(`IPv${family} ${way}: ${why}`, view, 0, 'not proved: ')).join('');
}
