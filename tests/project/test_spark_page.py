"""docs/spark.md: its measured part is what the results say."""

from benchmarks import machine, parity, spark_page

FOUND = machine.read("spark")


def test_the_page_ends_with_what_was_measured() -> None:
    assert spark_page.PAGE.read_text(encoding="utf-8").endswith(spark_page.section())


def test_the_engines_agreed() -> None:
    assert spark_page.agree(FOUND["parity"])
    assert not spark_page.agree({**FOUND["parity"], "same_first": parity.SAME - 0.001})


def test_executors_save_time_while_the_driver_does_not_work_alone() -> None:
    largest = max(FOUND["rows"], key=lambda row: (row["millions"], row["cores"]))
    few, many = (spark_page.bill(largest, 0.0, executors) for executors in (16, 64))
    assert few.core_hours == many.core_hours
    assert many.serial_minutes / 60 < many.hours < few.hours
    assert few.dollars < many.dollars
