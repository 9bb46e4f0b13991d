/** Compares two states of a host on a thread of its own, and ends: `aside.ts` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { compared, type Question } from './comparing.ts';

parentPort?.postMessage(compared(workerData as Question));
