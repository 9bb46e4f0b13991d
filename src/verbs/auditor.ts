/** Audits one host on a thread of its own, and ends: `auditing.ts` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { audit } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';

parentPort?.postMessage(audit(workerData as Host));
