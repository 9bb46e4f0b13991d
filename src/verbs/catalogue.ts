import { detectors, manualOfDetectors } from '../watch/index.ts';

/** What channels hand to programs. */
export { messageDocument } from '../alert/words/index.ts';
/** What the documentation is made of beside the verbs: what the audit checks, as pages, what is detected, and the policy file's schema. */
export { catalogue } from '../audit/catalogue.ts';
/** What the machine restores the firewall with when it starts, for packages that bring it along. */
export { banScript, banUnit, banUnitName, bootScript, bootUnits } from '../change/index.ts';
/** What Prometheus and Grafana are told, for packages that bring it along. */
export { prometheusFiles } from '../monitor/prometheus/files.ts';
/** What Zabbix imports, for packages that bring it along. */
export { zabbixFiles } from '../monitor/zabbix/files.ts';
export { manualOfItems as zabbixItems } from '../monitor/zabbix/manual.ts';
export { policySchema } from '../policy/index.ts';

export function detections(): string {
  return manualOfDetectors(detectors);
}
