/**
 * Every target that palisade knows, one file each; ACCEPT, DROP, RETURN and QUEUE are the kernel's own and not here.
 *
 * A file says a target's options and what it does to a packet, as data; the comment above it names the kernel file.
 * A target that does something which no Effect can say is `unknown`. Called by the index above only.
 */
import type { Target } from '../../extension.ts';
import { AUDIT } from './audit.ts';
import { CHECKSUM } from './checksum.ts';
import { CLASSIFY } from './classify.ts';
import { CLUSTERIP } from './clusterip.ts';
import { CONNMARK } from './connmark.ts';
import { CONNSECMARK } from './connsecmark.ts';
import { CT } from './ct.ts';
import { DNAT } from './dnat.ts';
import { DNPT } from './dnpt.ts';
import { DSCP } from './dscp.ts';
import { ECN } from './ecn.ts';
import { HL } from './hl.ts';
import { HMARK } from './hmark.ts';
import { IDLETIMER } from './idletimer.ts';
import { LED } from './led.ts';
import { LOG } from './log.ts';
import { MARK } from './mark.ts';
import { MASQUERADE } from './masquerade.ts';
import { NETMAP } from './netmap.ts';
import { NFLOG } from './nflog.ts';
import { NFQUEUE } from './nfqueue.ts';
import { NOTRACK } from './notrack.ts';
import { RATEEST } from './rateest.ts';
import { REDIRECT } from './redirect.ts';
import { REJECT } from './reject.ts';
import { SECMARK } from './secmark.ts';
import { SET } from './set.ts';
import { SNAT } from './snat.ts';
import { SNPT } from './snpt.ts';
import { SYNPROXY } from './synproxy.ts';
import { TCPMSS } from './tcpmss.ts';
import { TCPOPTSTRIP } from './tcpoptstrip.ts';
import { TEE } from './tee.ts';
import { TOS } from './tos.ts';
import { TPROXY } from './tproxy.ts';
import { TRACE } from './trace.ts';
import { TTL } from './ttl.ts';
import { ULOG } from './ulog.ts';

export const targets: readonly Target[] = [
  AUDIT,
  CHECKSUM,
  CLASSIFY,
  CLUSTERIP,
  CONNMARK,
  CONNSECMARK,
  CT,
  DNAT,
  DNPT,
  DSCP,
  ECN,
  HL,
  HMARK,
  IDLETIMER,
  LED,
  LOG,
  MARK,
  MASQUERADE,
  NETMAP,
  NFLOG,
  NFQUEUE,
  NOTRACK,
  RATEEST,
  REDIRECT,
  REJECT,
  SECMARK,
  SET,
  SNAT,
  SNPT,
  SYNPROXY,
  TCPMSS,
  TCPOPTSTRIP,
  TEE,
  TOS,
  TPROXY,
  TRACE,
  TTL,
  ULOG,
];
