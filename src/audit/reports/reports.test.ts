import { describe, expect, it } from 'vitest';
import type { Dossier } from '../dossier.ts';
import { exampleHost } from '../example-host.ts';
import { guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { audit, type Finding, type Proof } from '../index.ts';
import { csv } from './csv.ts';
import { digest, dossierFor, hostile, risk } from './dossier.fixture.ts';
import { html } from './html.ts';
import { formats } from './index.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { visible } from './visible.ts';

const facts = { ...oneLink, kernel: '6.1.0-18-amd64' };
const risks = [
  risk('FW-BASE-03'),
  risk('FW-BASE-04', { expires: '2020-01-01', owner: 'Grace' }),
  risk('FW-BACK-01', { where: { port: '99/tcp' } }),
];
const dossier = dossierFor({ v4: guide, v6: null, facts }, { risks });

describe.each(Object.values(formats))('$name', (format) => {
  const text = format.write(dossier);

  it('says of which host, kernel, time, tool and texts it is', () => {
    for (const piece of ['example', '6.1.0-18-amd64', '1970-01-01T00:00:00', 'palisade', '0.0.0', digest(guide)]) {
      expect(text).toContain(piece);
    }
  });

  it('names every finding, whatever became of it, and everything unknown', () => {
    const said = [...dossier.findings, ...dossier.accepted.map(({ filed }) => filed)];
    expect(said.length).toBeGreaterThan(3);
    for (const { finding, fingerprint } of said) {
      expect(text).toContain(finding.id);
      expect(text).toContain(fingerprint);
    }
    for (const { id } of dossier.unknown) expect(text).toContain(id);
    expect(text).toContain('no --ruleset was given for IPv6');
  });

  it('says who accepted what, and what of it has expired or fits nothing', () => {
    for (const piece of ['Ada', '2027-01-31', 'Grace', '2020-01-01', '99/tcp']) expect(text).toContain(piece);
  });

  it('says the score and the confidence beside it', () => {
    expect(dossier.confidence).toBeLessThan(100);
    expect(text).toContain(String(dossier.score));
    expect(text).toContain(String(dossier.confidence));
  });

  it('is the same for the same dossier', () => {
    expect(format.write(dossier)).toBe(text);
  });

  it('says what the kernel did with a witness, where it was asked', () => {
    const host = exampleHost({ v4: guide, v6: hardened6, facts });
    const report = audit(host);
    const [agreed, denied, left] = report.findings;
    if (agreed === undefined || denied === undefined || left === undefined) throw new Error('the guide has more faults');
    const decidedBy = { family: 4, table: 'filter', chain: 'INPUT', rule: 7 } as const;
    const proofs = new Map<Finding, Proof>([
      [agreed, { ran: true, kernel: 'DROP', decidedBy, agrees: true, led: false }],
      [denied, { ran: true, kernel: 'ACCEPT', decidedBy: null, agrees: false, led: false }],
      [left, { ran: false, why: 'it has no namespace' }],
    ]);
    const said = format.write(dossierFor({ v4: guide, v6: hardened6, facts }, { report, proofs }));
    expect(said).toContain('the kernel agrees: DROP by IPv4 filter INPUT rule 7');
    expect(said).toContain('the kernel disagrees: ACCEPT; this is a fault of palisade');
    expect(said).toContain('not sent through the kernel: it has no namespace');
    expect(text).not.toContain('the kernel agrees');
  });

  it('holds no control character of a comment', () => {
    const written = format.write(dossierFor({ v4: hostile, v6: hardened6 }));
    expect(written).toContain('HYPERLINK');
    expect(written).not.toContain('\u001b');
    expect(written.replace(/\r\n/g, '\n')).not.toMatch(/[^\n\t\P{Cc}]/u);
  });

  it('reports a host of which nothing is known', () => {
    expect(format.write(dossierFor({ v4: null, v6: null }))).toContain('FW-BASE-01');
  });
});

describe('csv', () => {
  const rows = parseCsv(
    csv.write(dossierFor({ v4: hostile, v6: hardened6 }, { risks: [risk('FW-BASE-03', { reason: '=1+1' })] })),
  );
  const [head = [], ...body] = rows;
  const column = (name: string): readonly string[] => body.map((row) => row[head.indexOf(name)] ?? '');

  it('is a rectangle', () => {
    expect(body.length).toBeGreaterThan(5);
    for (const row of rows) expect(row).toHaveLength(head.length);
  });

  it('has a row for every finding, what was accepted, and every check that passed', () => {
    expect(new Set(column('status'))).toEqual(new Set(['fail', 'accepted', 'unknown', 'pass']));
  });

  it('has no cell that a spreadsheet would calculate', () => {
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@]/);
    const text = csv.write(
      dossierFor({ v4: guide }, { risks: [risk('FW-BACK-01', { where: { chain: '=cmd' } })], tool: { name: '+x', version: '' } }),
    );
    expect(parseCsv(text).flat()).toContain("'+x ");
  });

  it('nor one that would be calculated where semicolons or tabs part cells', () => {
    const reason = 'x;=1+1\t@f ; "-2';
    const text = csv.write(dossierFor({ v4: guide }, { risks: [risk('FW-BASE-03', { reason })] }));
    expect(text).toContain(`x;'=1+1\t'@f ; ""'-2`);
  });

  it('ends every line with CR and LF, and quotes what would break it', () => {
    const text = csv.write(dossier);
    expect(text.endsWith('\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(column('fix').some((cell) => cell.includes('\r\n'))).toBe(true);
  });
});

describe('junit', () => {
  const cases = (of: Dossier) => [
    ...junit.write(of).matchAll(/<testcase [^>]*name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g),
  ];
  const kinds = (of: Dossier): Record<string, string> =>
    Object.fromEntries(
      cases(of).map(([, name = '', body = '']) => [
        name
          .split(' ')
          .slice(0, name.includes(' IPv') ? 2 : 1)
          .join(' '),
        /<(failure|error|skipped)/.exec(body)?.[1] ?? 'passed',
      ]),
    );

  it('has a test for each check and family, whatever was found', () => {
    const names = (of: Dossier) => cases(of).map(([, name]) => name);
    expect(names(dossierFor({ v4: hardened4, v6: hardened6 }))).toEqual(names(dossier));
    expect(new Set(names(dossier)).size).toBe(names(dossier).length);
  });

  it('tells failure, error, skipped and passed apart', () => {
    expect(kinds(dossier)).toMatchObject({
      'FW-BASE-04 IPv4': 'failure',
      'FW-V6-01 IPv6': 'error',
      'FW-BASE-03 IPv4': 'skipped',
      'FW-BASE-01 IPv4': 'passed',
    });
  });

  it('lets milder findings than --fail-on pass, and shows them', () => {
    const mild = dossierFor({ v4: guide, v6: hardened6 }, { failOn: 'high' });
    expect(kinds(mild)['FW-BASE-03 IPv4']).toBe('passed');
    expect(cases(mild).find(([, name]) => name?.startsWith('FW-BASE-03'))?.[2]).toContain('<system-out>');
    expect(kinds(dossierFor({ v4: guide, v6: hardened6 }))['FW-BASE-03 IPv4']).toBe('failure');
  });

  it('counts what it holds', () => {
    const text = junit.write(dossier);
    const count = (element: string): number => text.split(`<${element} `).length - 1;
    expect(text).toContain(
      `tests="${count('testcase')}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`,
    );
  });
});

describe('markdown', () => {
  it('has no markup of others', () => {
    const text = markdown.write(dossierFor({ v4: hostile, v6: hardened6 }));
    // What is left are code spans and blocks, in which nothing is markup.
    const prose = text.replace(/^(`{3,}).*\n[\s\S]*?\n\1$/gm, '').replace(/(?<!\\|`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(prose).not.toContain('<script');
    expect(prose).not.toContain('<img');
    expect(prose).not.toMatch(/(?<!\\)\[x/);
    expect(text).toContain('<script>alert(1)</script>');
  });

  it('has tables of the same width in every row', () => {
    for (const block of markdown.write(dossierFor({ v4: hostile, v6: null }, { profile: dossier.profile })).split('\n\n')) {
      if (!block.startsWith('|')) continue;
      const widths = block
        .trim()
        .split('\n')
        .map((line) => line.match(/(?<!\\)\|/g)?.length);
      expect(new Set(widths).size, block).toBe(1);
    }
  });
});

describe('html', () => {
  it('has no element or attribute of others', () => {
    const text = html.write(
      dossierFor({ v4: hostile, v6: hardened6 }, { risks: [risk('FW-BASE-03', { reason: '"><b onx=1>' })] }),
    );
    expect(text).not.toMatch(/<(script|img)\b|<b /);
    expect(text).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
  });

  it('asks for nothing outside itself', () => {
    const text = html.write(dossier);
    expect(text).not.toMatch(/\b(src|srcset|action)=/);
    for (const [, target] of text.matchAll(/\bhref="([^"]*)"/g)) expect(target).toMatch(/^(#|data:,$)/);
    expect(text).not.toMatch(/url\(|@import/);
    expect(text).toContain("default-src 'none'");
  });

  it('leads to lines that are there', () => {
    const text = html.write(dossier);
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(2);
    for (const id of targets) expect(text).toContain(` id="${id}"`);
  });
});

describe('text of others', () => {
  it('is shown where it would act', () => {
    expect(visible('a\u001b[2J\u202eb\u200bc\ud800\r')).toBe('a\\x1b[2J\\u{202e}b\\u{200b}c\\u{d800}\\x0d');
    expect(visible('tab\tline\nümlaut 😀')).toBe('tab\tline\nümlaut 😀');
  });
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    if (whole === '') continue;
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
