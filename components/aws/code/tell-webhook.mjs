/** Posts what an alarm says to a webhook, as Slack's take it. The URL is a secret, and so in Secrets Manager. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

const secrets = new SecretsManagerClient();
const url = secrets
  .send(new GetSecretValueCommand({ SecretId: process.env.WEBHOOK_ARN }))
  .then(({ SecretString }) => SecretString);

export async function handler({ Records }) {
  for (const { Sns } of Records) {
    const answer = await fetch(await url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: textOf(JSON.parse(Sns.Message)) }),
      signal: AbortSignal.timeout(10_000),
    });
    // SNS tries again when this fails; the URL is in no message.
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
  }
}

function textOf({ AlarmName, AlarmDescription, NewStateValue, NewStateReason }) {
  const sign = NewStateValue === "OK" ? ":white_check_mark:" : ":rotating_light:";
  return `${sign} ${AlarmDescription ?? AlarmName}: ${NewStateValue} (${AlarmName})\n${NewStateReason}`;
}
