"""docs/scale.md: what it says of this project is what the project has."""

import re

from samcli.yamlhelper import yaml_parse

from benchmarks import bill, price, scale
from recommender.api import hiding
from tests.conftest import ROOT

PARAMETERS = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
ANSWER_MS = 5.0


def test_the_page_goes_by_the_template_and_the_code() -> None:
    assert PARAMETERS["RequestRate"]["Default"] == scale.REQUEST_RATE
    assert PARAMETERS["ApiMemory"]["Default"] == scale.MEMORY
    assert hiding.READ_EVERY == scale.HIDDEN_EVERY


def test_the_template_has_the_parameters_that_the_page_names() -> None:
    named = set(re.findall(r"\b(Request\w+|Api[A-Z]\w+)=?", scale.page()))
    assert {"RequestRate", "RequestBurst", "ApiMemory"} <= named <= PARAMETERS.keys()


def test_limits_are_reached_one_after_the_other() -> None:
    found = scale.limits(ANSWER_MS)
    assert scale.reached(99, found) == []
    assert scale.reached(1_000, found) == ["the stage's throttling"]
    assert scale.reached(10_000, found)[1:] == [
        "API Gateway's quota",
        "Lambda's requests for each instance",
    ]
    assert scale.reached(1e9, found) == [limit.name for limit in found]


def test_longer_answers_use_concurrency_up_sooner() -> None:
    rates = [
        {limit.name: limit.rate for limit in scale.limits(ms)}["Lambda's concurrency"]
        for ms in (ANSWER_MS, 200.0)
    ]
    assert rates == [200_000, 5_000]  # a thousand instances, one answer at a time


def test_the_worst_bill_of_bytes_is_of_the_order_of_that_of_requests() -> None:
    """At the defaults of the template. No route is far above the others."""
    found = bill.bills(lambda ms: price.serverless(scale.MEMORY, ms, 500.0, "x86_64"))
    requests = sum(each.requests for each in found)
    assert sum(each.transfer for each in found) < 3 * requests
    assert max(each.transfer for each in found) < requests / 2
    rates = bill.limits()
    for method, path in (("GET", "/pagina/swagger-ui-bundle.js"), ("HEAD", "/mapa.svg")):
        assert rates[bill.choose(rates, method, path)] == PARAMETERS["CostlyRate"]["Default"]
    costly = {each.route: each for each in found}["ANY /pagina/swagger-ui-bundle.js"]
    assert costly.transfer > 1000  # so its size was found
