"""deploy/patroni/ lets only a standby take over that has every commit that was answered."""

from pathlib import Path

import yaml

FILE = Path(__file__).parents[2] / "deploy" / "patroni" / "patroni.yml"


def test_who_takes_over_has_all_that_was_answered_and_no_secret_stands_there() -> None:
    text = FILE.read_text()
    read = yaml.safe_load(text)
    shared = read["bootstrap"]["dcs"]
    assert shared["synchronous_mode"] is True
    assert shared["maximum_lag_on_failover"] == 0
    assert shared["postgresql"]["parameters"]["synchronous_commit"] == "on"
    assert read["watchdog"]["mode"] == "required"
    assert shared["loop_wait"] + 2 * shared["retry_timeout"] <= shared["ttl"]  # Patroni's own rule
    assert not {key for login in read["postgresql"]["authentication"].values() for key in login} - {"username"}
    assert "target_session_attrs=primary" in text
