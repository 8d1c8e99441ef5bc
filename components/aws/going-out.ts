/** A security group whose members go out as far as their subnet leads, and are reached by nobody. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

/** @returns its id, which is not known before its way out is there: who starts without it reaches nothing. */
export function goingOut(
  name: string,
  vpcId: pulumi.Input<string>,
  description: string,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const group = new aws.ec2.SecurityGroup(name, { description, vpcId, tags: { Name: name } }, { parent });
  const out = new aws.vpc.SecurityGroupEgressRule(
    name,
    {
      securityGroupId: group.id,
      ipProtocol: "-1",
      cidrIpv4: "0.0.0.0/0",
      description: "as far as the subnet leads",
    },
    { parent },
  );
  return pulumi.all([group.id, out.id]).apply(([id]) => id);
}
