export type Format = 'rfc5424' | 'cef' | 'leef';

/** Facilities by name, in the order of their numbers (RFC 5424 §6.2.1). */
export const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;
export type Facility = (typeof facilities)[number];

/** Records for a stream, each behind the number of its bytes (RFC 6587 §3.4.1, RFC 5425 §4.3): no byte of one can begin another. */
export function framed(records: readonly string[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => {
      const bytes = Buffer.from(record);
      return [Buffer.from(`${bytes.length} `), bytes];
    }),
  );
}
