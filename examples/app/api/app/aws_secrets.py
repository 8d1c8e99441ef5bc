"""Secrets at AWS: the variable NAME_ARN says where in Secrets Manager the secret NAME is; no variable holds one.

Asked once, when a function starts, by one signed request for each: AWS' own client (botocore) brings 21 MB about all
its other services.
"""

import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter
from requests_aws4auth import AWS4Auth
from urllib3.util import Retry

from app.settings import SettingsError

SUFFIX = "_ARN"
ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):secretsmanager:(?P<region>[a-z0-9-]+):\d+:secret:.+")
# Seconds to connect and to answer, three times: Lambda gives a start ten.
TIMEOUTS = (1.5, 2)
RETRIES = Retry(total=2, backoff_factor=0.1, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None)


class SecretError(Exception):
    """Why a secret cannot be had."""


def with_secrets(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables, and NAME for each NAME_ARN. Raises SettingsError with every secret that cannot be had."""
    arns = {
        variable.removesuffix(SUFFIX): arn
        for variable, arn in environment.items()
        if variable.endswith(SUFFIX) and ARN.fullmatch(arn)
    }
    problems: list[str] = []

    def read(name: str) -> str:
        try:
            return read_secret(environment, arns[name])
        except SecretError as error:
            problems.append(f'{name}{SUFFIX}: is "{arns[name]}"; needs a secret that can be read ({error})')
            return ""

    for name in arns:
        for other in (name, f"{name}_FILE"):
            if environment.get(other):
                problems.append(f"{name}{SUFFIX}: {other} is set too; needs only one of the two")
    with ThreadPoolExecutor(max_workers=8) as threads:
        secrets = dict(zip(arns, threads.map(read, arns), strict=True))
    if problems:
        raise SettingsError("The API cannot start", sorted(problems))
    return {**environment, **secrets}


def read_secret(environment: Mapping[str, str], arn: str) -> str:
    partition, region = ARN.fullmatch(arn).group("partition", "region")
    keys = [environment.get(name, "") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    if not all(keys):
        raise SecretError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
    credentials = AWS4Auth(*keys, region, "secretsmanager", session_token=environment.get("AWS_SESSION_TOKEN"))
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue"}
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
            answer = session.post(
                endpoint(environment, partition, region),
                json={"SecretId": arn},
                headers=headers,
                auth=credentials,
                timeout=TIMEOUTS,
            )
        body = answer.json()
    except requests.JSONDecodeError:
        body = {}
    except requests.RequestException as error:
        raise SecretError(type(error).__name__) from error
    if not answer.ok:
        kind = str(body.get("__type", answer.status_code)).rpartition("#")[2]
        raise SecretError(f"{kind}: {body.get('message') or body.get('Message') or 'no reason given'}")
    if not body.get("SecretString"):
        raise SecretError("it holds no text")
    return str(body["SecretString"])


def endpoint(environment: Mapping[str, str], partition: str, region: str) -> str:
    """Where Secrets Manager is: AWS_ENDPOINT_URL leads to an emulator, as it does AWS' own clients."""
    given = environment.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or environment.get("AWS_ENDPOINT_URL")
    return given or f"https://secretsmanager.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"
