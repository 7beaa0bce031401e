"""What is imported at a cold start, made to cost less. Import this before FastAPI.

FastAPI declares the models of an OpenAPI document when it is imported, a fifth of a hello-world's
cold start; pydantic can leave the building of their validators to their first use.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else it starts one for each processor
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it looks for some on the disk

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
import fastapi.openapi.models  # noqa: E402, F401

del BaseModel.model_config["defer_build"]
