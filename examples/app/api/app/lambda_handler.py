"""The same application on AWS Lambda: handler `app.lambda_handler.handler`."""

import sys

from mangum import Mangum

from app.faults import Faults
from app.main import build
from app.settings import SettingsError, read_settings

try:
    settings = read_settings()
except SettingsError as error:
    sys.exit(str(error))
faults = Faults(settings)
faults.crash_if_asked()
faults.start()
# The lifespan would start and end with every single event, and close the connections that a warm function keeps.
handler = Mangum(build(settings), lifespan="off")
