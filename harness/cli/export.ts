import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { writeExport } from '../network/export/write-export.ts';
import { runningNetwork } from './context.ts';

/**
 * `harness export`: everything to talk to the running network from outside.
 *
 * @throws UsageError when no network runs, or the folder holds something else
 */
export async function exportNetwork(settings: Settings, folder: string): Promise<void> {
  const absolute = path.resolve(folder);
  const there = existsSync(absolute) ? readdirSync(absolute) : [];
  if (there.length > 0 && !there.includes('gateway.json')) {
    throw new UsageError([
      `export: expected ${folder} to be new, empty or an earlier export, seen ${there.length} other entries`,
    ]);
  }
  const network = await runningNetwork(settings);
  await writeExport(network, absolute);
  console.log(`exported the network "${network.name}" to ${folder}
  env                      variables for peer (others: env.ORGANISATION): . ${folder}/env
  organisations/           MSPs of organisations, administrators and users; TLS roots
  profiles/, wallet/       for fabric-network
  gateway.json             for fabric-gateway
  caliper-network.yaml     for Caliper
  stack/                   the services as a stack file, with their configs`);
}
