/**
 * Checks of the machine around the rules: its settings, updates, files, backups and programs. What they say is worth mending
 * and does not change whether packets are let in, so that it does not decide whether a host is called protected.
 */
const aroundRules =
  /^FW-(UPD|SYS|CT|CAP|MON|SVC)-|^FW-(ANOM-06|BACK-02|BASE-0[78]|BKP-0[1456]|LOG-0[67]|OPS-0[47]|PERS-0[234]|V6-05)$/;

export function isAroundRules(id: string): boolean {
  return aroundRules.test(id);
}
