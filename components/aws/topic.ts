/** Who is told of alarms: people by e-mail, and a webhook such as Slack's. */
import * as pulumi from "@pulumi/pulumi";
import { keptSecret } from "./kept-secret.ts";
import { ownFunction } from "./own-function.ts";
import * as aws from "./sdk.ts";

export interface TopicArgs {
  emails: readonly string[];
  webhook?: pulumi.Input<string>;
  /** Days that the log of what posts to the webhook is kept. */
  logDays: number;
}

export class Topic extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: TopicArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Topic", name, {}, opts);
    const topic = new aws.sns.Topic(name, {}, { parent: this });
    args.emails.forEach((endpoint) => {
      new aws.sns.TopicSubscription(
        `${name}-${endpoint}`,
        { topic: topic.arn, protocol: "email", endpoint },
        { parent: this },
      );
    });
    if (args.webhook !== undefined) this.#webhook(name, topic, args.webhook, args.logDays);
    this.arn = topic.arn;
    this.registerOutputs({ arn: this.arn });
  }

  #webhook(name: string, topic: aws.sns.Topic, url: pulumi.Input<string>, logDays: number): void {
    const within = { parent: this };
    const own = `${name}-webhook`;
    const secretArn = keptSecret(own, "URL that alarms are posted to", url, this);
    const logs = new aws.cloudwatch.LogGroup(own, { retentionInDays: logDays }, within);
    const made = ownFunction(
      own,
      {
        code: "tell-webhook",
        logs,
        timeout: 15,
        variables: { WEBHOOK_ARN: secretArn },
        allowed: [{ Sid: "ReadTheUrl", Action: ["secretsmanager:GetSecretValue"], Resource: secretArn }],
      },
      this,
    );
    new aws.lambda.Permission(
      own,
      {
        action: "lambda:InvokeFunction",
        function: made.name,
        principal: "sns.amazonaws.com",
        sourceArn: topic.arn,
      },
      within,
    );
    new aws.sns.TopicSubscription(own, { topic: topic.arn, protocol: "lambda", endpoint: made.arn }, within);
  }
}
