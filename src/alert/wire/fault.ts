import { visibleLine } from '../text/index.ts';

const certificateFaults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has run out',
  CERT_NOT_YET_VALID: 'it is not valid yet (are the clocks right?)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  HOSTNAME_MISMATCH: 'it is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  UNABLE_TO_GET_ISSUER_CERT: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  CERT_UNTRUSTED: 'nobody that is trusted has signed it; name its authority with "ca: FILE"',
  CERT_REJECTED: 'it is not for servers',
  INVALID_PURPOSE: 'it is not for servers',
  INVALID_CA: 'who signed it is no authority',
  CERT_REVOKED: 'it was revoked',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  PATH_LENGTH_EXCEEDED: 'its chain is too long',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
};

const networkFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'nobody answers there',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name cannot be looked up now',
  EPROTO: 'it speaks no TLS that can be understood',
  ENOENT: 'a file that the settings name is not there',
  EACCES: 'a file that the settings name may not be read',
  ENOSPC: 'the disk is full',
};

/** Why the certificate was not taken; `null`: it is not the certificate. */
export function certificateFault(error: unknown): string | null {
  // nodemailer puts a code of its own in the place of Node's.
  const { code, originalCode = code } = error as { readonly code?: unknown; readonly originalCode?: unknown };
  return typeof originalCode === 'string' ? (certificateFaults[originalCode] ?? null) : null;
}

/** What went wrong, in words of one line. Texts of errors can hold what the other side wrote. */
export function faultOf(error: unknown): string {
  const certificate = certificateFault(error);
  if (certificate !== null) return `the certificate is not taken: ${certificate}`;
  const { code, originalCode = code, message } = error as Readonly<Record<'code' | 'originalCode' | 'message', unknown>>;
  // Several addresses were tried: each has its own reason.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0]);
  const known = typeof originalCode === 'string' ? networkFaults[originalCode] : undefined;
  return known ?? visibleLine(String(message ?? error)).slice(0, 200);
}
