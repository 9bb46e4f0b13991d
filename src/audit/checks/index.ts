/**
 * Everything that palisade checks, one file each, in the order of their ids.
 *
 * A check is a plain object: what it verifies, why it matters, how to mend it, and the rulesets that must and must not make
 * it fire. It judges; it reads nothing and changes nothing. `audit` runs them all, documentation is made from them.
 */
import type { Check } from '../check.ts';
import { fwAnom01 } from './fw-anom-01.ts';
import { fwAnom02 } from './fw-anom-02.ts';
import { fwAnom03 } from './fw-anom-03.ts';
import { fwAnom04 } from './fw-anom-04.ts';
import { fwAnom05 } from './fw-anom-05.ts';
import { fwAnom06 } from './fw-anom-06.ts';
import { fwAnom07 } from './fw-anom-07.ts';
import { fwAnom08 } from './fw-anom-08.ts';
import { fwBack01 } from './fw-back-01.ts';
import { fwBase01 } from './fw-base-01.ts';
import { fwBase02 } from './fw-base-02.ts';
import { fwBase03 } from './fw-base-03.ts';
import { fwBase04 } from './fw-base-04.ts';
import { fwBase05 } from './fw-base-05.ts';
import { fwBase06 } from './fw-base-06.ts';
import { fwExp06 } from './fw-exp-06.ts';
import { fwLog01 } from './fw-log-01.ts';
import { fwLog02 } from './fw-log-02.ts';
import { fwLog03 } from './fw-log-03.ts';
import { fwLog04 } from './fw-log-04.ts';
import { fwLog05 } from './fw-log-05.ts';
import { fwRate01 } from './fw-rate-01.ts';
import { fwRate02 } from './fw-rate-02.ts';
import { fwRate03 } from './fw-rate-03.ts';
import { fwRate04 } from './fw-rate-04.ts';
import { fwRate05 } from './fw-rate-05.ts';
import { fwRate06 } from './fw-rate-06.ts';
import { fwState01 } from './fw-state-01.ts';
import { fwState02 } from './fw-state-02.ts';
import { fwState03 } from './fw-state-03.ts';
import { fwState04 } from './fw-state-04.ts';
import { fwState05 } from './fw-state-05.ts';
import { fwState06 } from './fw-state-06.ts';
import { fwState07 } from './fw-state-07.ts';
import { fwStyle01 } from './fw-style-01.ts';
import { fwStyle02 } from './fw-style-02.ts';
import { fwStyle03 } from './fw-style-03.ts';
import { fwV601 } from './fw-v6-01.ts';

export const checks: readonly Check[] = [
  fwAnom01,
  fwAnom02,
  fwAnom03,
  fwAnom04,
  fwAnom05,
  fwAnom06,
  fwAnom07,
  fwAnom08,
  fwBack01,
  fwBase01,
  fwBase02,
  fwBase03,
  fwBase04,
  fwBase05,
  fwBase06,
  fwExp06,
  fwLog01,
  fwLog02,
  fwLog03,
  fwLog04,
  fwLog05,
  fwRate01,
  fwRate02,
  fwRate03,
  fwRate04,
  fwRate05,
  fwRate06,
  fwState01,
  fwState02,
  fwState03,
  fwState04,
  fwState05,
  fwState06,
  fwState07,
  fwStyle01,
  fwStyle02,
  fwStyle03,
  fwV601,
];
