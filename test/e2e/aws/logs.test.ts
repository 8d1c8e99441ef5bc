/** What `tristack logs` and `status` ask AWS besides functions and their aliases, on moto. Whole commands are in application.test.ts. */
import assert from "node:assert/strict";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateDBInstanceCommand, RDSClient } from "@aws-sdk/client-rds";
import type { Clients } from "../../../cli/aws/clients.ts";
import { cloudWatchLog } from "../../../cli/aws/cloudwatch-log.ts";
import { databaseStatus } from "../../../cli/aws/database-status.ts";
import { functionLog } from "../../../cli/aws/function-status.ts";
import type { LogOptions } from "../../../cli/carrier.ts";
import { databaseLogGroup } from "../../../components/aws/database-log.ts";
import { clientsOfMoto } from "../../support/e2e-aws-clients.ts";
import { REGION } from "../../support/e2e-moto.ts";

describe("logs and status at AWS", () => {
  let aws: Clients;
  let stop: () => unknown = () => undefined;

  before(async () => ({ aws, stop } = await clientsOfMoto()));
  after(() => stop());

  describe("show the log of a function", () => {
    const group = "/aws/lambda/shop-api";
    const at = (minutesAgo: number) => Date.now() - minutesAgo * 60_000;
    const write = (logStreamName: string, lines: readonly [minutesAgo: number, message: string][]) =>
      aws.logs.send(
        new PutLogEventsCommand({
          logGroupName: group,
          logStreamName,
          logEvents: lines.map(([minutesAgo, message]) => ({ timestamp: at(minutesAgo), message })),
        }),
      );
    const read = async (version: number, options: Partial<LogOptions> = {}) => {
      const lines: string[] = [];
      const all = { follow: false, tail: undefined, since: undefined, ...options };
      await cloudWatchLog(aws.logs, functionLog(group, `shop-api:${version}`), all, (line) =>
        lines.push(line.replace(/^\d{4}-\S+Z /, "")),
      );
      return lines;
    };

    before(async () => {
      await aws.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
      for (const stream of ["2026/11/28/[1]0bad", "2026/11/28/[11]cafe"])
        await aws.logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream }));
      await write("2026/11/28/[1]0bad", [
        [180, "long ago"],
        [30, "half an hour ago\n"],
        [1, "just now"],
      ]);
      await write("2026/11/28/[11]cafe", [[2, "another version's"]]);
    });

    it("by version, of the last hour, or since a time, and no more lines than are asked for", async () => {
      assert.deepEqual(await read(1), ["half an hour ago", "just now"]);
      assert.deepEqual(await read(11), ["another version's"]);
      assert.deepEqual(await read(1, { since: "4h" }), ["long ago", "half an hour ago", "just now"]);
      assert.deepEqual(await read(1, { since: new Date(at(10)).toISOString() }), ["just now"]);
      assert.deepEqual(await read(1, { tail: 1 }), ["just now"]);
      await assert.rejects(read(1, { since: "yesterday-ish" }), {
        message: '--since: "yesterday-ish"; needs a time, or how long ago, such as 10m',
      });
    });

    it("or nothing, while AWS has not made it, as that of a new database", async () => {
      const none = { follow: false, tail: 10, since: undefined };
      await cloudWatchLog(aws.logs, { group: databaseLogGroup("shop", "postgresql") }, none, (line) =>
        assert.fail(line),
      );
    });
  });

  it("tell how the database fares", async () => {
    const identifier = "shop-database";
    assert.equal((await databaseStatus(REGION, identifier)).status, "not there");
    await new RDSClient({ region: REGION }).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        DBInstanceClass: "db.t4g.small",
        Engine: "postgres",
        EngineVersion: "16.4",
        AllocatedStorage: 20,
        MasterUsername: "app",
        MasterUserPassword: "a-password-of-the-test",
        MultiAZ: true,
      }),
    );
    assert.deepEqual(await databaseStatus(REGION, identifier), {
      name: identifier,
      part: "postgres",
      status: "available, PostgreSQL 16.4, db.t4g.small, 20 GiB, with a standby",
      version: null,
    });
  });
});
