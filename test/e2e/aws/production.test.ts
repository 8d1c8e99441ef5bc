/**
 * Staging and production at AWS with everything in them (distribution, logs, alarms, backups), made by the real engine and
 * the AWS plugin on moto, whose gaps moto_mended.py fills: up, no change, no rule broken, no secret told, no way to destroy.
 */
import assert from "node:assert/strict";
import { withAwsBackup } from "../../support/aws-settings.ts";
import type { DriftOutput } from "../../support/drift-output.ts";
import { AwsPlace } from "../../support/e2e-aws.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { Firewall } from "../../support/e2e-firewall.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { type Config, changed } from "../../support/settings.ts";

const SECRET = "a-secret-that-is-long-enough";

describe("a protected application at AWS", () => {
  let aws: AwsPlace;
  before(async () => (aws = await AwsPlace.create("aws-production")));
  after(() => aws?.dispose());

  const settingsOf = (kind: string): Config => ({
    ...withAwsBackup(),
    environment: { kind },
    ...(kind === "staging" && { domain: "staging.example.com" }),
  });

  for (const stack of ["staging", "production"])
    describe(stack, () => {
      const preview = (...more: string[]) => aws.pulumi(stack, "preview", ...more);

      itFully("comes up, and a second preview has nothing to change", async () => {
        await aws.write(stack, settingsOf(stack));
        const names = ["SECRET_KEY", "SLACK_WEBHOOK", "PING_URL"];
        await aws.init(stack, Object.fromEntries(names.map((name) => [name, `${SECRET}-${name}`])));
        const ran = succeeded(await aws.up(stack));
        console.log(`      ${ran.seconds.toFixed(1)} s`);
        assert.ok(!ran.all.includes(SECRET));
        succeeded(await preview("--expect-no-changes"));
      });

      // That a rule which is broken stops a preview is seen in machine.test.ts: no setting of an application breaks one.
      itFully("breaks no rule of the policy pack", async () => {
        const { all } = succeeded(await preview("--policy-pack", "policy/run"));
        assert.match(all, /Policies:\s+\S+ +tristack@/);
        assert.doesNotMatch(all, /\[(mandatory|advisory)\]/);
      });

      itFully("tells no secret: not in its state, its outputs, its plan or its functions", async () => {
        for (const args of [
          ["outputs", stack, "--json"],
          ["plan", stack, "--json"],
        ])
          assert.ok(!succeeded(await aws.place.tristack(args)).all.includes(SECRET), args[0]);
        const state = succeeded(await aws.pulumi(stack, "stack", "export")).stdout;
        assert.ok(!state.includes(SECRET));
        assert.ok(!(await aws.moto.ask("lambda", "/2015-03-31/functions/")).includes(SECRET));
      });

      itFully("changes one setting in place", async () => {
        await aws.write(stack, changed(settingsOf(stack), ["services", "api", "memory"], "1GiB"));
        const { all } = succeeded(await preview("--diff"));
        assert.doesNotMatch(all, /to (replace|delete)/);
        succeeded(await aws.up(stack));
        succeeded(await preview("--expect-no-changes"));
      });

      // Staging has none.
      if (stack === "production")
        itFully("finds a weakened firewall, and mends it by the command that it names", async () => {
          const firewall = new Firewall(aws.moto, stack);
          // Of other resources moto tells less than it was told: their drift is not asked for here.
          const drift = async () => {
            const { stdout } = await aws.place.tristack(["drift", stack, "--json"]);
            const { stacks } = JSON.parse(stdout) as DriftOutput;
            assert.equal(stacks[0]?.error, undefined);
            return stacks.flatMap(({ findings }) =>
              findings.filter(({ resource }) => resource === "aws WebAcl cdn"),
            );
          };
          assert.deepEqual(await drift(), []);
          const rules = await firewall.rules();
          await firewall.takeOut("requests-of-one-address");
          const [found] = await drift();
          assert.deepEqual(
            found?.properties.map(({ path }) => path),
            ["rules[requests-of-one-address]"],
          );
          succeeded(await aws.place.run("sh", ["-c", `${found?.mend} --yes --skip-preview`]));
          assert.deepEqual(await firewall.rules(), rules);
          assert.deepEqual(await drift(), []);
        });

      itFully("refuses to be destroyed, by tristack and by plain Pulumi, and loses nothing", async () => {
        const refused = ended(await aws.place.tristack(["destroy", stack, "--yes"]), 2);
        assert.match(refused.all, new RegExp(`protected: its environment is ${stack}`));
        const plain = await aws.pulumi(stack, "destroy", "--yes");
        assert.notEqual(plain.exitCode, 0);
        assert.match(plain.all, /protected/);
        succeeded(await preview("--expect-no-changes"));
      });
    });
});
