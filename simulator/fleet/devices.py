"""The kinds of devices that carry a SIM: how often they connect, how much data they use, and their names."""

from msgspec import Struct

from simulator.fleet.operators import Rat


class Device(Struct, frozen=True):
    """A sort of device. Seconds are means of what is drawn; bytes a second are of an open session by day."""

    name: str
    share: int  # of a hundred SIMs
    model: int  # the first eight digits of its IMEI
    rats: tuple[Rat, ...]
    session: float  # seconds that a session lasts
    gap: float  # seconds between two sessions
    move: float  # seconds in one cell; 0 = it stands still
    rate: tuple[int, int]
    sends: int  # of a hundred bytes, how many the device sends
    roams: float  # of its moves, how many lead to another network
    sleeps: float  # of its sessions, after how many it leaves the network


DEVICES = (
    Device("tracker", 30, 35265107, (Rat.CAT_M, Rat.LTE, Rat.GSM), 900, 300, 170, (40, 160), 85, 0.03, 0.10),
    Device("meter", 25, 86995103, (Rat.NB_IOT, Rat.CAT_M, Rat.GSM), 60, 1800, 0, (400, 2000), 80, 0, 0.5),
    Device("sensor", 20, 86442704, (Rat.NB_IOT, Rat.CAT_M, Rat.LTE), 45, 1200, 0, (50, 300), 95, 0, 0.6),
    Device("gateway", 15, 35904211, (Rat.LTE, Rat.CAT_M), 7200, 60, 3600, (200, 1200), 35, 0, 0.02),
    Device("terminal", 10, 35771009, (Rat.LTE, Rat.GSM, Rat.UMTS), 120, 400, 0, (300, 2500), 50, 0, 0.05),
)
SHARES = tuple(device.share for device in DEVICES)

CHANGES_A_SECOND = 0.0030  # of one SIM in the mean of all the above, by day

SITES = (
    "hamburg", "munich", "leipzig", "lyon", "nantes", "leeds", "bristol", "utrecht", "sevilla", "gdansk", "torino",
    "malmo", "austin", "denver", "recife", "osaka", "depot-1", "depot-2", "plant-a", "plant-b", "north", "harbour",
)  # fmt: skip


def label(site: int, device: Device, number: int) -> str:
    """A name as a customer gives it: "hamburg-tracker-0012"."""
    return f"{SITES[site % len(SITES)]}-{device.name}-{number:04d}"
