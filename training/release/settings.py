"""Settings of the training and the release function, from their environment."""

import os
import re

_FUNCTION = (r"[\w:-]{1,170}", "the name or the ARN of a function")
_NAME = (r"[^\s].{0,99}", "a name of CodeDeploy, of at most 100 characters")
FORMS = {
    "API_FUNCTION": _FUNCTION,
    "DATA_KEY": (r"[^\s].*", "the key of a data set in the bucket"),
    "DEPLOYMENT_APPLICATION": _NAME,
    "DEPLOYMENT_GROUP": _NAME,
    "KEEP_VERSIONS": (r"[1-9][0-9]{0,3}", "a whole number from 1 to 9999"),
    "LAYER_NAME": (r"[\w:-]{1,140}", "the name of a layer"),
    "MODEL_BUCKET": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket"),
    "PROFILES": ("package|table", "package or table"),
    "PROFILE_TABLES": (r"[\w.-]{1,200}", "what the names of a stack's profile tables begin with"),
    "RATINGS_TABLE": (
        r"(arn:[^:]+:dynamodb:[^:]+:[0-9]+:table/)?[\w.-]{3,255}",
        "the name or the ARN of a DynamoDB table",
    ),
    "RELEASE_FUNCTION": _FUNCTION,
    "SERVICE_SCOPE": (r"[!#-+\--\[\]-~]+", "one scope"),
}
"""What each may look like, and that in words."""


class SettingError(Exception):
    """A setting is not as it must be; the message names variable, value and what is allowed."""


def read_setting(name: str, default: str | None = None) -> str:
    """Return a setting, which counts as absent if it is empty.

    Raises:
        SettingError: it has another form, or is absent and has no default.
    """
    form, allowed = FORMS[name]
    value = os.environ.get(name, "")
    if not value and default is not None:
        return default
    if not re.fullmatch(form, value, re.ASCII):
        raise SettingError(f"{name} is {value!r}, allowed is {allowed}")
    return value
