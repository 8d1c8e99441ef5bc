/** The web ACL that a stack has at moto, as somebody sees and changes it in AWS' console. */
import assert from "node:assert/strict";
import {
  GetWebACLCommand,
  ListWebACLsCommand,
  type Rule,
  UpdateWebACLCommand,
  WAFV2Client,
} from "@aws-sdk/client-wafv2";
import { type Moto, envOf } from "./e2e-moto.ts";

const Scope = "CLOUDFRONT";

export class Firewall {
  readonly #client: WAFV2Client;
  readonly #stack: string;

  constructor(moto: Moto, stack: string) {
    const env = envOf(moto);
    this.#client = new WAFV2Client({
      endpoint: env.AWS_ENDPOINT_URL,
      region: "us-east-1",
      credentials: {
        accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      },
    });
    this.#stack = stack;
  }

  async rules(): Promise<Rule[]> {
    const { acl } = await this.#only();
    return acl.Rules ?? [];
  }

  async takeOut(name: string): Promise<void> {
    const { acl, LockToken } = await this.#only();
    const Rules = acl.Rules?.filter(({ Name }) => Name !== name);
    assert.notEqual(Rules?.length, acl.Rules?.length, name);
    await this.#client.send(new UpdateWebACLCommand({ ...acl, Scope, LockToken, Rules }));
  }

  async #only() {
    const { WebACLs = [] } = await this.#client.send(new ListWebACLsCommand({ Scope }));
    const own = WebACLs.filter(({ Name = "" }) => Name.startsWith(`${this.#stack}-`));
    assert.equal(own.length, 1);
    const { Id, Name } = own[0] ?? {};
    const { WebACL: acl, LockToken } = await this.#client.send(new GetWebACLCommand({ Id, Name, Scope }));
    assert.ok(acl);
    return { acl, LockToken };
  }
}
