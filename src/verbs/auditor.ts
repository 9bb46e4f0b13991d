/** Audits one host in a process of its own, and ends: `auditing.ts` starts it, and gives it the host as v8 writes it. */
import { readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { auditAndExposure } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';

process.stdout.write(serialize(auditAndExposure(deserialize(readFileSync(0)) as Host)));
