import path from 'node:path';
import type Docker from 'dockerode';
import { patient } from '../../base/patience.ts';
import type { ArtefactJob } from '../../fabric/artefacts/artefacts.ts';
import { getFiles, putFiles } from '../../swarm/archive.ts';
import { demultiplex } from '../../swarm/docker-api.ts';

/** configtxgen takes a tenth of a second; a start on a busy machine some more. */
const BUDGET_MS = 60_000;

/**
 * Runs a job's commands in a container of an image and fetches what they wrote.
 *
 * @param docker an engine that has the image
 * @returns content by what it is: `GENESIS`, or a channel's name
 * @throws Error with the command's output when one fails
 */
export async function runJob(
  docker: Docker,
  image: string,
  job: ArtefactJob,
): Promise<Record<string, Buffer>> {
  const outputs = Object.entries(job.outputs);
  const folders = [...new Set(outputs.map(([, file]) => path.posix.dirname(file)))];
  const script = [
    `mkdir -p ${folders.join(' ')}`,
    ...job.commands.map((command) => command.map((word) => `'${word}'`).join(' ')),
  ].join(' && ');
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c'],
    Cmd: [script],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    const base = path.posix.relative('/', job.folder);
    await putFiles(
      container,
      '/',
      Object.fromEntries(
        Object.entries(job.files).map(([name, text]) => [`${base}/${name}`, text]),
      ),
    );
    await container.start();
    const { StatusCode } = (await container.wait({
      abortSignal: AbortSignal.timeout(patient(BUDGET_MS)),
    })) as { StatusCode: number };
    if (StatusCode !== 0)
      throw new Error(`${script}: exit code ${StatusCode}: ${await output(container)}`);
    const contents = await Promise.all(
      outputs.map(async ([name, file]) => {
        const [content] = (await getFiles(container, file))?.values() ?? [];
        if (!content) throw new Error(`${script}: expected ${file}, seen nothing`);
        return [name, content] as const;
      }),
    );
    return Object.fromEntries(contents);
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function output(container: Docker.Container): Promise<string> {
  const log = await container.logs({ stdout: true, stderr: true });
  const { stdout, stderr } = await demultiplex([log] as unknown as NodeJS.ReadableStream);
  return `${stdout}${stderr}`.trim().split('\n').slice(-10).join('\n');
}
