"""Starts the simulated 1NCE: `python -m simulator --port 8901 --sims 2000 --seed 1 --speed 1`."""

from __future__ import annotations

import argparse
import gc
import os

from simulator.assembly import Choices, Simulation
from simulator.server import serve
from simulator.streamer.format_1 import GENERATIONS


def _parser() -> argparse.ArgumentParser:
    default = Choices()
    parser = argparse.ArgumentParser(prog="simulator", description="A simulated 1NCE with a fleet of SIMs.")
    add = parser.add_argument
    add("--host", default=default.host, help="address to listen on (%(default)s)")
    add("--port", type=int, default=default.port, help="port to listen on, 0 for any free one (%(default)s)")
    add("--sims", type=int, default=default.sims, help="how many SIMs (%(default)s)")
    add("--seed", type=int, default=default.seed, help="the same seed gives the same fleet and behaviour (%(default)s)")
    add("--speed", type=float, default=default.speed, help="simulated seconds in a real one (%(default)s)")
    add("--still", action="store_true", help="begin with a fleet that stands still")
    add("--hour", type=float, default=default.hour, help="hour of the day (UTC) at which its life begins (%(default)s)")
    add("--rate", type=float, default=default.rate, help="SIM calls a second, 0 for no limit (%(default)s)")
    add("--token-seconds", type=float, default=default.token_seconds, help="life of a token (%(default)s)")
    add("--client-id", default=default.client_id, help="who may sign in (%(default)s)")
    add("--client-secret", default=default.client_secret, help="and with which secret (%(default)s)")
    add("--stream-to", default=default.stream_to, help="address that the Data Streamer posts to")
    user, password = os.environ.get("STREAMER_USERNAME", ""), os.environ.get("STREAMER_PASSWORD", "")
    add("--stream-user", default=user, help="its user; else STREAMER_USERNAME of the environment")
    add("--stream-password", default=password, help="its password; better STREAMER_PASSWORD of the environment")
    add("--stream-every", type=float, default=default.stream_every, help="seconds between its posts (%(default)s)")
    add("--stream-generation", type=int, choices=GENERATIONS, default=default.stream_generation, help="(%(default)s)")
    add("--stream-nulls", type=float, default=default.stream_nulls, help="share of records with a null (%(default)s)")
    add("--forward-to", default=default.forward_to, help="address that the SMS Forwarder sends to")
    return parser


def main() -> None:
    parser = _parser()
    choices = Choices(**vars(parser.parse_args()))
    gc.disable()  # a hundred thousand cards are made at once, and none of them is garbage
    try:
        simulation = Simulation(choices)
    except ValueError as error:
        parser.error(str(error))
    gc.freeze()
    gc.enable()
    serve(simulation, choices)


if __name__ == "__main__":
    main()
