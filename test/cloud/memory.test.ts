import { recordsContract } from '../contract/records.contract.ts';
import { memoryRecords } from '../support/cloud/memory.ts';

recordsContract('the simulation', async () => memoryRecords());
