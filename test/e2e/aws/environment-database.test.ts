/**
 * Databases of preview environments on one instance: the containers that their stacks have Fargate run, run by Docker against
 * a real PostgreSQL 16. Without TLS, which the tests' server has none of.
 */
import assert from "node:assert/strict";
import { sharedIn } from "../../../cli/render/answers.ts";
import { goodAwsShared } from "../../support/aws-settings.ts";
import type { Ran } from "../../support/e2e-command.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { Rds } from "../../support/e2e-rds.ts";
import { buildGraph } from "../../support/graph.ts";

const STAGING = sharedIn("eu-central-1");
const PASSWORD = "Staging5Password5OfThirtyTwo5Let";

interface Container {
  command: string[];
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
}

/** What a stack runs, and what it tells its services. */
interface Environment {
  readonly name: string;
  readonly password: string;
  make(): Promise<Ran>;
  drop(): Promise<Ran>;
}

describe("databases of preview environments on staging's instance", () => {
  let rds: Rds;
  let one: Environment;
  let two: Environment;

  before(async () => {
    rds = await Rds.start(STAGING.database.host, PASSWORD);
    one = await environmentOf("PR-1.of_one");
    two = await environmentOf("pr-2");
    succeeded(await staging("CREATE TABLE orders (id int); INSERT INTO orders VALUES (7)"));
  });
  after(() => rds?.stop());

  const staging = (statement: string) => rds.as("app", PASSWORD, "app", statement);
  const asked = ({ name, password }: Environment, statement: string, database = name) =>
    rds.as(name, password, database, statement);

  /** From the graph that its program makes. */
  async function environmentOf(stack: string): Promise<Environment> {
    const { resources } = await buildGraph({
      stack,
      config: goodAwsShared(),
      secretKeys: ["secrets"],
      lastOutputs: STAGING,
    });
    const inputsOf = (type: string, name: string) =>
      resources.find((found) => found.type === type && found.name === name)?.inputs ?? {};
    const { secret: url } = inputsOf("aws:secretsmanager/secretVersion:SecretVersion", "database-url")
      .secretString as { secret: string };
    const secrets: Record<string, string> = {
      DATABASE_URL: url,
      ADMIN_URL: `postgresql://app:${PASSWORD}@${STAGING.database.host}:5432/app?sslmode=require`,
    };
    const job = (name: string) => {
      const { containerDefinitions } = inputsOf("aws:ecs/taskDefinition:TaskDefinition", name);
      const [container] = JSON.parse(String(containerDefinitions)) as [Container];
      return () =>
        rds.job(container.command, {
          ...Object.fromEntries(container.environment.map((variable) => [variable.name, variable.value])),
          ...Object.fromEntries(
            container.secrets.map((variable) => [variable.name, secrets[variable.name] ?? ""]),
          ),
          PGSSLMODE: "disable",
        });
    };
    const { username, password } = new URL(url);
    return {
      name: username,
      password,
      make: job("database-jobs-database-make"),
      drop: job("database-jobs-database-drop"),
    };
  }

  it("are made at the same time, and again, with what is in them", async () => {
    for (const ran of await Promise.all([one.make(), two.make()])) succeeded(ran);
    for (const environment of [one, two])
      succeeded(await asked(environment, `CREATE TABLE mine AS SELECT '${environment.name}' AS whose`));
    for (const ran of await Promise.all([one.make(), two.make(), one.make()])) succeeded(ran);
    for (const environment of [one, two])
      assert.equal((await asked(environment, "SELECT whose FROM mine")).stdout, environment.name);
  });

  it("can be read by their own owner alone, and staging's by none of them, nor what is restored of it", async () => {
    succeeded(await staging("CREATE DATABASE app_restore_20261126"));
    succeeded(await two.make());
    for (const [environment, others] of [
      [one, ["app", "app_restore_20261126", two.name]],
      [two, ["app", "app_restore_20261126", one.name]],
    ] as const)
      for (const database of others)
        assert.match((await asked(environment, "SELECT 1", database)).all, /permission denied for database/);
    for (const statement of [
      "SET ROLE app",
      `SET ROLE "${two.name}"`,
      "CREATE ROLE more",
      "CREATE DATABASE more",
    ])
      assert.match((await asked(one, statement)).all, /permission denied/, statement);
    // What clients begin with holds nothing, and nothing can be put there.
    assert.match(
      (await asked(one, "CREATE TABLE mine (id int)", "postgres")).all,
      /permission denied for schema/,
    );
    assert.equal((await staging("SELECT id FROM orders")).stdout, "7");
  });

  it("are behind a password that no log has, neither the server's nor the container's", async () => {
    const ran = succeeded(await one.make());
    assert.match(await rds.log(), /ALTER USER "PR-1\.of_one-[0-9a-f]{8}" PASSWORD 'SCRAM-SHA-256/);
    for (const text of [ran.all, await rds.log()])
      for (const secret of [PASSWORD, one.password])
        assert.ok(!text.replace(/ALTER ROLE app .*/, "").includes(secret));
    assert.notEqual((await rds.as(one.name, "guessed", one.name, "SELECT 1")).exitCode, 0);
  });

  it("fail to be made where the instance refuses, with its reason", async () => {
    await rds.superuser("ALTER ROLE app NOCREATEDB");
    const three = await environmentOf("pr-3");
    const refused = await three.make();
    await rds.superuser("ALTER ROLE app CREATEDB");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.all, /permission denied to create database/);
    // What was made by then is no hindrance.
    succeeded(await three.make());
    succeeded(await three.drop());
  });

  it("are made anew where deleting them was interrupted", async () => {
    // What PostgreSQL writes before it begins to delete: https://www.postgresql.org/docs/16/catalog-pg-database.html
    await rds.superuser(`UPDATE pg_database SET datconnlimit = -2 WHERE datname = '${two.name}'`);
    assert.notEqual((await asked(two, "SELECT 1")).exitCode, 0);
    succeeded(await two.make());
    assert.match((await asked(two, "SELECT whose FROM mine")).all, /"mine" does not exist/);
  });

  it("are dropped while somebody is connected, and it does not matter how often", async () => {
    const connected = asked(one, "SELECT pg_sleep(60)");
    const sessions = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${one.name}'`;
    while ((await rds.superuser(sessions)) === "0") await new Promise((resolve) => setTimeout(resolve, 100));
    succeeded(await one.drop());
    assert.match((await connected).all, /terminating connection/);
    succeeded(await one.drop());
    const left = await rds.superuser(
      "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles WHERE rolname ~ '-' ORDER BY 1",
    );
    assert.deepEqual(left.split("\n"), [
      "app",
      "app_restore_20261126",
      "postgres",
      two.name,
      "rdsadmin",
      "template0",
      "template1",
    ]);
    succeeded(await asked(two, "SELECT 1"));
    assert.equal((await staging("SELECT id FROM orders")).stdout, "7");
  });
});
