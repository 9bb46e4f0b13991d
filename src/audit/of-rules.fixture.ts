import type { Report } from './index.ts';

/** Checks of the machine and its files, which are the same in every namespace: tests about rules leave them out. */
const ofMachine = /^FW-(SYS|CT|CAP|PERS|BKP|MON|SVC|UPD)-|^FW-(LOG-0[67]|OPS-0[457]|SPOOF-03|BASE-0[78]|BACK-02|V6-05)$/;

/** What a report says of the rules alone. */
export function ofRules({ findings, unknown }: Report): Pick<Report, 'findings' | 'unknown'> {
  const about = ({ id }: { readonly id: string }): boolean => !ofMachine.test(id);
  return { findings: findings.filter(about), unknown: unknown.filter(about) };
}

export function isOfRules(id: string): boolean {
  return !ofMachine.test(id);
}
