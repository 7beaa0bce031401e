"""Settings of the training and the release function: each is checked, and refused in one line."""

import pytest

from tests.conftest import LambdaContext
from training import handler, release_handler
from training.release.settings import FORMS, SettingError, read_setting

GOOD = {
    "API_FUNCTION": "filmes-ApiFunction-1A2B",
    "DATA_KEY": "dados/dados.json",
    "DEPLOYMENT_APPLICATION": "",
    "DEPLOYMENT_GROUP": "",
    "KEEP_VERSIONS": "5",
    "LAYER_NAME": "filmes-modelo",
    "MODEL_BUCKET": "filmes-modelbucket-1a2b",
    "PROFILES": "table",
    "PROFILE_TABLES": "filmes-",
    "RATINGS_TABLE": "filmes-RatingsTable-1A2B",
    "RELEASE_FUNCTION": "filmes-ReleaseFunction-1A2B",
    "SERVICE_SCOPE": "filmes/usuarios",
}
BAD = {
    "API_FUNCTION": ("", "a b"),
    "DATA_KEY": ("", " "),
    "KEEP_VERSIONS": ("0", "five", "2.0", "-1"),
    "LAYER_NAME": ("", "a/b"),
    "MODEL_BUCKET": ("", "My_Bucket", "ab"),
    "PROFILES": ("", "tables", "Table"),
    "PROFILE_TABLES": ("", "a b", "a/b"),
    "RATINGS_TABLE": ("a b", "ab"),
    "RELEASE_FUNCTION": ("a b",),
    "SERVICE_SCOPE": ("a b", "a,b"),
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_all_settings_have_a_form() -> None:
    assert FORMS.keys() == GOOD.keys()
    for name, value in GOOD.items():
        assert read_setting(name, "") == value


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_bad_value_is_named_with_what_is_allowed(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refused:
        read_setting(name)
    assert str(refused.value) == f"{name} is {value!r}, allowed is {FORMS[name][1]}"
    assert value or read_setting(name, "none") == "none"


@pytest.mark.parametrize(
    "name",
    [
        *("API_FUNCTION", "LAYER_NAME", "MODEL_BUCKET", "SERVICE_SCOPE", "KEEP_VERSIONS"),
        "PROFILE_TABLES",
    ],
)
def test_the_release_function_checks_what_it_reads(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "ç ?")
    with pytest.raises(SettingError, match=f"^{name} is "):
        release_handler.handler({"source": "aws.scheduler"}, LambdaContext("ReleaseFunction"))


def test_a_group_of_deployments_needs_its_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYMENT_GROUP", "grupo")
    with pytest.raises(SettingError, match="DEPLOYMENT_APPLICATION is '', allowed is "):
        release_handler.make_releases()


@pytest.mark.parametrize(
    "name", ["MODEL_BUCKET", "DATA_KEY", "API_FUNCTION", "LAYER_NAME", "RATINGS_TABLE"]
)
def test_the_training_function_checks_what_it_reads(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, " ")
    with pytest.raises(SettingError, match=f"^{name} is "):
        handler.handler({"source": "aws.scheduler"}, LambdaContext("TrainingFunction"))
