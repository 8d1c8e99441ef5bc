/** What a month may cost, and who is told when it costs more. */
import type * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

export interface BudgetArgs {
  monthlyUsd: number;
  emails: readonly string[];
}

/** At 80 % and 100 % of what has been spent, and as soon as AWS foresees that the month ends beyond. */
const TOLD_AT = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "ACTUAL", threshold: 100 },
  { notificationType: "FORECASTED", threshold: 100 },
] as const;

export function budget(
  name: string,
  { monthlyUsd, emails }: BudgetArgs,
  opts: pulumi.CustomResourceOptions,
): aws.budgets.Budget {
  return new aws.budgets.Budget(
    name,
    {
      budgetType: "COST",
      limitAmount: String(monthlyUsd),
      limitUnit: "USD",
      timeUnit: "MONTHLY",
      notifications: TOLD_AT.map((one) => ({
        ...one,
        thresholdType: "PERCENTAGE",
        comparisonOperator: "GREATER_THAN",
        subscriberEmailAddresses: [...emails],
      })),
    },
    opts,
  );
}
