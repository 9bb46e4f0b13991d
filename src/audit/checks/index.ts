/**
 * Everything that palisade checks, one file each, in the order of their ids.
 *
 * A check is a plain object: what it verifies, why it matters, how to mend it, and the rulesets that must and must not make
 * it fire. It judges; it reads nothing and changes nothing. `audit` runs them all, documentation is made from them.
 */
import type { Check } from '../check.ts';
import { fwAnom02 } from './fw-anom-02.ts';
import { fwBack01 } from './fw-back-01.ts';
import { fwBase01 } from './fw-base-01.ts';
import { fwBase02 } from './fw-base-02.ts';
import { fwBase03 } from './fw-base-03.ts';
import { fwBase04 } from './fw-base-04.ts';
import { fwBase05 } from './fw-base-05.ts';
import { fwBase06 } from './fw-base-06.ts';
import { fwCtr01 } from './fw-ctr-01.ts';
import { fwCtr02 } from './fw-ctr-02.ts';
import { fwEgr01 } from './fw-egr-01.ts';
import { fwEgr02 } from './fw-egr-02.ts';
import { fwEgr03 } from './fw-egr-03.ts';
import { fwExp01 } from './fw-exp-01.ts';
import { fwExp02 } from './fw-exp-02.ts';
import { fwExp03 } from './fw-exp-03.ts';
import { fwExp04 } from './fw-exp-04.ts';
import { fwExp05 } from './fw-exp-05.ts';
import { fwExp06 } from './fw-exp-06.ts';
import { fwExp07 } from './fw-exp-07.ts';
import { fwExp08 } from './fw-exp-08.ts';
import { fwExp09 } from './fw-exp-09.ts';
import { fwExp10 } from './fw-exp-10.ts';
import { fwExp11 } from './fw-exp-11.ts';
import { fwExp12 } from './fw-exp-12.ts';
import { fwFwd01 } from './fw-fwd-01.ts';
import { fwFwd02 } from './fw-fwd-02.ts';
import { fwIcmp01 } from './fw-icmp-01.ts';
import { fwIcmp02 } from './fw-icmp-02.ts';
import { fwIcmp03 } from './fw-icmp-03.ts';
import { fwLog01 } from './fw-log-01.ts';
import { fwNat01 } from './fw-nat-01.ts';
import { fwNat02 } from './fw-nat-02.ts';
import { fwNat03 } from './fw-nat-03.ts';
import { fwRate01 } from './fw-rate-01.ts';
import { fwSpoof01 } from './fw-spoof-01.ts';
import { fwSpoof02 } from './fw-spoof-02.ts';
import { fwSpoof04 } from './fw-spoof-04.ts';
import { fwV601 } from './fw-v6-01.ts';
import { fwV602 } from './fw-v6-02.ts';
import { fwV603 } from './fw-v6-03.ts';
import { fwV604 } from './fw-v6-04.ts';

export const checks: readonly Check[] = [
  fwAnom02,
  fwBack01,
  fwBase01,
  fwBase02,
  fwBase03,
  fwBase04,
  fwBase05,
  fwBase06,
  fwCtr01,
  fwCtr02,
  fwEgr01,
  fwEgr02,
  fwEgr03,
  fwExp01,
  fwExp02,
  fwExp03,
  fwExp04,
  fwExp05,
  fwExp06,
  fwExp07,
  fwExp08,
  fwExp09,
  fwExp10,
  fwExp11,
  fwExp12,
  fwFwd01,
  fwFwd02,
  fwIcmp01,
  fwIcmp02,
  fwIcmp03,
  fwLog01,
  fwNat01,
  fwNat02,
  fwNat03,
  fwRate01,
  fwSpoof01,
  fwSpoof02,
  fwSpoof04,
  fwV601,
  fwV602,
  fwV603,
  fwV604,
];
