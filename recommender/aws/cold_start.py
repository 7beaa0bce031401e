"""Makes a cold start cost less. Import it before FastAPI and call ``end`` when all is loaded.

docs/speed.md shows what each measure is worth.
"""

import gc
import os
import warnings

from recommender.http import timing  # noqa: F401 the start is timed from here

# FastAPI declares the models of an OpenAPI document when it is imported. Building their validators
# takes a fifth of a hello-world's cold start; pydantic can leave that to their first use.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it looks for some on the disk
from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning

BaseModel.model_config["defer_build"] = True  # models declared from here on inherit it
# FastAPI silences it where it builds the validator of a body, but not if that is deferred.
warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else numpy starts one for each processor

# What is imported stays, so collecting garbage meanwhile finds none.
gc.disable()


def end() -> None:
    """Go on as usual."""
    BaseModel.model_config.pop("defer_build", None)
    gc.freeze()
    gc.enable()
