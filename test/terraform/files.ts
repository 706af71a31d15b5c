import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { readTerraform } from '../../scripts/check/read-terraform.ts';

export const folder = join(import.meta.dirname, '../../terraform');
export const terraform = await readTerraform(folder);

/** Whether Terraform is installed; tests that need it are skipped where it is not. */
export const hasTerraform =
  spawnSync('terraform', ['version'], { env: { ...process.env, CHECKPOINT_DISABLE: '1' } }).status === 0;
