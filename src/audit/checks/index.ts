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
import { fwBack02 } from './fw-back-02.ts';
import { fwBase01 } from './fw-base-01.ts';
import { fwBase02 } from './fw-base-02.ts';
import { fwBase03 } from './fw-base-03.ts';
import { fwBase04 } from './fw-base-04.ts';
import { fwBase05 } from './fw-base-05.ts';
import { fwBase06 } from './fw-base-06.ts';
import { fwBase07 } from './fw-base-07.ts';
import { fwBase08 } from './fw-base-08.ts';
import { fwBkp01 } from './fw-bkp-01.ts';
import { fwBkp02 } from './fw-bkp-02.ts';
import { fwBkp03 } from './fw-bkp-03.ts';
import { fwBkp04 } from './fw-bkp-04.ts';
import { fwBkp05 } from './fw-bkp-05.ts';
import { fwBkp06 } from './fw-bkp-06.ts';
import { fwCap01 } from './fw-cap-01.ts';
import { fwCap02 } from './fw-cap-02.ts';
import { fwCt01 } from './fw-ct-01.ts';
import { fwCt02 } from './fw-ct-02.ts';
import { fwCt03 } from './fw-ct-03.ts';
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
import { fwLog02 } from './fw-log-02.ts';
import { fwLog03 } from './fw-log-03.ts';
import { fwLog04 } from './fw-log-04.ts';
import { fwLog05 } from './fw-log-05.ts';
import { fwLog06 } from './fw-log-06.ts';
import { fwLog07 } from './fw-log-07.ts';
import { fwMon01 } from './fw-mon-01.ts';
import { fwNat01 } from './fw-nat-01.ts';
import { fwNat02 } from './fw-nat-02.ts';
import { fwNat03 } from './fw-nat-03.ts';
import { fwOps04 } from './fw-ops-04.ts';
import { fwOps05 } from './fw-ops-05.ts';
import { fwOps07 } from './fw-ops-07.ts';
import { fwPers01 } from './fw-pers-01.ts';
import { fwPers02 } from './fw-pers-02.ts';
import { fwPers03 } from './fw-pers-03.ts';
import { fwPers04 } from './fw-pers-04.ts';
import { fwRate01 } from './fw-rate-01.ts';
import { fwRate02 } from './fw-rate-02.ts';
import { fwRate03 } from './fw-rate-03.ts';
import { fwRate04 } from './fw-rate-04.ts';
import { fwRate05 } from './fw-rate-05.ts';
import { fwRate06 } from './fw-rate-06.ts';
import { fwSpoof01 } from './fw-spoof-01.ts';
import { fwSpoof02 } from './fw-spoof-02.ts';
import { fwSpoof03 } from './fw-spoof-03.ts';
import { fwSpoof04 } from './fw-spoof-04.ts';
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
import { fwSvc01 } from './fw-svc-01.ts';
import { fwSys01 } from './fw-sys-01.ts';
import { fwSys02 } from './fw-sys-02.ts';
import { fwSys03 } from './fw-sys-03.ts';
import { fwSys04 } from './fw-sys-04.ts';
import { fwSys05 } from './fw-sys-05.ts';
import { fwSys06 } from './fw-sys-06.ts';
import { fwSys07 } from './fw-sys-07.ts';
import { fwSys08 } from './fw-sys-08.ts';
import { fwSys09 } from './fw-sys-09.ts';
import { fwSys10 } from './fw-sys-10.ts';
import { fwSys11 } from './fw-sys-11.ts';
import { fwSys12 } from './fw-sys-12.ts';
import { fwUpd01 } from './fw-upd-01.ts';
import { fwUpd02 } from './fw-upd-02.ts';
import { fwUpd03 } from './fw-upd-03.ts';
import { fwUpd04 } from './fw-upd-04.ts';
import { fwUpd05 } from './fw-upd-05.ts';
import { fwUpd06 } from './fw-upd-06.ts';
import { fwV601 } from './fw-v6-01.ts';
import { fwV602 } from './fw-v6-02.ts';
import { fwV603 } from './fw-v6-03.ts';
import { fwV604 } from './fw-v6-04.ts';
import { fwV605 } from './fw-v6-05.ts';

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
  fwBack02,
  fwBase01,
  fwBase02,
  fwBase03,
  fwBase04,
  fwBase05,
  fwBase06,
  fwBase07,
  fwBase08,
  fwBkp01,
  fwBkp02,
  fwBkp03,
  fwBkp04,
  fwBkp05,
  fwBkp06,
  fwCap01,
  fwCap02,
  fwCt01,
  fwCt02,
  fwCt03,
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
  fwLog02,
  fwLog03,
  fwLog04,
  fwLog05,
  fwLog06,
  fwLog07,
  fwMon01,
  fwNat01,
  fwNat02,
  fwNat03,
  fwOps04,
  fwOps05,
  fwOps07,
  fwPers01,
  fwPers02,
  fwPers03,
  fwPers04,
  fwRate01,
  fwRate02,
  fwRate03,
  fwRate04,
  fwRate05,
  fwRate06,
  fwSpoof01,
  fwSpoof02,
  fwSpoof03,
  fwSpoof04,
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
  fwSvc01,
  fwSys01,
  fwSys02,
  fwSys03,
  fwSys04,
  fwSys05,
  fwSys06,
  fwSys07,
  fwSys08,
  fwSys09,
  fwSys10,
  fwSys11,
  fwSys12,
  fwUpd01,
  fwUpd02,
  fwUpd03,
  fwUpd04,
  fwUpd05,
  fwUpd06,
  fwV601,
  fwV602,
  fwV603,
  fwV604,
  fwV605,
];
