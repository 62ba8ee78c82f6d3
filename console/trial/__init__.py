"""A real PostgreSQL and a real Valkey, run from Python packages: nothing to install, nobody to ask."""

from console.trial.faults import EmbeddedFault as EmbeddedFault
from console.trial.postgres import PostgresServer as PostgresServer
from console.trial.valkey import ValkeyServer as ValkeyServer
