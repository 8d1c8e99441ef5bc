"""moto's server, answering as AWS does where moto 5.2.5 does not: the list of what it gets wrong and a test cannot do without.

Each mend says what AWS answers and what goes wrong without it. What is wrong in one test alone stands in that test.
"""

import json
import sys
import uuid

import moto.server
import moto_cbor
import moto_cloudfront
import xmltodict
from moto.apigatewayv2.models import DomainName
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.awslambda.models import ImageConfig, LambdaFunction
from moto.cloudfront import urls as cloudfront_urls
from moto.iam.access_control import IAMPolicy
from moto.rds.models import DBInstance
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response


def keep_tags_of_new_buckets() -> None:
    """CreateBucket takes tags (since 2024). Without them each second preview wants to add them."""
    put = S3Response._bucket_response_put

    def put_and_tag(self, request, bucket_name, querystring):
        answer = put(self, request, bucket_name, querystring)
        if not querystring and self.body:
            tags = xmltodict.parse(self.body, force_list=("Tag",)).get("CreateBucketConfiguration", {}).get("Tags") or {}
            pairs = {tag["Key"]: tag["Value"] for tag in tags.get("Tag", [])}
            self.backend.put_bucket_tagging(bucket_name, pairs)
        return answer

    S3Response._bucket_response_put = put_and_tag


def go_on_after_versions_that_are_gone() -> None:
    """A list goes on behind its marker, be that deleted meanwhile. moto finds nothing more, and a bucket is never emptied."""
    versions = S3Backend.list_object_versions

    def after_marker(self, bucket_name, *args, key_marker=None, version_id_marker=None, **kwargs):
        if version_id_marker:
            all_versions = [one for _, ones in self.get_bucket(bucket_name).keys.iterlists() for one in ones]
            if not any(one.name == key_marker and one.version_id == version_id_marker for one in all_versions):
                before = [one for one in all_versions if one.name < key_marker]
                # In the order of the list: by name, the newest first.
                last = max(before, key=lambda one: (one.name, -one.last_modified.timestamp()), default=None)
                key_marker, version_id_marker = (last.name, last.version_id) if last else (None, None)
        return versions(
            self, bucket_name, *args, key_marker=key_marker, version_id_marker=version_id_marker, **kwargs
        )

    S3Backend.list_object_versions = after_marker


def delete_versions_of_suspended_buckets() -> None:
    """Pulumi suspends versions before it empties the bucket. moto then takes all of a key for one version, and fails at a marker."""
    delete = S3Backend.delete_object

    def delete_one(self, bucket_name, key_name, version_id=None, bypass=False):
        bucket = self.get_bucket(bucket_name)
        status = bucket.versioning_status
        if version_id is None or status != "Suspended":
            return delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        bucket.versioning_status = "Enabled"
        try:
            return delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        finally:
            bucket.versioning_status = status

    S3Backend.delete_object = delete_one


def take_every_connection_for_tls() -> None:
    """It is spoken to without TLS, which the policies of our buckets refuse, and it knows no conditions at all."""
    permission = FakeBucket.get_permission

    def with_tls(self, action, resource):
        if self.policy is None:
            return permission(self, action, resource)
        document = json.loads(self.policy)
        others = [one for one in document["Statement"] if "aws:SecureTransport" not in json.dumps(one)]
        return IAMPolicy(json.dumps({**document, "Statement": others})).is_action_permitted(action, resource)

    FakeBucket.get_permission = with_tls


def tell_instances_apart() -> None:
    """Each RDS instance has an id of its own, by which the plugin finds it; moto has one for all."""
    init = DBInstance.__init__

    def init_with_id(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.dbi_resource_id = f"db-{uuid.uuid4().hex[:26].upper()}"

    DBInstance.__init__ = init_with_id


def tell_the_state_of_domain_names() -> None:
    """A domain name has a status, a target and a routing mode, and can be changed. Without a status its creation fails."""
    to_json = DomainName.to_json

    def with_state(self):
        seen = to_json(self)
        target = f"d-e2e.execute-api.{self.domain_name_arn.split(':')[3]}.amazonaws.com"
        state = {
            "domainNameStatus": "AVAILABLE",
            "apiGatewayDomainName": target,
            "hostedZoneId": "Z2FDTNDATAQYW2",
            "ipAddressType": "ipv4",
        }
        seen["domainNameConfigurations"] = [{**state, **given} for given in self.domain_name_configurations]
        if not seen["mutualTlsAuthentication"]:
            del seen["mutualTlsAuthentication"]
        seen["routingMode"] = getattr(self, "routing_mode", "API_MAPPING_ONLY")
        return seen

    def update(self):
        wanted = json.loads(self.body)
        domain = self.apigatewayv2_backend.get_domain_name(self.path.split("/")[-1])
        domain.domain_name_configurations = wanted.get("domainNameConfigurations", domain.domain_name_configurations)
        domain.routing_mode = wanted.get("routingMode", "API_MAPPING_ONLY")
        return 200, {}, json.dumps(domain.to_json())

    DomainName.to_json = with_state
    ApiGatewayV2Response.update_domain_name = update


def keep_what_functions_are_told() -> None:
    """Where a function's log goes, and nothing of an image's configuration that it has none of."""
    init, to_json, update = LambdaFunction.__init__, LambdaFunction.get_configuration, LambdaFunction.update_configuration

    def init_with_log(self, account_id, spec, *args, **kwargs):
        init(self, account_id, spec, *args, **kwargs)
        self.logging_config = spec.get("LoggingConfig")

    def with_log(self, *args, **kwargs):
        seen = to_json(self, *args, **kwargs)
        own = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        seen["LoggingConfig"] = self.logging_config or own
        if not any(seen.get("ImageConfigResponse", {}).get("ImageConfig", {}).values()):
            seen.pop("ImageConfigResponse", None)
        return seen

    def update_all(self, wanted):
        if "LoggingConfig" in wanted:
            self.logging_config = wanted["LoggingConfig"]
        if "ImageConfig" in wanted:
            self.image_config = ImageConfig(wanted["ImageConfig"])
        return update(self, wanted)

    LambdaFunction.__init__ = init_with_log
    LambdaFunction.get_configuration, LambdaFunction.update_configuration = with_log, update_all


def keep_what_cloudfront_is_told() -> None:
    """See moto_cloudfront.py. Without it each second preview wants to change the distribution."""
    cloudfront_urls.url_paths = {f"{{0}}{moto_cloudfront.API}/(?P<rest>.+)$": moto_cloudfront.answer}


def speak_cbor() -> None:
    """See moto_cbor.py. Without it no alarm can be made."""
    application = moto.server.DomainDispatcherApplication
    moto.server.DomainDispatcherApplication = lambda *args: moto_cbor.spoken_as_json(application(*args))


keep_what_cloudfront_is_told()
keep_what_functions_are_told()
keep_tags_of_new_buckets()
go_on_after_versions_that_are_gone()
delete_versions_of_suspended_buckets()
take_every_connection_for_tls()
tell_instances_apart()
tell_the_state_of_domain_names()
speak_cbor()
sys.exit(moto.server.main())
