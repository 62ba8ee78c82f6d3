"""Asking 1NCE anew because somebody wants it: once for many who ask, and no faster than the poll budget bears."""

from console.sims.watching.syncs.writes import request_fleet_sync, request_sim_sync

__all__ = ["request_fleet_sync", "request_sim_sync"]
