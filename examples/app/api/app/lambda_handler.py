"""The same application on AWS Lambda: `python -m awslambdaric app.lambda_handler.handler`.

What it needs besides: secrets come from Secrets Manager (aws_secrets.py), and there may be no Redis.
"""

from awslambdaric.lambda_runtime_exception import FaultException
from mangum import Mangum

from app.aws_secrets import with_secrets
from app.faults import Faults
from app.main import build
from app.settings import SettingsError, read_settings

try:
    settings = read_settings(with_secrets(), needs_redis=False)
except SettingsError as error:
    # Told to Lambda, which answers with it, and in the log without a traceback.
    raise FaultException("Function.SettingsError", str(error)) from error
faults = Faults(settings)
faults.crash_if_asked()
faults.start()
# The lifespan would start and end with every single event, and close the connections that a warm function keeps.
handler = Mangum(build(settings), lifespan="off")
