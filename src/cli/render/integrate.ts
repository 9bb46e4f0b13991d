import type { IntegrateJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

export function whole(answer: IntegrateJson, view: View): string {
  return { listed, shown, written, applied, tested }[answer.did](answer, view);
}

function listed({ integrations }: IntegrateJson, view: View): string {
  return integrations
    .map(({ name, summary, answers }) => {
      const told = answers.map(({ key, says, default: fallback }) => {
        const otherwise = fallback === null || fallback === '' ? '' : ` (default: ${fallback})`;
        return `  --set ${key}=…  ${says.replace(/\.$/, '')}${otherwise}\n`;
      });
      return `${paintWords('bold', name, view)}: ${summary}\n${told.join('')}`;
    })
    .join('\n');
}

const stands = {
  new: 'not there yet',
  same: 'there, as it is to be',
  older: 'there, as an earlier palisade wrote it',
  changed: 'there, and somebody else has a hand in it',
  unreadable: 'there, and cannot be read',
} as const;

function shown(answer: IntegrateJson, view: View): string {
  const files = answer.files.map((file) => {
    const where = file.here ? stands[file.stands] : 'for elsewhere';
    const head = `${paintWords('bold', file.path, view)} (${file.mode}): ${file.says}; ${where}.`;
    // Of what is not there, every line would be new.
    const lines =
      !file.here || file.stands === 'new' ? file.text.trimEnd().split('\n') : file.diff.map((line) => paintedLine(line, view));
    return `${head}\n${lines.map((line) => `    ${line}\n`).join('')}`;
  });
  return `${files.join('\n')}${nextLines(answer)}`;
}

function paintedLine(line: string, view: View): string {
  if (line.startsWith('+')) return paintWords('green', line, view);
  return line.startsWith('-') ? paintWords('red', line, view) : line;
}

function written(answer: IntegrateJson): string {
  return `${answer.files.map(({ path, says }) => `${path}: ${says}\n`).join('')}${nextLines(answer)}`;
}

function applied(answer: IntegrateJson, view: View): string {
  const files = answer.files
    .filter(({ here }) => here)
    .map(({ path, stands: before, diff, kept }) => {
      if (before === 'same') return `${path}: as it was\n`;
      const where = kept === null ? '' : `; what stood there is kept as ${kept}`;
      return `${path}: written${where}\n${before === 'new' ? '' : diff.map((line) => `    ${paintedLine(line, view)}\n`).join('')}`;
    });
  const said = [...answer.says, ...answer.unasked.map(({ why, remedy }) => `Not known: ${why}; ${remedy}`)];
  return `${files.join('')}${said.map((line) => paragraph(`${line}.`, view)).join('')}${nextLines(answer)}`;
}

function tested({ echo, next }: IntegrateJson, view: View): string {
  if (echo === null) return '';
  if (echo.seen) return paragraph(`Seen after ${((echo.afterMs ?? 0) / 1000).toFixed(1)} s: ${echo.where}.`, view);
  return paragraph(`Not seen: ${echo.where}.`, view) + next.map((line) => paragraph(`${line}.`, view)).join('');
}

function nextLines({ next }: IntegrateJson): string {
  return next.length === 0 ? '' : `\nThen:\n${next.map((line) => `  - ${line}.\n`).join('')}`;
}
