/**
 * Lets no request go to a version of a service that is not healthy: a function of ours asks it within the update, once
 * for each version, and the alias waits for the answer.
 */
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../settings.ts";
import { seconds } from "../shared/units.ts";
import { ownFunction } from "./own-function.ts";
import * as aws from "./sdk.ts";

export interface HealthGateArgs {
  /** What the services believe to be asked as. */
  domain: string;
  /** Longest time of a request. */
  timeout: string;
  /** Longest time that a service has to become healthy, of all services. */
  startup: number;
  /** ARNs of the services' functions, which are made later. */
  functionArns: pulumi.Input<string[]>;
  /** Days that its log is kept. */
  logDays: number;
}

export class HealthGate extends pulumi.ComponentResource {
  readonly #asker: aws.lambda.Function;
  readonly #domain: string;

  constructor(name: string, args: HealthGateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:HealthGate", name, {}, opts);
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, { parent: this });
    this.#domain = args.domain;
    this.#asker = ownFunction(
      name,
      {
        code: "check-health",
        logs,
        // The last request may begin as the time ends.
        timeout: args.startup + seconds(args.timeout) + 5,
        variables: {},
        allowed: [
          {
            Sid: "AskTheServicesForTheirHealth",
            Action: ["lambda:InvokeFunction"],
            Resource: pulumi.output(args.functionArns).apply((arns) => arns.map((arn) => `${arn}:*`)),
          },
        ],
      },
      this,
    );
    this.registerOutputs({});
  }

  /** @param after what has to be done before it can be healthy, such as its migration */
  check(
    service: string,
    made: aws.lambda.Function,
    { path, startup }: Service["health"],
    after: pulumi.Input<pulumi.Resource>[],
  ): aws.lambda.Invocation {
    return new aws.lambda.Invocation(
      `${service}-health`,
      {
        functionName: this.#asker.name,
        input: pulumi.jsonStringify({
          functionName: made.name,
          version: made.version,
          path,
          host: this.#domain,
          seconds: seconds(startup),
        }),
      },
      { parent: this, dependsOn: after },
    );
  }
}
