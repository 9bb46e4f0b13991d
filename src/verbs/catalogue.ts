/** What the documentation is made of beside the verbs: what the audit checks, as pages, and the policy file's schema. */
export { catalogue } from '../audit/catalogue.ts';
export { policySchema } from '../policy/index.ts';
