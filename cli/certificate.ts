/** The container that keeps a stack's certificate, and what can be asked of it. */
import { CERTIFICATES_SCRIPT } from "../components/docker/certificates.ts";
import type { DockerContext } from "./deploy-context.ts";
import { ownContainers } from "./docker.ts";
import { badInput, failed, messageOf } from "./errors.ts";

/** What the container tells of the certificate that nginx is to serve. */
export interface CertificateStatus {
  readonly names: readonly string[];
  readonly issuer: string;
  /** Its end, in UTC. */
  readonly notAfter: string;
  /** In hexadecimal digits. */
  readonly serial: string;
  /** Serial number of what nginx hands out; empty while it does not answer. */
  readonly served: string;
  /** Null before the first. */
  readonly lastAttempt: {
    readonly at: string;
    readonly passed: boolean;
    readonly reason: string | null;
  } | null;
}

/** certbot itself is given 15 minutes, and may have to wait for another attempt of as many. */
const LONGEST_SECONDS = 2000;

export class CertificateKeeper {
  readonly #context: DockerContext;
  readonly #container: string;

  private constructor(context: DockerContext, container: string) {
    this.#context = context;
    this.#container = container;
  }

  /** @throws CliError where the container does not run */
  static async of(context: DockerContext): Promise<CertificateKeeper> {
    const { docker, engine, stack } = context;
    if (!(await engine.exists())) throw badInput(`There is no stack ${stack} in ${engine.backend.url}`);
    const own = ownContainers(engine.owner, "certificates");
    const [name] = (await docker.run(["ps", "--format", "{{.Names}}", ...own])).trim().split("\n");
    if (!name) throw failed(`The container that keeps the certificate of ${stack} does not run.`);
    return new CertificateKeeper(context, name);
  }

  status(): Promise<CertificateStatus> {
    return this.#ask("status");
  }

  /** Asks the issuer now, whether it is due or not. @throws CliError with certbot's reason */
  renew(): Promise<CertificateStatus> {
    return this.#ask("renew");
  }

  async #ask(command: string): Promise<CertificateStatus> {
    const args = ["exec", this.#container, "/bin/sh", CERTIFICATES_SCRIPT, command];
    try {
      return JSON.parse(await this.#context.docker.run(args, LONGEST_SECONDS)) as CertificateStatus;
    } catch (error) {
      throw failed(
        messageOf(error)
          .replace(/^docker exec: /, "")
          .replaceAll(/^certificates: /gm, ""),
        error,
      );
    }
  }
}
