import { Agent } from 'node:http';
import { Duplex, Transform, type TransformCallback } from 'node:stream';
import Docker from 'dockerode';

/**
 * A client of the engine inside a container, without any port: each connection is a `docker system dial-stdio` in the
 * container. Bodies of requests end by HTTP's own framing; an end of standard input right after a few bytes, as for
 * a small build context piped into a command, has been seen to overtake the bytes in the outer engine.
 */
export function innerEngine(container: Docker.Container): Docker {
  return new Docker({
    protocol: 'http',
    host: 'engine.invalid', // never resolved: the agent connects
    port: 80,
    agent: new ExecAgent(container),
  } as Docker.DockerOptions);
}

/** Opens connections by running a command in a container. */
class ExecAgent extends Agent {
  readonly #container: Docker.Container;

  constructor(container: Docker.Container) {
    super({ keepAlive: false });
    this.#container = container;
  }

  override createConnection(
    _options: unknown,
    connected?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#dial().then(
      (stream) => connected?.(null, stream),
      (error) => connected?.(error, undefined as never),
    );
  }

  async #dial(): Promise<Duplex> {
    const exec = await this.#container.exec({
      Cmd: ['docker', 'system', 'dial-stdio'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    return new ExecConnection(await exec.start({ hijack: true, stdin: true }));
  }
}

/** A connection in the shape of a socket, as far as Node's HTTP client looks. */
class ExecConnection extends Duplex {
  readonly #raw: Duplex;
  readonly #output = new FrameDecoder();

  constructor(raw: Duplex) {
    super();
    this.#raw = raw;
    raw.on('error', (error) => this.destroy(error));
    raw.on('close', () => this.#output.end());
    raw.pipe(this.#output);
    this.#output.on('error', (error) => this.destroy(error));
    this.#output.on('end', () => this.push(null));
    this.#output.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#output.pause();
    });
  }

  override _read(): void {
    this.#output.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#raw.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }

  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** Standard output out of Docker's stream of frames: type, three zeros, length (big endian), payload. */
export class FrameDecoder extends Transform {
  #header = Buffer.alloc(0);
  #left = 0;
  #wanted = false;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        const missing = 8 - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#header.length < 8) break;
        this.#wanted = this.#header[0] === 1;
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const payload = rest.subarray(0, this.#left);
      if (this.#wanted) this.push(payload);
      this.#left -= payload.length;
      rest = rest.subarray(payload.length);
    }
    done();
  }
}
