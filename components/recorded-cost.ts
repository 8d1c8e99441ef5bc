/** The estimate of a stack's own resources, from inside of the program that registers them. */
import * as pulumi from "@pulumi/pulumi";
import { type PricedResource, type Usage, estimate, pricedInputs } from "./shared/cost.ts";

export class RecordedCost {
  readonly #resources: pulumi.Input<PricedResource>[] = [];

  /** To be among the `transformations` of what is to be counted; it changes nothing. */
  readonly record = ({ type, name, props }: pulumi.ResourceTransformationArgs): undefined => {
    const given = (props ?? {}) as PricedResource["inputs"];
    const inputs = Object.fromEntries(pricedInputs(type).map((key) => [key, countable(given[key])]));
    this.#resources.push({ type, name, inputs });
  };

  /** Of what has been registered so far. */
  estimate(usage: Usage = {}) {
    return pulumi.output(this.#resources).apply((resources) => {
      const { monthlyUsd, unpriced } = estimate(resources, usage);
      return { monthlyUsd, unpriced: [...unpriced] };
    });
  }
}

/** Of a list the length is paid for: what is in it may not be known before the first update. */
function countable(value: unknown): unknown {
  return Array.isArray(value)
    ? value.map((one: unknown) => (pulumi.Output.isInstance(one) ? null : one))
    : value;
}
