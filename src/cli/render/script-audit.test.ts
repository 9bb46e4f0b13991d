import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hereDocument } from '../../audit/command.ts';
import type { ScriptPartJson } from '../../verbs/index.ts';
import { equivalentText } from './script-audit.ts';

const part = (text: string): ScriptPartJson =>
  ({
    commands: 1,
    transactions: 1,
    start: 'empty',
    sessions: [],
    assumed: [],
    steps: [],
    window: null,
    refused: [],
    notUnderstood: [],
    equivalent: {
      transactions: [{ family: 4, tool: 'iptables-restore', tables: ['filter'], text }],
      added: [],
      safe: null,
      first: [],
    },
  }) as unknown as ScriptPartJson;

test('the change to paste is read by its tool to the last line, whatever comments hold', () => {
  const comment = 'x\nEOF\necho>pwned\nEOF2\n$(echo>p)`echo>q`\nRULES';
  const text = `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "${comment}" -j DROP\nCOMMIT\n`;
  const drawn = equivalentText(part(text), { columns: 80, paint: (_, painted) => painted });
  const block = drawn.slice(drawn.indexOf('iptables-restore'));
  // The function that audit follows the change by.
  expect(block).toBe(hereDocument('iptables-restore', text));
  const folder = mkdtempSync(join(tmpdir(), 'palisade-paste-'));
  try {
    const read = `restore() { while IFS= read -r line; do command printf '%s\\n' "$line"; done; }\nalias iptables-restore=restore\n`;
    const { stdout, stderr } = spawnSync('/bin/sh', ['-s'], {
      cwd: folder,
      env: { PATH: '' },
      input: read + block,
      encoding: 'utf8',
    });
    expect({ stdout, stderr, files: readdirSync(folder) }).toEqual({ stdout: text, stderr: '', files: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
