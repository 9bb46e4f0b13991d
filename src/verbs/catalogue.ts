/** What the audit checks, as pages for the documentation. */
export { catalogue } from '../audit/catalogue.ts';
