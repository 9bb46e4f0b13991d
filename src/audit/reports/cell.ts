import { visible } from './visible.ts';

/**
 * RFC 4180. A cell that a spreadsheet would take for a formula gets a single quote before it: rule comments, and with them
 * what is calculated, are other people's text (OWASP, CSV injection). So does what follows a semicolon or tab: where those part cells,
 * a formula may begin in the middle of ours.
 */
export function cell(text: string): string {
  const shown = visible(text).replaceAll('\n', '\r\n');
  const inside = shown.replace(/([;\t][\s"]*)(?=[=+\-@＝＋－＠])/g, "$1'");
  const harmless = /^[\s]*[=+\-@\t\r＝＋－＠]/.test(inside) ? `'${inside}` : inside;
  return /[",\r\n]/.test(harmless) || harmless !== harmless.trim() ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
