import type Docker from 'dockerode';
import { NETWORK_LABEL } from '../../../engine/labels.ts';
import { emptyTar } from '../../../images/engine-images.ts';

const NAMES = {
  container: 'e2e-a-machine4',
  network: 'e2e-a-machines-of-mine',
  volume: 'fabric-swarm-harness-golden-mine',
  image: 'fabric-swarm-harness/golden:mine',
};

/** Labels that are nearly ours. */
const LABELS = {
  [`${NETWORK_LABEL}s`]: 'e2e-a',
  'io.fabric-swarm-harnes.network': 'e2e-a',
  'fabric-swarm-harness.cache': 'true',
  name: 'e2e-a',
};

/** A user's container, network, volume and image with names and labels close to the harness's. */
export class Bystanders implements AsyncDisposable {
  readonly #docker: Docker;

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** @param image one with a shell */
  static async make(docker: Docker, image: string): Promise<Bystanders> {
    const bystanders = new Bystanders(docker);
    await bystanders[Symbol.asyncDispose](); // what a killed test has left
    await docker.createNetwork({ Name: NAMES.network, Labels: LABELS });
    await docker.createVolume({ Name: NAMES.volume, Labels: LABELS });
    const [repo, tag] = NAMES.image.split(':') as [string, string];
    // The declaration knows only file names; dockerode sends streams just as well.
    const stream = (await docker.importImage(emptyTar() as unknown as string, {
      repo,
      tag,
      changes: ['LABEL mine=yes'],
    })) as unknown as NodeJS.ReadableStream;
    await new Promise((resolve, reject) => {
      stream.on('end', resolve).on('error', reject).resume();
    });
    const container = await docker.createContainer({
      name: NAMES.container,
      Image: image,
      Cmd: ['sleep', 'infinity'],
      Labels: LABELS,
      HostConfig: { NetworkMode: NAMES.network, Binds: [`${NAMES.volume}:/data`] },
    });
    await container.start();
    return bystanders;
  }

  /** Everything that the engine tells about them. */
  async inspect(): Promise<unknown> {
    return {
      container: await this.#docker.getContainer(NAMES.container).inspect(),
      network: await this.#docker.getNetwork(NAMES.network).inspect(),
      volume: await this.#docker.getVolume(NAMES.volume).inspect(),
      image: await this.#docker.getImage(NAMES.image).inspect(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = (removal: Promise<unknown>) => removal.catch(() => undefined);
    await gone(this.#docker.getContainer(NAMES.container).remove({ force: true }));
    await gone(this.#docker.getNetwork(NAMES.network).remove());
    await gone(this.#docker.getVolume(NAMES.volume).remove());
    await gone(this.#docker.getImage(NAMES.image).remove());
  }
}
