"""What a cold start imports, made to cost less. Imported before all that declares models.

FastAPI declares the models of an OpenAPI document when it is imported, a fifth of a hello-world's
cold start. pydantic can leave the building of a model's validator to its first use.
"""

import gc
import os
import time
import warnings

BEGAN = time.perf_counter()
"""When the process came to our code."""

from recommender.aws import bundle  # noqa: E402

bundle.install(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 pathlib takes longer

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else it starts one for each processor
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it looks for some on the disk

from pydantic import BaseModel  # noqa: E402
from pydantic.warnings import UnsupportedFieldAttributeWarning  # noqa: E402

gc.disable()  # what is imported stays
BaseModel.model_config["defer_build"] = True  # models declared from here on inherit it


# FastAPI silences it where it builds the validator of a body, but not where that is put off.
warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)


def end() -> None:
    """Go on as usual: all is imported and loaded, and no collection needs to look at it."""
    BaseModel.model_config.pop("defer_build", None)
    gc.freeze()
    gc.enable()
