"""Makes a cold start cost less. Import it before FastAPI and numpy; call ``end`` after all.

docs/speed.md shows what each measure is worth.
"""

from recommender.http import timing  # noqa: F401 # isort: skip: the start is timed from here

import gc
import os
import warnings

# FastAPI declares the models of an OpenAPI document when it is imported. Building their validators
# takes a sixth of a cold start; pydantic can leave that to their first use.
from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning

BaseModel.model_config["defer_build"] = True  # models declared from here on inherit it
# FastAPI silences it where it builds the validator of a body, but not if that is deferred.
warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)

gc.disable()  # what is imported stays, so collecting garbage meanwhile finds none

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else numpy starts one for each processor


def end() -> None:
    """Collect garbage as usual from now on, but never look at what has been loaded."""
    gc.freeze()
    gc.enable()
