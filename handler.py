"""The API function: the FastAPI app behind API Gateway or a load balancer."""

from recommender.aws import cold_start  # isort: skip: before FastAPI

from recommender.api import app
from recommender.aws import snapshot
from recommender.aws.adapter import Adapter
from recommender.aws.telemetry import Telemetry, observed

handler = observed(Adapter(Telemetry(app)))
snapshot.install(Adapter(app), app)
cold_start.end()
