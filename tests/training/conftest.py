"""What tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.aws.permissions import permitted
from tests.aws.policies import Resolved
from training.evaluation import lenskit, sequences

BUCKET = "filmes-modelos"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a fake S3 that has the bucket; the training function's environment is set.

    Our code may do what the training function may.
    """
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MODEL_BUCKET": BUCKET,
        "DATA_KEY": "dados/filmes.json",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("API_FUNCTION", "RATINGS_TABLE", "RELEASE_FUNCTION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    stack = Resolved(names={"ModelBucket": BUCKET})
    with mock_aws(), permitted(monkeypatch, stack, "TrainingRole"):
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def no_other_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that LensKit and RecTools are not set up: they take minutes."""
    for module in (lenskit, sequences):
        monkeypatch.setattr(module, "PYTHON", Path("/none"))
