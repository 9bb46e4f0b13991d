import type { Dossier } from '../dossier.ts';

/** A way to write an audit down. One file each, which exports one of these. */
export interface Format {
  readonly name: string;
  /** One clause, no full stop. */
  readonly summary: string;
  readonly mediaType: string;
  /** The whole document, in Unicode; the same dossier gives the same text. */
  write(dossier: Dossier): string;
}
