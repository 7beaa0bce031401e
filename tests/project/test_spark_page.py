"""The measured part of docs/spark.md: it goes by the results, and they by what was asked."""

from benchmarks import machine, parity, spark_page


def test_the_page_is_that_of_the_results() -> None:
    text = spark_page.PAGE.read_text(encoding="utf-8")
    assert text.endswith(spark_page.section())


def test_the_engines_agree_where_one_machine_is_precise() -> None:
    found = machine.read("spark")["parity"]["precise"]
    assert spark_page.agree(found)
    assert not spark_page.agree({**found, "products": 2 * parity.PRODUCTS})
    assert not spark_page.agree({**found, "ndcg": found["ndcg"] + 2 * parity.NDCG})
    assert not spark_page.agree({**found, "same_first": 0.98})


def test_more_executors_take_less_time_and_wait_longer() -> None:
    rows = machine.read("spark")["rows"]
    few, many = (spark_page.bill(rows[-1], 300.0, executors) for executors in (16, 64))
    assert few.core_hours == many.core_hours
    assert many.hours < few.hours < 4 * many.hours
    assert many.dollars > few.dollars
