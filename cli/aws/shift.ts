/**
 * The way of the traffic from one version of the services to another: their aliases, by weights. Updates leave an alias
 * alone meanwhile (components/aws/service-function.ts).
 */
import { GetAliasCommand, type LambdaClient, UpdateAliasCommand } from "@aws-sdk/client-lambda";
import { LIVE } from "../../components/aws/live-alias.ts";
import { watchFor } from "../bake.ts";
import type { ShiftWatch } from "../carrier.ts";
import { asked } from "./asked.ts";
import type { ServiceParts } from "./parts.ts";

interface Move {
  readonly functionName: string;
  readonly from: string;
  readonly to: string;
}

export interface Pace {
  /** Percents of the traffic, one after the other, before all of it. */
  readonly steps: readonly number[];
  /** Time at each. */
  readonly pauseSeconds: number;
}

export class AliasShift {
  readonly #lambda: LambdaClient;
  readonly #moves: readonly Move[];

  private constructor(lambda: LambdaClient, moves: readonly Move[]) {
    this.#lambda = lambda;
    this.#moves = moves;
  }

  /** From where the aliases are now to what was published last. */
  static async to(lambda: LambdaClient, services: readonly ServiceParts[]): Promise<AliasShift> {
    const moves = await Promise.all(
      services.map(async ({ functionName, version }) => {
        const { FunctionVersion: from = version } = await asked(
          lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: LIVE })),
        );
        return { functionName, from, to: version };
      }),
    );
    return new AliasShift(
      lambda,
      moves.filter(({ from, to }) => from !== to),
    );
  }

  /** @returns why it was stopped where it was; undefined once all of the traffic is there. */
  async forward(
    { steps, pauseSeconds }: Pace,
    { verdict, say, signal }: ShiftWatch,
  ): Promise<string | undefined> {
    if (this.#moves.length === 0) return undefined;
    for (const percent of steps) {
      await this.#each(({ from, to }) => ({ at: from, weights: { [to]: percent / 100 } }));
      const look = (left: number) => {
        const reason = verdict();
        if (reason === undefined) say(`${percent} % of the traffic, ${left} s to go`);
        return reason;
      };
      const reason = await watchFor(pauseSeconds, look, signal);
      if (reason !== undefined) return `at ${percent} % of the traffic: ${reason}`;
    }
    await this.#each(({ to }) => ({ at: to, weights: {} }));
    return undefined;
  }

  /** All of it to where it was. */
  back(): Promise<void> {
    return this.#each(({ from }) => ({ at: from, weights: {} }));
  }

  async #each(place: (move: Move) => { at: string; weights: Record<string, number> }): Promise<void> {
    await Promise.all(
      this.#moves.map((move) => {
        const { at, weights } = place(move);
        const request = new UpdateAliasCommand({
          FunctionName: move.functionName,
          Name: LIVE,
          FunctionVersion: at,
          RoutingConfig: { AdditionalVersionWeights: weights },
        });
        return asked(this.#lambda.send(request));
      }),
    );
  }
}
